"""Documents as the classifier would meet them: their text as our own reader gives it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from switchgear_documents.evaluation.manifest import Entry, load
from switchgear_documents.evaluation.observations import Observation, observe
from switchgear_documents.generating.collection import SOURCE
from switchgear_documents.reading.features import Features, features
from switchgear_documents.reading.ocr import LEGIBLE
from switchgear_documents.reading.reading import DocumentType
from switchgear_documents.reading.sandbox import Reader

_EMAIL = "signature/rfc822"
_WORD = re.compile(r"[^\W\d_]{2,}")
_LEAST_WORDS = 3


@dataclass(frozen=True)
class Example:
    """One text and what it is.

    `document` is the same for several readings of one document: a file's name up to its first dot.
    `is_judged` is False for what was invented, for what its format tells without words, and for
    what has fewer than three words, since there is nothing to tell it by.
    """

    document: str
    document_type: DocumentType
    source: str
    is_judged: bool
    seen: Features

    @property
    def is_invented(self) -> bool:
        """Whether we made it ourselves."""
        return self.source.startswith(SOURCE)


async def collect(folders: Sequence[Path], readers: Sequence[Reader]) -> list[Example]:
    """Read every document of the folders' manifests that has words, the XML in PDFs left out.

    The first reader reads all, the others what an engine had to find the words of: a scan is
    learned from as each engine reads it, since either may be believed. What is read as XML or by
    a bank's format is left out: no words decide there. So are pictures of our own: an engine takes
    seconds for what others of their kind say as text. An e-mail file is learned from, since the
    same may come as a print, but not judged.
    """
    examples: list[Example] = []
    for folder in folders:
        entries = [entry for entry in load(folder) if not _is_own_picture(entry)]
        async for seen in observe(folder, entries, readers[0], pages_only=True):
            examples += _examples(seen)
            for reader in readers[1:] if _is_scan(seen) else ():
                async for again in observe(folder, [seen.entry], reader, pages_only=True):
                    examples += _examples(again)
    return examples


def _is_own_picture(entry: Entry) -> bool:
    return entry.group == "image" and entry.source.startswith(SOURCE)


def _is_scan(observed: Observation) -> bool:
    """Tell whether an engine read it, or would have if it were installed."""
    reading = observed.reading
    return reading is not None and (
        bool(reading.unread_pages) or any(check.name == LEGIBLE for check in reading.checks)
    )


def _examples(observed: Observation) -> Iterator[Example]:
    """Yield the example, if there are words to learn from."""
    reading, entry = observed.reading, observed.entry
    if reading is None or not reading.text.strip():
        return
    is_email = reading.classifier == _EMAIL
    if observed.is_by_format and not is_email:
        return
    yield Example(
        document=Path(entry.path).name.split(".")[0],
        document_type=entry.document_type,
        source=entry.source or entry.path,
        is_judged=not is_email and not entry.source.startswith(SOURCE) and _has_words(reading.text),
        seen=features(reading.text),
    )


def _has_words(text: str) -> bool:
    return len(_WORD.findall(text)) >= _LEAST_WORDS
