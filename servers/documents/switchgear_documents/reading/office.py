"""The text of Word and Excel files in reading order, by the libraries for them."""

import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from io import BytesIO
from typing import Any

import openpyxl
from docx import Document
from docx.table import Table
from docx.text.paragraph import Paragraph
from openpyxl.utils.exceptions import InvalidFileException

from switchgear_shared.errors import UnreadableDocumentError

_DAMAGED = (
    *(KeyError, ValueError, AttributeError, TypeError, IndexError, OSError, RuntimeError),
    *(zipfile.BadZipFile, zlib.error, EOFError, SyntaxError, InvalidFileException),
)
"""What the libraries end in on a file that is not what its directory says."""
_DEEPEST_TABLE = 8


def word_text(data: bytes, most_chars: int) -> str:
    """Return header, paragraphs, tables and footer; a row of a table is a line with tabs.

    Raises UnreadableDocumentError if the file is damaged.
    """
    try:
        return _joined(_word_lines(data), most_chars)
    except _DAMAGED as error:
        raise UnreadableDocumentError(f"the Word file is damaged: {_kind(error)}") from error


def excel_text(data: bytes, most_chars: int) -> str:
    """Return every sheet by its name and its rows; cells are what was last calculated.

    Raises UnreadableDocumentError if the file is damaged.
    """
    try:
        return _joined(_excel_lines(data), most_chars)
    except _DAMAGED as error:
        raise UnreadableDocumentError(f"the Excel file is damaged: {_kind(error)}") from error


def _joined(lines: Iterable[str], most_chars: int) -> str:
    """Join the lines until there is enough, so that a huge file is not unfolded whole."""
    kept: list[str] = []
    size = 0
    for line in lines:
        kept.append(line)
        size += len(line) + 1
        if size > most_chars:
            break
    return "\n".join(kept)


def _word_lines(data: bytes) -> Iterator[str]:
    document = Document(BytesIO(data))
    section = document.sections[0] if len(document.sections) else None
    if section is not None and not section.header.is_linked_to_previous:
        yield from _blocks(section.header)
    yield from _blocks(document)
    if section is not None and not section.footer.is_linked_to_previous:
        yield from _blocks(section.footer)


def _blocks(container: Any, depth: int = 0) -> Iterator[str]:
    for block in container.iter_inner_content():
        if isinstance(block, Paragraph):
            if text := block.text.strip():
                yield text
        elif isinstance(block, Table) and depth < _DEEPEST_TABLE:
            for row in block.rows:
                cells = (" ".join(_blocks(cell, depth + 1)) for cell in row.cells)
                if line := "\t".join(cells).strip():
                    yield line


def _excel_lines(data: bytes) -> Iterator[str]:
    book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        yield sheet.title
        sheet.reset_dimensions()  # what the file claims may be a million empty columns
        for row in sheet.iter_rows(values_only=True):
            if line := "\t".join(_cell(value) for value in row).strip():
                yield line


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def _kind(error: Exception) -> str:
    return type(error).__name__
