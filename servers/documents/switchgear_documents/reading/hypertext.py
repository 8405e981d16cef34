"""The text of an HTML page as a browser would show it, without running anything."""

import re
from collections.abc import Iterator

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml ships no types

from switchgear_documents.reading.markup import Element

_UNSEEN = {"script", "style", "head", "template", "noscript", "object", "iframe", "svg"}
_BLOCK = re.compile(
    "address|article|aside|blockquote|body|br|caption|center|d[dlt]|div|fieldset|figure|footer|form"
    "|h[1-6r]|header|html|li|main|nav|[ou]l|p|pre|section|table|tbody|tfoot|thead|tr"
)
_CELLS = {"td", "th"}
_DEEPEST = 200


def html_text(data: bytes) -> str:
    """Return a line for each block and tabs between cells; what is not shown is left out."""
    try:
        data.decode("utf-8")
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = None  # as the page itself says
    parser = etree.HTMLParser(
        no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, encoding=encoding
    )
    root = etree.fromstring(data, parser)
    if root is None:
        return ""
    lines = "".join(_pieces(root, 0)).split("\n")
    tidy = ("\t".join(" ".join(cell.split()) for cell in line.split("\t")) for line in lines)
    return "\n".join(line.strip() for line in tidy if line.strip())


def _pieces(element: Element, depth: int) -> Iterator[str]:
    name = str(element.tag).lower()  # whatever stands between < and >: no name that XML would take
    if name in _UNSEEN or _is_hidden(element) or depth > _DEEPEST:
        return
    edge = "\n" if _BLOCK.fullmatch(name) else ""
    yield edge
    yield _spaced(element.text)
    for child in element:
        yield from _pieces(child, depth + 1)
        yield _spaced(child.tail)
    yield "\t" if name in _CELLS else edge


def _is_hidden(element: Element) -> bool:
    style = "".join((element.get("style") or "").lower().split())
    return (
        element.get("hidden") is not None or "display:none" in style or "visibility:hidden" in style
    )


def _spaced(text: str | None) -> str:
    """Return the text with its line ends as spaces: only blocks make lines."""
    return (text or "").replace("\n", " ").replace("\t", " ").replace("\r", " ")
