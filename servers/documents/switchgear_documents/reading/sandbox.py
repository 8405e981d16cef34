"""Reading documents in processes that may hang, swell or crash without harm to ours."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from switchgear_documents.reading.engines import (
    ENGINES,
    EngineName,
    MissingEngineError,
    tessdata,
)
from switchgear_documents.reading.escalation import (
    combined,
    is_convincing,
    needs_ocr,
    with_engines,
    with_unread,
)
from switchgear_documents.reading.parts import named, without_offer
from switchgear_documents.reading.pool import Pool, StoppedError
from switchgear_documents.reading.reading import Reading
from switchgear_documents.reading.templates import Template, TemplateFolder
from switchgear_documents.reading.worker import Limits
from switchgear_shared.errors import NotFoundError, UnreadableDocumentError

_OCR_DOCUMENTS_PER_WORKER = 50
_OCR_IDLE_S = 120.0


class Reader:
    """Reads documents in worker processes; scans in workers that have an OCR engine loaded.

    Workers without an engine stay small and read everything first. Only what turns out to hold
    pictures of text goes on to a worker with the first engine, and to one with the next where the
    reading does not convince: no total, sums that do not add up, words hard to read.
    """

    def __init__(
        self,
        *,
        timeout_s: float = 20.0,
        memory_mb: int = 768,
        max_pages: int = 500,
        max_bytes: int = 32 * 1024 * 1024,
        workers: int = 2,
        documents_per_worker: int = 2000,
        engines: Sequence[EngineName] = ENGINES,
        ocr_timeout_s: float = 120.0,
        ocr_memory_mb: int = 4096,
        ocr_max_pages: int = 20,
        ocr_max_pixels: int = 100_000_000,
        templates: Path | None = None,
    ) -> None:
        self._max_bytes = max_bytes
        self._templates = TemplateFolder(templates) if templates is not None else None
        taught = str(templates.resolve()) if templates is not None else None
        plain = Limits(
            cpu_s=timeout_s,
            memory_mb=memory_mb,
            max_pages=max_pages,
            documents=documents_per_worker,
            parent_pid=os.getpid(),
            templates=taught,
            ocr_max_pixels=ocr_max_pixels,
        )
        self._plain = Pool(plain, timeout_s=timeout_s, workers=workers)
        self._by_engine = {
            engine: Pool(
                Limits(
                    cpu_s=ocr_timeout_s,
                    memory_mb=ocr_memory_mb,
                    max_pages=max_pages,
                    documents=min(documents_per_worker, _OCR_DOCUMENTS_PER_WORKER),
                    parent_pid=os.getpid(),
                    templates=taught,
                    engine=engine,
                    tessdata=tessdata(),
                    ocr_max_pages=ocr_max_pages,
                    ocr_max_pixels=ocr_max_pixels,
                ),
                timeout_s=ocr_timeout_s,
                workers=1,
                idle_s=_OCR_IDLE_S,
            )
            for engine in engines
        }

    async def read(
        self, path: Path, name: str, templates: Sequence[Template] | None = None
    ) -> Reading:
        """Read the file at `path`; `name` is what its sender called it and opens nothing.

        `templates` stand in place of those in the folder, which are looked at anew when they
        change. Raises UnreadableDocumentError if the file, or what it does to its reader, is at
        fault; BackendUnavailableError if no worker can be started or the reader was closed
        meanwhile.
        """
        data = await asyncio.to_thread(_load, path, self._max_bytes)
        if templates is None and self._templates is not None:
            templates = await asyncio.to_thread(self._templates.changed)
        said = None if templates is None else [each.model_dump(mode="json") for each in templates]
        suffix = Path(name).suffix[:16]
        reading = await self._plain.read(data, suffix, said)
        if needs_ocr(reading):
            reading = await self._by_ocr(data, suffix, said, reading)
        return named(reading, name)

    async def render(self, path: Path, page: int) -> bytes:
        """Return a page, from 1, of the PDF or image file at `path` as PNG; raises as `read`."""
        data = await asyncio.to_thread(_load, path, self._max_bytes)
        return await self._plain.render(data, page)

    async def cut(self, path: Path, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return a file for each range of pages of the PDF or TIFF at `path`; raises as `read`."""
        data = await asyncio.to_thread(_load, path, self._max_bytes)
        return await self._plain.cut(data, ranges)

    async def _by_ocr(
        self, data: bytes, suffix: str, templates: list[dict[str, Any]] | None, plain: Reading
    ) -> Reading:
        """Return the likeliest of what the engines make of it; a missing one is in its checks."""
        best: Reading | None = None
        missing: list[str] = []
        stopped: StoppedError | None = None
        for pool in self._by_engine.values():
            try:
                reading = await pool.read(data, suffix, templates)
            except MissingEngineError as error:
                missing.append(str(error))
            except StoppedError as error:
                stopped = error
            else:
                best = reading if best is None else combined(best, reading)
                if is_convincing(best):
                    break
        if best is None and stopped is not None and not plain.text:
            raise stopped
        return with_engines(without_offer(best or with_unread(plain)), missing)

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The processes now alive: those without an engine first, idle ones before busy ones."""
        pools = (self._plain, *self._by_engine.values())
        return tuple(pid for pool in pools for pid in pool.worker_pids)

    async def close(self) -> None:
        """Kill every worker, for good; a document being read can be read again elsewhere."""
        for pool in (self._plain, *self._by_engine.values()):
            await pool.close()


def _load(path: Path, max_bytes: int) -> bytes:
    """Return the file's bytes; raises NotFoundError where there is no regular file."""
    if not path.is_file():
        raise NotFoundError("the stored file is gone")
    with path.open("rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        size = path.stat().st_size
        raise UnreadableDocumentError(f"the file has {size} bytes, at most {max_bytes} are read")
    return data
