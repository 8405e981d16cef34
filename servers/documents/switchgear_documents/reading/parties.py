"""Who sent a page and to whom: headings, letterheads, sender lines, legal forms and footers."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from switchgear_documents.reading.labels import Candidate, Label
from switchgear_documents.reading.names import (
    ADDRESS,
    LEGAL_FORM,
    is_beside_the_name,
    is_heading,
    is_like_a_name,
    name_key,
    named_by_form,
    tidy,
)
from switchgear_documents.reading.words import Box, Cell, Page

_SENDER_LINE = re.compile(
    r"^(?P<name>[^|·•*\u2013]{3,60}?)\s*(?:[|·•*\u2013]|, |\s-\s|;)\s*(?P<rest>.+)$"
)
_OF_A_NUMBER = re.compile(
    r"(?:p\.?o|no|nr|id|ref\w*|number|nummer|order|#|vat|code|n[°º])\b", re.IGNORECASE
)
_HOUSE_NUMBER = re.compile(r"\s\d+\w?$|^c/", re.IGNORECASE)
_NAMED = re.compile(
    r"^\W*(?:name|firma|company|nom(?:bre)?|nome|naam|raison sociale)\s*:?\s*(?P<name>.*)",
    re.IGNORECASE,
)
_DOMAIN = re.compile(r"(?:www\.|@|https?://)(?:www\.)?([a-z0-9-]{3,})\.", re.IGNORECASE)
_ANYBODY = {"gmail", "outlook", "hotmail", "yahoo", "gmx", "web", "icloud", "aol"}
_SHORTEST_DOMAIN, _SAME_START = 4, 6

_TOP, _UPPER = 0.3, 0.42
_WINDOW_TOP, _WINDOW_BOTTOM = 0.08, 0.45
_INDENT, _MARGIN = 0.06, 0.02
_BLOCK_LINES, _WINDOW_LINES = 7, 45
_PARAGRAPH, _ADDRESS_LINE = 120, 60
_LARGE = 1.35
_LEADING = 1.2

_HEADED, _BUYER_HEADED, _OWNS_ACCOUNT, _SENDS, _LARGE_PRINT, _FIRST = 0.8, 0.85, 0.4, 0.6, 0.35, 0.3
_FORM_ABOVE, _FORM_BELOW, _HAS_DOMAIN, _AGAIN, _IN_THE_WINDOW = 0.22, 0.18, 0.25, 0.6, 0.6
_MOST_SURE = 0.96


@dataclass(frozen=True)
class Parties:
    """The likeliest supplier and buyer, each with how sure it is."""

    supplier: Candidate | None
    buyer: Candidate | None
    is_supplier_headed: bool = False


def read_parties(pages: Sequence[Page], labels: Iterable[Label]) -> Parties:
    """Weigh every sign of who the sender is; signs that agree on one name add up."""
    by_number = {page.number: page for page in pages}
    headed = [
        (label, cell)
        for label in labels
        if label.role in ("supplier", "buyer", "owner") and _is_heading_alone(label)
        if (cell := _headed_name(label, by_number[label.cell.page])) is not None
    ]
    buyers = [cell for label, cell in headed if label.role == "buyer"]
    votes = _Votes({name_key(cell.text) for cell in buyers[:1]})
    for label, cell in headed:
        if label.role != "buyer":
            votes.add(cell, _HEADED if label.role == "supplier" else _OWNS_ACCOUNT)
    for page in pages[:1]:
        for cell, weight in _letterhead(page):
            votes.add(cell, weight)
    for page in pages:
        for cell in filter(None, map(named_by_form, page.cells)):
            votes.add(cell, _FORM_ABOVE if cell.box.top < _TOP else _FORM_BELOW)
    supplier = votes.winner(_domains(pages))
    is_headed = any(label.role == "supplier" for label, _ in headed)
    if buyers:
        buyer = Candidate(tidy(buyers[0].text), buyers[0], _BUYER_HEADED)
        return Parties(supplier, buyer, is_headed)
    return Parties(supplier, _addressee(pages[0], supplier) if pages else None, is_headed)


class _Votes:
    """Names and the weight of what speaks for each."""

    def __init__(self, not_these: set[str]) -> None:
        self._not_these = not_these
        self._weights: dict[str, float] = defaultdict(float)
        self._seen: dict[str, Cell] = {}

    def add(self, cell: Cell, weight: float) -> None:
        key = name_key(cell.text)
        if len(key) < len("AB") or key in self._not_these or is_heading(cell.text):
            return
        self._weights[key] += weight * (_AGAIN if key in self._seen else 1.0)
        self._seen.setdefault(key, cell)

    def winner(self, domains: set[str]) -> Candidate | None:
        if not self._weights:
            return None
        for key in self._weights:
            if any(_fits(key, domain) for domain in domains):
                self._weights[key] += _HAS_DOMAIN
        key = self._in_full(max(self._weights, key=lambda key: self._weights[key]))
        weight = self._weights[key]
        lead = weight - max((w for k, w in self._weights.items() if k != key), default=0.0)
        sure = min(0.45 + 0.35 * weight + 0.3 * min(lead, 0.5), _MOST_SURE)
        cell = self._seen[key]
        return Candidate(tidy(cell.text), cell, round(sure, 2))

    def _in_full(self, key: str) -> str:
        """Return the longer name that a logo or a short name is the start of."""
        longer = [other for other in self._weights if other.startswith(key) and other != key]
        is_headed = self._weights[key] >= _HEADED
        if not longer or is_headed or LEGAL_FORM.search(self._seen[key].text):
            return key
        full = max(longer, key=lambda other: self._weights[other])
        self._weights[full] += self._weights.pop(key)
        return full


def _fits(key: str, domain: str) -> bool:
    domain = domain.casefold().replace("-", "")
    is_long = len(domain) >= _SHORTEST_DOMAIN
    return is_long and (domain in key or key.startswith(domain[:_SAME_START]))


def _domains(pages: Sequence[Page]) -> set[str]:
    found = {match[1].lower() for page in pages for match in _DOMAIN.finditer(page.text)}
    return found - _ANYBODY


def _is_heading_alone(label: Label) -> bool:
    """Tell a heading such as `Seller:` from the same word inside a sentence or another label."""
    before = label.cell.text[: label.start].strip()
    after = label.cell.text[label.end :].strip()
    return not before and (not after or after[0] in ":#" or label.role != "supplier")


def _headed_name(label: Label, page: Page) -> Cell | None:
    """Return the name that a heading introduces: after it, beside it, or the first below it."""
    text = label.cell.text
    rest = text[label.end :].lstrip(" :.-")
    if _OF_A_NUMBER.match(rest):
        return None
    if len(rest) >= len("ABC") and not is_beside_the_name(rest):
        return label.cell.part(len(text) - len(rest), len(text))
    line = page.lines[label.cell.line - 1]
    if ":" in text:
        for cell in line[line.index(label.cell) + 1 :][:1]:
            if not is_beside_the_name(cell.text):
                return cell
    return _name_below(label.cell.box, page.lines[label.cell.line :][:_BLOCK_LINES])


def _name_below(head: Box, lines: Iterable[tuple[Cell, ...]]) -> Cell | None:
    for line in lines:
        for place, cell in enumerate(line):
            overlaps = cell.box.left < head.right and cell.box.right > head.left
            if abs(cell.box.left - head.left) > _INDENT and not overlaps:
                continue
            if named := _NAMED.match(cell.text):
                if named["name"]:
                    return cell.part(named.start("name"), len(cell.text))
                return line[place + 1] if place + 1 < len(line) else None
            if not is_beside_the_name(cell.text):
                return cell
            break
    return None


def _letterhead(page: Page) -> Iterator[tuple[Cell, float]]:
    """Yield the sender's line above the window, what is set large, and what stands first."""
    is_first = True
    for cell in page.cells:
        if cell.box.top > _UPPER:
            return
        name = _sender(cell.text)
        if name is not None:
            yield cell.part(0, len(name)), _SENDS
        if cell.box.top > _TOP or not is_like_a_name(cell.text):
            continue
        if max(word.box.height for word in cell.words) > page.line_height * _LARGE:
            yield cell, _LARGE_PRINT
        if is_first:
            yield cell, _FIRST
            is_first = False


