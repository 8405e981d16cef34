"""Content-addressed files on local disk: written whole or not at all, found by their SHA-256."""

import asyncio
import hashlib
import os
import re
import time
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from switchgear_shared.errors import BackendUnavailableError, InvalidRequestError, NotFoundError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_ABANDONED_S = 24 * 3600


class FileTooLargeError(InvalidRequestError):
    """The file has more bytes than the store takes."""


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
        self._held: dict[str, set[Path]] = {}
        self._incoming.mkdir(parents=True, exist_ok=True)
        self._sweep(time.time() - _ABANDONED_S)

    async def put(self, content: bytes) -> StoredFile:
        """Store bytes; storing the same bytes again changes nothing.

        Raises as `upload` does.
        """

        async def one() -> AsyncIterable[bytes]:
            yield content

        async with self.upload(one()) as stored:
            return self.keep(stored.sha256)

    @asynccontextmanager
    async def upload(self, chunks: AsyncIterable[bytes]) -> AsyncGenerator[StoredFile]:
        """Hold what the stream gives while the block runs; it stays only if `keep` is called.

        At most `max_bytes` are ever held on disk.

        Raises:
            FileTooLargeError: larger than the limit.
            InvalidRequestError: empty.
            BackendUnavailableError: the disk is full or refuses.
        """
        temporary = self._incoming / uuid4().hex
        try:
            stored = await self._write(temporary, chunks)
            holders = self._held.setdefault(stored.sha256, set())
            holders.add(temporary)
            try:
                yield stored
            finally:
                holders.discard(temporary)
                if not holders and self._held.get(stored.sha256) is holders:
                    del self._held[stored.sha256]
        finally:
            temporary.unlink(missing_ok=True)

    def keep(self, sha256: str) -> StoredFile:
        """Store for good what an upload under way here holds; doing it again changes nothing.

        Raises:
            NotFoundError: no upload under way has that hash.
            BackendUnavailableError: the disk refuses.
        """
        holders = self._held.get(sha256, set())
        if not holders:
            raise NotFoundError(f"no upload under way has the hash {sha256}")
        try:
            for temporary in holders:
                if temporary.exists():
                    self._publish(temporary, sha256)
                    break
        except OSError as error:
            raise _refused(error) from error
        return StoredFile(sha256, self.size(sha256))

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

    def holds(self, sha256: str) -> bool:
        """Say whether a file with this hash is stored."""
        return bool(_SHA256.fullmatch(sha256)) and self._path(sha256).exists()

    def remove(self, sha256: str) -> None:
        """Remove the file with this hash for good; removing it again changes nothing.

        Raises:
            BackendUnavailableError: the disk refuses.
        """
        if not self.holds(sha256):
            return
        path = self._path(sha256)
        try:
            path.unlink(missing_ok=True)
            _sync_folder(path.parent)
        except OSError as error:
            raise BackendUnavailableError("the document store refuses to remove") from error

    def size(self, sha256: str) -> int:
        """Return the size in bytes of a stored file."""
        return self.path(sha256).stat().st_size

    def _path(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256[2:]

    async def _write(self, temporary: Path, chunks: AsyncIterable[bytes]) -> StoredFile:
        hasher = hashlib.sha256()
        size = 0
        try:
            with temporary.open("xb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > self._max_bytes:
                        raise FileTooLargeError(
                            f"the document is larger than {self._max_bytes} bytes", field="content"
                        )
                    hasher.update(chunk)
                    file.write(chunk)
                if size == 0:
                    raise InvalidRequestError("the document is empty", field="content")
                file.flush()
                await asyncio.to_thread(os.fsync, file.fileno())
        except OSError as error:
            raise _refused(error) from error
        return StoredFile(hasher.hexdigest(), size)

    def _publish(self, temporary: Path, sha256: str) -> None:
        final = self._path(sha256)
        if final.exists():
            return
        final.parent.mkdir(exist_ok=True)
        temporary.rename(final)
        _sync_folder(final.parent)

    def _sweep(self, before: float) -> None:
        """Remove what uploads left behind whose process was killed."""
        for path in self._incoming.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()


def _refused(error: OSError) -> BackendUnavailableError:
    return BackendUnavailableError(f"the document store refuses to write: {error.strerror}")


def _sync_folder(folder: Path) -> None:
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
