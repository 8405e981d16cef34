"""Documents as the classifier would meet them: their text as our own reader gives it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from switchgear_documents.evaluation.manifest import Entry, load
from switchgear_documents.evaluation.observations import Observation, observe
from switchgear_documents.generating.collection import SOURCE
from switchgear_documents.reading.features import Features, features
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


async def collect(folders: Sequence[Path], reader: Reader) -> list[Example]:
    """Read every document of the folders' manifests that has words, the XML in PDFs left out.

    What is read as XML or by a bank's format is left out too: no words decide there. So are
    pictures of our own: an engine takes seconds for what others of their kind say as text. An
    e-mail file is learned from, since the same may come as a print, but not judged.
    """
    examples: list[Example] = []
    for folder in folders:
        entries = [entry for entry in load(folder) if not _is_own_picture(entry)]
        async for seen in observe(folder, entries, reader, pages_only=True):
            example = _example(seen)
            if example is not None:
                examples.append(example)
    return examples


def _is_own_picture(entry: Entry) -> bool:
    return entry.group == "image" and entry.source.startswith(SOURCE)


def _example(observed: Observation) -> Example | None:
    reading, entry = observed.reading, observed.entry
    if reading is None or not reading.text.strip():
        return None
    is_email = reading.classifier == _EMAIL
    if observed.is_by_format and not is_email:
        return None
    return Example(
        document=Path(entry.path).name.split(".")[0],
        document_type=entry.document_type,
        source=entry.source or entry.path,
        is_judged=not is_email and not entry.source.startswith(SOURCE) and _has_words(reading.text),
        seen=features(reading.text),
    )


def _has_words(text: str) -> bool:
    return len(_WORD.findall(text)) >= _LEAST_WORDS
