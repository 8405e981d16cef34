"""Zip containers, and the text of Word and Excel files in them."""

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO

from switchgear_documents.reading.markup import Element, find_all, local_name, parse_xml
from switchgear_shared.errors import UnreadableDocumentError

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ZIP = "application/zip"

MOST_ENTRIES = 10_000
MOST_BYTES = 300 * 1024 * 1024
MOST_RATIO = 200
_MOST_PART_BYTES = 50 * 1024 * 1024
_SHEET = re.compile(r"xl/worksheets/sheet\d+\.xml")


def read_archive(data: bytes) -> tuple[str, str]:
    """Return the media type and the text; a zip that is no office file has no text.

    Raises UnreadableDocumentError for a bomb by what its directory says, and again by what a part
    really unpacks to, since the directory may lie.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _refuse_bomb(archive, len(data))
            names = set(archive.namelist())
            if "word/document.xml" in names:
                return WORD, "\n".join(_paragraphs(_part(archive, "word/document.xml")))
            if "xl/workbook.xml" in names:
                return EXCEL, "\n".join(_cells(archive, names))
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise UnreadableDocumentError("the zip container is damaged") from error
    return ZIP, ""


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


def _part(archive: zipfile.ZipFile, name: str) -> Element:
    with archive.open(name) as part:
        content = part.read(_MOST_PART_BYTES + 1)
    if len(content) > _MOST_PART_BYTES:
        raise UnreadableDocumentError(f"a part of the zip is over {_MOST_PART_BYTES} bytes")
    return parse_xml(content)


def _paragraphs(document: Element) -> Iterator[str]:
    for paragraph in document.iter("{*}p"):
        texts = (node.text or "" for node in paragraph.iter("{*}t"))
        if line := "".join(texts).strip():
            yield line


def _cells(archive: zipfile.ZipFile, names: set[str]) -> Iterator[str]:
    shared: list[str] = []
    if "xl/sharedStrings.xml" in names:
        root = _part(archive, "xl/sharedStrings.xml")
        shared = ["".join(t.text or "" for t in si.iter("{*}t")) for si in find_all(root, "si")]
    for name in sorted(name for name in names if _SHEET.fullmatch(name)):
        for row in _part(archive, name).iter("{*}row"):
            if line := "\t".join(_cell(cell, shared) for cell in row).strip():
                yield line


def _cell(cell: Element, shared: list[str]) -> str:
    texts = [n.text or "" for n in cell.iter() if local_name(n) in ("v", "t")]
    value = "".join(texts)
    if cell.get("t") == "s" and value.isascii() and value.isdigit() and int(value) < len(shared):
        return shared[int(value)]
    return value
