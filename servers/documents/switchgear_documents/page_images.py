"""Pages as pictures: drawn in the sandbox when first looked at, then kept by the file's hash."""

import asyncio
import shutil
from pathlib import Path
from uuid import uuid4

from switchgear_documents.reading.sandbox import Reader
from switchgear_shared.errors import BackendUnavailableError
from switchgear_shared.storage.files import Files


class PageImages:
    """PNG files under `root`; any of them can be drawn again."""

    def __init__(self, root: Path, files: Files, reader: Reader) -> None:
        self._root = root
        self._files = files
        self._reader = reader

    async def png(self, sha256: str, page: int) -> bytes:
        """Return a page of the stored file as PNG.

        Raises:
            UnreadableDocumentError: it cannot be drawn.
            BackendUnavailableError: the disk refuses.
        """
        path = self._folder(sha256) / f"{page}.png"
        if path.exists():
            return await asyncio.to_thread(path.read_bytes)
        content = await self._reader.render(self._files.path(sha256), page)
        try:
            await asyncio.to_thread(_write, path, content)
        except OSError as error:
            raise BackendUnavailableError("the store of page images refuses to write") from error
        if not self._files.holds(sha256):  # erased while it was drawn
            await asyncio.to_thread(self.forget, sha256)
        return content

    def forget(self, sha256: str) -> None:
        """Remove the pages of a file; removing them again changes nothing."""
        shutil.rmtree(self._folder(sha256), ignore_errors=True)

    def _folder(self, sha256: str) -> Path:
        return self._root / sha256[:2] / sha256[2:]


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(uuid4().hex)
    temporary.write_bytes(content)
    temporary.rename(path)
