"""When a scan is worth another engine, and which of two readings to believe."""

import re
from collections.abc import Sequence
from decimal import Decimal

from switchgear_documents.reading.lookalikes import alike, letters
from switchgear_documents.reading.parts import ONE_DOCUMENT, bundled
from switchgear_documents.reading.reading import Check, FieldName, FieldReading, Reading

ENGINES_CHECK = "every_engine_is_installed"
"""Advice to who reads a review; it is no doubt about the document."""

_EXPECTED: dict[str, tuple[FieldName, ...]] = {
    "receipt": ("date", "supplier", "total_gross"),
    "invoice": ("number", "date", "supplier", "total_gross"),
    "credit_note": ("number", "date", "supplier", "total_gross"),
    "purchase_order": ("number", "date"),
}
_WORDED = ("supplier", "buyer", "address")
_AMOUNT = re.compile(r"-?\d{1,30}(?:\.\d{1,30})?")
_SHORTEST_WORD = 4
_SURE_FIELD, _SURE_TYPE, _CLEARLY = 0.8, 0.8, 0.05
_SHARED, _DISPUTED, _ONLY_ONE, _MOST = 0.6, 0.75, 0.8, 0.97


def needs_ocr(reading: Reading) -> bool:
    """Tell whether pages are pictures that nobody has read, and no structure made them needless."""
    return bool(reading.unread_pages)


def is_convincing(reading: Reading) -> bool:
    """Tell whether the type is clear, the fields such a document has are there, and all add up."""
    expected = _EXPECTED.get(reading.document_type, ())
    sure = {field.name for field in reading.fields if field.confidence >= _SURE_FIELD}
    return (
        reading.confidence >= _SURE_TYPE
        and sure.issuperset(expected)
        and not reading.failed_checks()
    )


def combined(one: Reading, other: Reading) -> Reading:
    """Return the reading that speaks for itself more, borne out by the other field by field.

    Of equals the second is taken, the better engine's. What both engines read is surer; what only
    the other found is added, less sure. Spaces are taken from whoever saw the same letters apart.
    A file is parted if both found the same parts, and told of if either saw several documents.
    """
    best, rest = (one, other) if _weight(one) > _weight(other) else (other, one)
    theirs = {field.name: field for field in rest.fields}
    fields = [_agreed(field, theirs.get(field.name), rest.text) for field in best.fields]
    names = {field.name for field in fields}
    fields += [
        field.model_copy(update={"confidence": round(field.confidence * _ONLY_ONE, 2)})
        for name, field in theirs.items()
        if name not in names
    ]
    return _parted(best.model_copy(update={"fields": tuple(fields)}), one, other)


def _parted(best: Reading, one: Reading, other: Reading) -> Reading:
    """Return the reading as a bundle if both offer the same parts, else with what either told."""
    if one.attachments and other.attachments and _marks(one) == _marks(other):
        contents = [part.content for part in other.attachments]
        return bundled(best, other.parts, contents)
    told = [reading for reading in (one, other) if _told(reading)]
    if not told:
        return best
    told.sort(key=lambda reading: bool(reading.attachments))  # its own doubt first
    parts = next((reading.parts for reading in told if reading.parts), ())
    checks = [check for check in best.checks if check.name != ONE_DOCUMENT]
    return best.model_copy(
        update={"parts": parts, "checks": (*checks, *_told(told[0])), "attachments": ()}
    )


def _marks(reading: Reading) -> list[tuple[int, int, str]]:
    return [(part.first, part.last, alike(part.number or "")) for part in reading.parts]


def _told(reading: Reading) -> list[Check]:
    return [check for check in reading.failed_checks() if check.name == ONE_DOCUMENT]


def _agreed(field: FieldReading, other: FieldReading | None, text: str) -> FieldReading:
    if other is not None and other.confidence > field.confidence + _CLEARLY:
        field, other = other, field
    value, sure = field.value, field.confidence
    if other is not None and field.name in _WORDED:
        value = spelt_by_both(value, other.value)
        if field.name == "address" and letters(other.value).endswith(letters(value)):
            value = other.value  # the one did not see the first lines
    if field.name in ("supplier", "buyer"):
        value = respaced(value, text)
    elif field.name == "address":
        value = ", ".join(respaced(part, text) for part in value.split(", "))
    if other is not None:
        if _is_same(field.name, value, other.value):
            sure = 1 - (1 - sure) * (1 - other.confidence * _SHARED)
        else:
            sure *= _DISPUTED
    return field.model_copy(update={"value": value, "confidence": round(min(sure, _MOST), 2)})


def _is_same(name: FieldName, value: str, other: str) -> bool:
    """Tell whether two engines read the same: of names alone signs may be taken for others."""
    if name in _WORDED:
        return alike(value) == alike(other)
    value, other = "".join(value.split()), "".join(other.split())
    if _AMOUNT.fullmatch(value) and _AMOUNT.fullmatch(other) and name.startswith("total_"):
        return Decimal(value) == Decimal(other)
    return value == other


def spelt_by_both(value: str, other: str) -> str:
    """Return the value, its words with a digit among their letters as the other has them."""
    words, theirs = value.split(), other.split()
    if len(words) != len(theirs):
        return value
    return " ".join(
        two if alike(one) == alike(two) and _is_word(two) and not _is_word(one) else one
        for one, two in zip(words, theirs, strict=True)
    )


def _is_word(text: str) -> bool:
    marks = re.sub(r"\W", "", text)
    return marks.isalpha() and len(marks) >= _SHORTEST_WORD


def respaced(name: str, text: str) -> str:
    """Return the name with the spaces that the text has in it, where it holds the same letters."""
    marks = "".join(name.split())
    found = re.search(r"[ \t]?".join(map(re.escape, marks)), text, re.IGNORECASE)
    if found is None or found[0].count(" ") <= name.count(" "):
        return name
    spaced = iter(found[0])
    original = iter(marks)
    return "".join(" " if mark.isspace() else next(original) for mark in spaced)


def with_unread(reading: Reading) -> Reading:
    """Return the reading, its pages that nobody read as a failed check beside what was read."""
    if not reading.text or not reading.unread_pages:
        return reading
    count, first = len(reading.unread_pages), reading.unread_pages[0]
    detail = f"{count} scanned pages were not read, the first is page {first}"
    check = Check(name="every_page_is_read", passed=False, detail=detail)
    return reading.model_copy(update={"checks": (*reading.checks, check)})


def with_engines(reading: Reading, missing: Sequence[str]) -> Reading:
    """Return the reading with the engines that were not there, if any, among its checks."""
    if not missing:
        return reading
    check = Check(name=ENGINES_CHECK, passed=False, detail="; ".join(missing))
    return reading.model_copy(update={"checks": (*reading.checks, check)})


def _weight(reading: Reading) -> float:
    expected = _EXPECTED.get(reading.document_type, ())
    found = sum(field.confidence for field in reading.fields if field.name in expected)
    return found / max(len(expected), 1) + reading.confidence - 0.3 * len(reading.failed_checks())
