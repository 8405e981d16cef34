"""What a page is made of, before it is text, markup or a drawing."""

from dataclasses import dataclass, field
from typing import Any

from switchgear_documents.reading.reading import DocumentType


@dataclass(frozen=True)
class Title:
    """A line that stands out."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text, broken to the width of the page."""

    text: str


@dataclass(frozen=True)
class Lines:
    """Lines that stay as they are, such as an address."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Pairs:
    """Labels with their values, such as a number or a total."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """Rows under column names; every row has as many cells as the head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Columns:
    """Two lists of lines side by side."""

    left: tuple[str, ...]
    right: tuple[str, ...]


Block = Title | Paragraph | Lines | Pairs | Table | Columns


@dataclass(frozen=True)
class Draft:
    """A document before it has a format, and what is true of it.

    `variant` names how it was put together; `is_narrow` is the paper of a till.
    """

    document_type: DocumentType
    language: str
    variant: str
    blocks: tuple[Block, ...]
    fields: dict[str, Any] = field(default_factory=dict)
    is_narrow: bool = False
