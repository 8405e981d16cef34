"""Reading in this process, on a day that does not move."""

import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

from pypdfium2 import PdfDocument

from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.fields import read_fields
from switchgear_documents.reading.reading import DocumentType, FieldReading, Reading
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.reading.words import pages_of_text

TODAY = dt.date(2026, 11, 23)


def read(data: bytes | str, suffix: str = ".txt") -> Reading:
    """Return what is read from the bytes, or from the text in UTF-8."""
    data = data.encode() if isinstance(data, str) else data
    return read_contents(data, suffix, max_pages=500, today=TODAY)


def values(reading: Reading) -> dict[str, str]:
    """Return the fields by name."""
    return {str(field.name): field.value for field in reading.fields}


def fields_of(page: str, kind: DocumentType = "invoice") -> dict[str, FieldReading]:
    """Return the fields by name that the words of one page give, whatever its type seems."""
    extract = Extract(kind, "words/1")
    read_fields(pages_of_text([page]), extract)
    return {str(field.name): field for field in extract.fields}


def as_fields(*said: tuple[str, str, float]) -> tuple[FieldReading, ...]:
    """Return fields as an engine may have read them: the name, the value, how sure it is."""
    return tuple(
        FieldReading.model_validate(
            {"name": name, "value": value, "confidence": sure, "place": "page 1, line 1"}
        )
        for name, value, sure in said
    )


@asynccontextmanager
async def a_reader(**limits: Any) -> AsyncGenerator[Reader]:
    """Run a reader for the block."""
    reader = Reader(**limits)
    try:
        yield reader
    finally:
        await reader.close()


def turned(pdf: bytes, degrees: int) -> bytes:
    """Return the PDF with its first page shown turned."""
    document = PdfDocument(pdf)
    document[0].set_rotation(degrees)
    document.save(file := BytesIO())
    document.close()
    return file.getvalue()


def failures(reading: Reading) -> list[tuple[str, str]]:
    """Return the failed checks with what they found."""
    return [(check.name, check.detail) for check in reading.failed_checks()]


def said(items: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Return each line or entry as far as it says anything."""
    return [item.model_dump(exclude_none=True) for item in items]
