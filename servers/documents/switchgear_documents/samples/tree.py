"""Writing XML with the prefixes it is always written with."""

from decimal import Decimal
from xml.etree import ElementTree as ET

Node = ET.Element


def node(tag: str, *content: Node | str | None, **attributes: str) -> Node:
    """Return an element of text or children; None among the children is left out."""
    made = ET.Element(tag, attributes)
    for part in content:
        if isinstance(part, str):
            made.text = part
        elif part is not None:
            made.append(part)
    return made


def optional(tag: str, text: str | None) -> Node | None:
    """Return an element of text, or None if there is no text."""
    return node(tag, text) if text else None


def plain(number: Decimal) -> str:
    """Return the number in digits, never with an exponent."""
    return format(number, "f")


def to_bytes(root: Node) -> bytes:
    """Return the document, indented, in UTF-8 with its declaration."""
    ET.indent(root)
    return ET.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"
