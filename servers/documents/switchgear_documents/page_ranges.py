"""The parts of a file as a person names them: ranges that hold each of its pages once, in order."""

import re

from switchgear_documents.attachments import ALL_TAKEN
from switchgear_documents.reading.own_document import BUNDLE
from switchgear_documents.reading.parts import MOST_PARTS
from switchgear_documents.reading.reading import DocumentType, PageRange
from switchgear_documents.rows import reading_of
from switchgear_documents.tables import DocumentRecord
from switchgear_shared.errors import InvalidRequestError

_RANGE = re.compile(r"([0-9]{1,4})(?:\s*[-\u2013]\s*([0-9]{1,4}))?")
_PARTABLE = ("application/pdf", "image/tiff")


def plan(record: DocumentRecord, named: str) -> None:
    """Note the parts that the file is to have, such as `1-2, 3`; they are made afterwards.

    Raises:
        InvalidRequestError: the file has no pages to part, or these are not each of them once.
    """
    parts = _parts_of(record, named)
    record.reading = {**(record.reading or {}), "parts": [each.model_dump() for each in parts]}
    record.document_type = BUNDLE


def refuse_half_parted(record: DocumentRecord, document_type: DocumentType | None) -> None:
    """Raise InvalidRequestError for a bundle as its parts are no documents, or some are.

    Without a type it would be filed and the parts lost; with one, posted beside its parts.
    """
    reading = reading_of(record)
    if record.document_type != BUNDLE or reading is None:
        return
    if document_type is not None and reading.attachments:
        raise InvalidRequestError(
            f"document {record.id} is a bundle of which {reading.attachments[0].name[:60]!a} is a "
            "document already: it would be taken twice",
            field="document_type",
        )
    is_missing = any(check.name == ALL_TAKEN for check in reading.failed_checks())
    if document_type is None and (is_missing or not reading.attachments):
        raise InvalidRequestError(
            f"document {record.id} could not be parted: part it otherwise, or say its type",
            field="decision",
        )


def _parts_of(record: DocumentRecord, named: str) -> tuple[PageRange, ...]:
    pages = _pages_of(record)
    parts: list[PageRange] = []
    for text in named.split(","):
        found = _RANGE.fullmatch(text.strip())
        if found is None:
            raise _refused(f"{text.strip()[:40]!a} is no page or range of pages, such as 1-2")
        first = int(found[1])
        last = int(found[2] or found[1])
        expected = parts[-1].last + 1 if parts else 1
        if first != expected:
            raise _refused(f"{text.strip()} does not begin at page {expected}")
        if last < first:
            raise _refused(f"{text.strip()} ends before it begins")
        parts.append(PageRange(first=first, last=last, why="a person's word"))
    if parts[-1].last != pages:
        raise _refused(f"the last part ends at page {parts[-1].last}, the file at page {pages}")
    if len(parts) == 1:
        raise _refused("one part is the whole file: approve it")
    if len(parts) > MOST_PARTS:
        raise _refused(f"these are {len(parts)} parts, a file becomes at most {MOST_PARTS}")
    return tuple(parts)


def _pages_of(record: DocumentRecord) -> int:
    reading = reading_of(record)
    if reading is None or record.media_type not in _PARTABLE:
        raise _refused(f"document {record.id} has no pages that can be parted")
    if reading.format not in ("pdf", "image"):
        raise _refused(f"document {record.id} is an e-invoice with its page: it is one document")
    if record.document_type == BUNDLE and reading.attachments:
        raise _refused(f"document {record.id} is parted")
    return reading.pages


def _refused(message: str) -> InvalidRequestError:
    return InvalidRequestError(message, field="parts")