def _sender(text: str) -> str | None:
    """Return the name at the start of a line that goes on with its address."""
    line = _SENDER_LINE.match(text) if len(text) < _PARAGRAPH else None
    if line is None or not ADDRESS.search(line["rest"]):
        return None
    if ADDRESS.search(line["name"]) or _HOUSE_NUMBER.search(line["name"]):
        return None
    return line["name"]


def _addressee(page: Page, supplier: Candidate | None) -> Candidate | None:
    """Return who stands in the window: the head of the first address that is not the sender's."""
    ours = name_key(supplier.value) if supplier else ""
    for number, line in enumerate(page.lines[:_WINDOW_LINES]):
        for cell in line:
            is_in_window = _WINDOW_TOP < cell.box.top < _WINDOW_BOTTOM
            if not is_in_window or len(cell.text) > _ADDRESS_LINE or not ADDRESS.search(cell.text):
                continue
            block = _block_above(page, number, cell)
            if ours and any(ours in name_key(part.text) for part in block):
                continue
            names = [part for part in block if is_like_a_name(part.text) or named_by_form(part)]
            names = [part for part in names if not is_beside_the_name(part.text)]
            if names:
                return Candidate(tidy(names[0].text), names[0], _IN_THE_WINDOW)
    return None


def _block_above(page: Page, number: int, cell: Cell) -> list[Cell]:
    """Return the lines of the block that the cell ends, from its top."""
    block = [cell]
    for line in reversed(page.lines[max(0, number - _BLOCK_LINES) : number]):
        near = [other for other in line if abs(other.box.left - cell.box.left) < _MARGIN]
        if not near:
            continue
        if block[-1].box.top - near[0].box.bottom > _LEADING * page.line_height:
            break
        block.append(near[0])
    return block[::-1]
