"""Content-addressed files on local disk: written whole or not at all, found by their SHA-256."""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from switchgear_shared.errors import BackendUnavailableError, InvalidRequestError, NotFoundError

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the store."""

    sha256: str
    size_bytes: int


class Files:
    """Files of one tenant-neutral store under `root`, each named by the hash of its bytes.

    What a sender called its file never becomes a path here.
    """

    def __init__(self, root: Path, *, max_bytes: int) -> None:
        self._root = root
        self._incoming = root / "incoming"
        self._max_bytes = max_bytes
        self._incoming.mkdir(parents=True, exist_ok=True)

    async def put(self, content: bytes) -> StoredFile:
        """Store bytes; storing the same bytes again changes nothing."""

        async def one() -> AsyncIterable[bytes]:
            yield content

        return await self.put_stream(one())

    async def put_stream(self, chunks: AsyncIterable[bytes]) -> StoredFile:
        """Store what the stream gives; at most `max_bytes` are ever held on disk.

        Raises:
            InvalidRequestError: empty, or larger than the limit.
            BackendUnavailableError: the disk is full or refuses.
        """
        temporary = self._incoming / uuid4().hex
        hasher = hashlib.sha256()
        size = 0
        try:
            with temporary.open("xb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > self._max_bytes:
                        raise InvalidRequestError(
                            f"the document is larger than {self._max_bytes} bytes", field="content"
                        )
                    hasher.update(chunk)
                    file.write(chunk)
                if size == 0:
                    raise InvalidRequestError("the document is empty", field="content")
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
            self._publish(temporary, hasher.hexdigest())
        except OSError as error:
            raise BackendUnavailableError("the document store refuses to write") from error
        finally:
            temporary.unlink(missing_ok=True)
        return StoredFile(hasher.hexdigest(), size)

    def path(self, sha256: str) -> Path:
        """Return where the file with this hash lies.

        Raises:
            NotFoundError: no such file is stored.
        """
        if not _SHA256.fullmatch(sha256):
            raise NotFoundError("no stored file has that hash")
        path = self._path(sha256)
        if not path.exists():
            raise NotFoundError(f"no stored file has the hash {sha256}")
        return path

    def size(self, sha256: str) -> int:
        """Return the size in bytes of a stored file."""
        return self.path(sha256).stat().st_size

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256[2:]

    def _publish(self, temporary: Path, sha256: str) -> None:
        final = self._path(sha256)
        if final.exists():
            return
        final.parent.mkdir(exist_ok=True)
        temporary.rename(final)
        directory = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
