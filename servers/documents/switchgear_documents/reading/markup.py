"""XML from strangers: no document type, no entities, no network, bounded depth."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml ships no types

from switchgear_shared.errors import UnreadableDocumentError

Element = Any
"""An lxml element; lxml ships no types."""

_DOCTYPE = re.compile(rb"<!DOCTYPE", re.IGNORECASE)
_PROLOG_BYTES = 65_536


def parse_xml(data: bytes) -> Element:
    """Return the root element, comments and processing instructions removed.

    Raises UnreadableDocumentError for anything not well-formed, nested deeper than 256, or with a
    document type declaration, which no business document needs; MemoryError as Python does.
    """
    refuse_document_type(data)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        raise UnreadableDocumentError(f"not well-formed XML: {_reason(error)}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableDocumentError("the XML declares a document type, which is refused")
    return root


def refuse_document_type(data: bytes) -> None:
    """Raise UnreadableDocumentError if a document type is declared before the root element."""
    if _DOCTYPE.search(_prolog(data)):
        raise UnreadableDocumentError("the XML declares a document type, which is refused")


def _prolog(data: bytes) -> bytes:
    head = data[:_PROLOG_BYTES].replace(b"\0", b"")
    root = re.search(rb"<[A-Za-z_\x80-\xff]", head)
    return head[: root.start()] if root else head


def _reason(error: Exception) -> str:
    return str(error).split(" (<string>", maxsplit=1)[0][:200]


@cache
def _any_namespace(path: str) -> str:
    return "/".join("{*}" + step for step in path.split("/"))


def find(element: Element, path: str) -> Element | None:
    """Return the first element at `path` (local names, any namespace) that holds text."""
    for found in element.iterfind(_any_namespace(path)):
        if text_of(found):
            return found
    return None


def find_all(element: Element, path: str) -> Iterator[Element]:
    """Yield the elements at `path`, local names in any namespace, in document order."""
    yield from element.iterfind(_any_namespace(path))


def leaves(element: Element) -> dict[str, Element]:
    """Return by its path what `find` would for each path below the element, in one walk."""
    found: dict[str, Element] = {}
    _gather(element, "", found)
    return found


def _gather(element: Element, above: str, found: dict[str, Element]) -> None:
    for child in element:
        tag = child.tag
        if not isinstance(tag, str):
            continue
        path = above + tag[tag.rfind("}") + 1 :]
        text = child.text
        if text and path not in found and not text.isspace():
            found[path] = child
        if len(child):
            _gather(child, f"{path}/", found)


def find_text(element: Element, *paths: str) -> str | None:
    """Return the text at the first of `paths` that has any."""
    for path in paths:
        found = find(element, path)
        if found is not None:
            return text_of(found)
    return None


def text_at(leaves: Mapping[str, Element], *paths: str) -> str | None:
    """Return the text at the first of `paths` that is among the leaves."""
    return next((text_of(leaves[path]) for path in paths if path in leaves), None)


def text_of(element: Element) -> str:
    """Return the element's own text, runs of white space made one space."""
    return " ".join((element.text or "").split())


def local_name(element: Element) -> str:
    """Return the tag without its namespace."""
    return str(etree.QName(element).localname)


def namespace(element: Element) -> str:
    """Return the tag's namespace, empty if it has none."""
    return str(etree.QName(element).namespace or "")


def place_of(element: Element) -> str:
    """Return the element's XPath, with the prefixes of the document itself."""
    steps: list[str] = []
    while element is not None:
        prefix = f"{element.prefix}:" if element.prefix else ""
        earlier = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
        later = next(element.itersiblings(element.tag), None)
        position = f"[{earlier + 1}]" if earlier or later is not None else ""
        steps.append(f"{prefix}{local_name(element)}{position}")
        element = element.getparent()
    return "/" + "/".join(reversed(steps))
