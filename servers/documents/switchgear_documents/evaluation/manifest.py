"""The list of documents with what is true of each: `manifest.json` beside them."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from switchgear_documents.reading.reading import KnownType
from switchgear_shared.errors import InvalidRequestError, NotFoundError

NAME = "manifest.json"
_GROUPS = {
    "image": ("png", "jpg", "jpeg", "tif", "tiff", "gif", "bmp", "webp"),
    "office": ("docx", "xlsx", "odt", "ods", "doc", "xls", "rtf"),
    "email": ("eml", "msg", "mbox"),
    "xml": ("xml",),
    "pdf": ("pdf",),
}
_FORMAT_GROUPS = {suffix: group for group, suffixes in _GROUPS.items() for suffix in suffixes}


class Entry(BaseModel):
    """One document and its truth; what else a manifest says of it is left alone.

    `hybrid` is a PDF with its invoice as XML inside; `source` tells documents of one maker; `parts`
    are the first and last pages of the documents that a file holds, where that is known.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    path: str
    document_type: KnownType = Field(alias="class")
    format: str
    fields: dict[str, Any] = {}
    source: str = ""
    hybrid: bool = False
    parts: tuple[tuple[int, int], ...] = ()

    @property
    def group(self) -> str:
        """The format group: `xml`, `hybrid`, `pdf`, `image`, `office`, `email` or `text`."""
        return "hybrid" if self.hybrid else _FORMAT_GROUPS.get(self.format.lower(), "text")


def load(folder: Path) -> tuple[Entry, ...]:
    """Return the entries in the manifest's order.

    Raises:
        NotFoundError: there is no manifest, or no file where it says one is.
        InvalidRequestError: the manifest is not a list of entries, or leads out of the folder.
    """
    file = folder / NAME
    if not file.is_file():
        raise NotFoundError(f"there is no {NAME} in {folder}")
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidRequestError(f"{file} is not JSON: {error}") from error
    if not isinstance(rows, list) or not rows:
        raise InvalidRequestError(f"{file} is not a list of documents")
    return tuple(_entry(folder, place, row) for place, row in enumerate(rows))


def _entry(folder: Path, place: int, row: Any) -> Entry:
    try:
        entry = Entry.model_validate(row)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, problem["loc"])) or "it"
        raise InvalidRequestError(f"entry {place} of {NAME}: {where}: {problem['msg']}") from error
    file = folder / entry.path
    if not file.resolve().is_relative_to(folder.resolve()):
        raise InvalidRequestError(f"entry {place} of {NAME} leads out of the folder: {entry.path}")
    if not file.is_file():
        raise NotFoundError(f"entry {place} of {NAME}: there is no file {entry.path}")
    return entry
