"""Reading every document of a manifest through the product's own reader, timed."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from switchgear_documents.evaluation.manifest import Entry
from switchgear_documents.evaluation.pages import without_xml
from switchgear_documents.reading.reading import Reading
from switchgear_documents.reading.sandbox import Reader
from switchgear_shared.errors import UnreadableDocumentError


@dataclass(frozen=True)
class Observation:
    """What came of one document: a reading or the reason of its refusal, and the wall time."""

    entry: Entry
    reading: Reading | None
    refusal: str | None
    seconds: float

    @property
    def verdict(self) -> str:
        """The type it was taken for; `other` if it could not be read."""
        return self.reading.document_type if self.reading else "other"

    @property
    def confidence(self) -> float:
        """The confidence of the verdict; 0 if it could not be read."""
        return self.reading.confidence if self.reading else 0.0

    @property
    def is_right(self) -> bool:
        """Whether the type is the true one."""
        return self.verdict == self.entry.document_type

    @property
    def is_by_format(self) -> bool:
        """Whether the format decided the type, and no words had to."""
        decided_by = self.reading.classifier if self.reading else ""
        return decided_by.startswith(("e-invoice/", "signature/"))


async def observe(
    folder: Path, entries: Sequence[Entry], reader: Reader, *, pages_only: bool = False
) -> AsyncIterator[Observation]:
    """Read one document after another in the sandbox.

    With `pages_only` the XML inside PDFs is taken out first: what is left is what people see.
    """
    with TemporaryDirectory() as scratch:
        for entry in entries:
            file = folder / entry.path
            if pages_only and entry.group in ("hybrid", "pdf"):
                file = Path(scratch) / "document"
                file.write_bytes(await asyncio.to_thread(_pages, folder / entry.path))
            started = time.perf_counter()
            try:
                reading, refusal = await reader.read(file, _name(entry)), None
            except UnreadableDocumentError as error:
                reading, refusal = None, error.message
            yield Observation(entry, reading, refusal, time.perf_counter() - started)


async def observe_in_process(
    folder: Path, entries: Sequence[Entry], *, max_pages: int, pages_only: bool = False
) -> AsyncIterator[Observation]:
    """Read as `observe` does but in this process: faster to start, and safe for known files only.

    What breaks the reader breaks off here, where the sandbox refuses one document.
    """
    from switchgear_documents.reading.contents import read_contents  # noqa: PLC0415 - heavy

    today = datetime.now(UTC).date()
    for entry in entries:
        file = folder / entry.path
        as_pages = pages_only and entry.group in ("hybrid", "pdf")
        data = _pages(file) if as_pages else file.read_bytes()
        suffix = Path(_name(entry)).suffix
        started = time.perf_counter()
        try:
            reading = read_contents(data, suffix, max_pages=max_pages, today=today)
            refusal = None
        except UnreadableDocumentError as error:
            reading, refusal = None, error.message
        yield Observation(entry, reading, refusal, time.perf_counter() - started)


def _pages(file: Path) -> bytes:
    return without_xml(file.read_bytes())


def _name(entry: Entry) -> str:
    return Path(entry.path).name
