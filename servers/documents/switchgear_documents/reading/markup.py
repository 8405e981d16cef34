"""XML from strangers: no document type, no entities, no network, bounded depth."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
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


class Wanted:
    """The paths below an element that its reader asks for, for the elements of one document."""

    def __init__(self, *paths: str) -> None:
        self._steps = _Steps()
        for path in paths:
            steps = self._steps
            *above, last = path.split("/")
            for name in above:
                steps = steps.known.setdefault(name, _Step(_Steps())).below
            steps.known.setdefault(last, _Step(_Steps())).path = path

    def leaves(self, element: Element) -> dict[str, Element]:
        """Return by its path what `find` would for each path, in one walk."""
        found: dict[str, Element] = {}
        _gather(element, self._steps, found)
        return found


class _Steps(dict[str, "_Step | None"]):
    """The steps by tag: a namespace is looked at once, and what nobody asks for is passed by."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[str, _Step] = {}

    def __missing__(self, tag: Any) -> "_Step | None":
        """Settle a tag that is new; what is no element, such as an entity, has none."""
        name = tag[tag.rfind("}") + 1 :] if isinstance(tag, str) else ""
        self[tag] = step = self.known.get(name)
        return step


@dataclass
class _Step:
    below: _Steps
    path: str | None = None


def _gather(element: Element, steps: _Steps, found: dict[str, Element]) -> None:
    for child in element:
        step = steps[child.tag]
        if step is None:
            continue
        path = step.path
        if path is not None and path not in found:
            text = child.text
            if text and not text.isspace():
                found[path] = child
        if step.below.known:
            _gather(child, step.below, found)


def find_text(element: Element, *paths: str) -> str | None:
    """Return the text at the first of `paths` that has any."""
    for path in paths:
        found = find(element, path)
        if found is not None:
            return text_of(found)
    return None


def text_at(leaves: Mapping[str, Element], *paths: str) -> str | None:
    """Return the text at the first of `paths` that is among the leaves."""
    for path in paths:
        found = leaves.get(path)
        if found is not None:
            return text_of(found)
    return None


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
        steps.append(step_of(element))
        element = element.getparent()
    return "/" + "/".join(reversed(steps))


def step_of(element: Element) -> str:
    """Return the last step of the element's XPath, numbered where it has namesakes beside it."""
    tag = element.tag
    name = tag[tag.rfind("}") + 1 :]
    earlier = sum(1 for _ in element.itersiblings(tag, preceding=True))
    is_one_of_several = earlier or next(element.itersiblings(tag), None) is not None
    position = f"[{earlier + 1}]" if is_one_of_several else ""
    return f"{element.prefix}:{name}{position}" if element.prefix else f"{name}{position}"
