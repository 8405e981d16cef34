"""Reading in this process, on a day that does not move."""

import datetime as dt
from typing import Any

from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.reading import Reading

TODAY = dt.date(2026, 11, 23)


def read(data: bytes | str, suffix: str = ".txt") -> Reading:
    """Return what is read from the bytes, or from the text in UTF-8."""
    data = data.encode() if isinstance(data, str) else data
    return read_contents(data, suffix, max_pages=500, today=TODAY)


def values(reading: Reading) -> dict[str, str]:
    """Return the fields by name."""
    return {str(field.name): field.value for field in reading.fields}


def failures(reading: Reading) -> list[tuple[str, str]]:
    """Return the failed checks with what they found."""
    return [(check.name, check.detail) for check in reading.failed_checks()]


def said(items: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Return each line or entry as far as it says anything."""
    return [item.model_dump(exclude_none=True) for item in items]
