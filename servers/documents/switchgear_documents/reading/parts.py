"""The reading of a file of several documents: as a bundle of its parts, or with parts proposed."""

from collections.abc import Sequence
from pathlib import PurePath

from switchgear_documents.reading.own_document import BUNDLE
from switchgear_documents.reading.reading import Attachment, Check, PageRange, Reading

CLASSIFIER = "parts/1"
MOST_PARTS = 100
"""How many documents one file may become."""
ONE_DOCUMENT = "one_document"
OF_THE_FILE = (
    "content_fits_name",
    "content_is_one_format",
    "every_page_is_read",
    "scan_is_legible",
    "text_is_visible",
)
"""Checks of the whole file: with one that failed nothing about its pages is certain."""

_SURE = 0.99
_LONGEST_STEM = 180


def bundled(
    reading: Reading,
    parts: Sequence[PageRange],
    contents: Sequence[bytes],
    classifier: str = CLASSIFIER,
) -> Reading:
    """Return the reading as that of a bundle: what its pages say is said by its parts."""
    return reading.model_copy(
        update={
            "document_type": BUNDLE,
            "confidence": _SURE,
            "classifier": classifier,
            "fields": (),
            "lines": (),
            "candidates": (),
            "checks": tuple(check for check in reading.checks if check.name in OF_THE_FILE),
            "parts": tuple(parts),
            "attachments": _attached(contents),
        }
    )


def _attached(contents: Sequence[bytes]) -> tuple[Attachment, ...]:
    return tuple(
        Attachment.of(f"({place} of {len(contents)})", content)
        for place, content in enumerate(contents, start=1)
    )


def proposed(reading: Reading, parts: Sequence[PageRange], doubt: str) -> Reading:
    """Return the reading with the parts that the file seems to have, and why it is not parted."""
    told = [check.detail for check in reading.failed_checks() if check.name == ONE_DOCUMENT]
    named = ", ".join(f"{part.number[:40]!a} on page {part.first}" for part in parts if part.number)
    said = told[0] if told else f"the file holds several documents: {named}"
    check = Check(
        name=ONE_DOCUMENT, passed=False, detail=f"{said}; it is not parted by itself: {doubt}"
    )
    checks = [each for each in reading.checks if each.name != ONE_DOCUMENT]
    return reading.model_copy(update={"parts": tuple(parts), "checks": (*checks, check)})


def offered(reading: Reading, parts: Sequence[PageRange], contents: Sequence[bytes]) -> Reading:
    """Return the reading of a scan with its parts, for another engine to find them too."""
    reading = proposed(reading, parts, "no second engine has found the same parts")
    return reading.model_copy(update={"attachments": _attached(contents)})


def without_offer(reading: Reading) -> Reading:
    """Return the reading without the files of parts that no second engine has found."""
    if not reading.parts or reading.document_type == BUNDLE:
        return reading
    return reading.model_copy(update={"attachments": ()})


def named(reading: Reading, name: str) -> Reading:
    """Return a bundle whose parts are called after it: `stack (2 of 3).pdf`; others as they are."""
    if reading.document_type != BUNDLE:
        return reading
    file = PurePath(name)
    parts = tuple(
        part.model_copy(update={"name": f"{file.stem[:_LONGEST_STEM]} {part.name}{file.suffix}"})
        for part in reading.attachments
    )
    return reading.model_copy(update={"attachments": parts})
