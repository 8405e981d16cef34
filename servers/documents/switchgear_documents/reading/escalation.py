"""When a scan is worth another engine, and which of two readings to believe."""

from collections.abc import Sequence

from switchgear_documents.reading.reading import Check, FieldName, Reading

ENGINES_CHECK = "every_engine_is_installed"
"""Advice to who reads a review; it is no doubt about the document."""

_EXPECTED: dict[str, tuple[FieldName, ...]] = {
    "receipt": ("date", "supplier", "total_gross"),
    "invoice": ("number", "date", "supplier", "total_gross"),
    "credit_note": ("number", "date", "supplier", "total_gross"),
    "purchase_order": ("number", "date"),
}
_SURE_FIELD, _SURE_TYPE = 0.8, 0.8


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


def likelier(one: Reading, other: Reading) -> Reading:
    """Return the reading that speaks for itself more; of equals the second, the better engine's."""
    return one if _weight(one) > _weight(other) else other


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
