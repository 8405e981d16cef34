"""Zip containers: refused as bombs, or told apart by what is in them."""

import zipfile
import zlib
from io import BytesIO

from switchgear_documents.reading.markup import refuse_document_type
from switchgear_documents.reading.office import excel_text, word_text
from switchgear_documents.reading.reading import Format
from switchgear_shared.errors import UnreadableDocumentError

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"

MOST_ENTRIES = 10_000
MOST_BYTES = 300 * 1024 * 1024
MOST_RATIO = 200
MOST_PART_BYTES = 50 * 1024 * 1024

_DAMAGED = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, OSError)
"""What the library ends in on a container that is not what its directory says."""


def read_archive(data: bytes, most_chars: int) -> tuple[str, Format, str]:
    """Return the media type, the format and the text; a zip that is no office file has no text.

    Raises UnreadableDocumentError for a bomb by what its directory says, and again by what a part
    really unpacks to, since the directory may lie; and for XML with a document type.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _refuse_bomb(archive, len(data))
            names = set(archive.namelist())
            is_word, is_excel = "word/document.xml" in names, "xl/workbook.xml" in names
            if is_word or is_excel:
                _refuse_document_types(archive)
    except _DAMAGED as error:
        raise UnreadableDocumentError("the zip container is damaged") from error
    if is_word:
        return WORD, "word", word_text(data, most_chars)
    if is_excel:
        return EXCEL, "excel", excel_text(data, most_chars)
    return ZIP, "other", ""


def _refuse_bomb(archive: zipfile.ZipFile, size: int) -> None:
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    ratio = total // max(size, 1)
    if len(entries) > MOST_ENTRIES:
        raise UnreadableDocumentError(f"the zip has {len(entries)} entries, over {MOST_ENTRIES}")
    if total > MOST_BYTES or ratio > MOST_RATIO:
        raise UnreadableDocumentError(
            f"the zip unpacks to {total} bytes, {ratio} times its size: refused as a bomb"
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableDocumentError("the zip is locked with a password")


def _refuse_document_types(archive: zipfile.ZipFile) -> None:
    """Look into every XML part before a library does, up to what it may unpack to."""
    for entry in archive.infolist():
        if not entry.filename.lower().endswith((".xml", ".rels", ".vml")):
            continue
        with archive.open(entry) as part:
            content = part.read(MOST_PART_BYTES + 1)
        if len(content) > MOST_PART_BYTES:
            raise UnreadableDocumentError(f"a part of the zip is over {MOST_PART_BYTES} bytes")
        refuse_document_type(content)
