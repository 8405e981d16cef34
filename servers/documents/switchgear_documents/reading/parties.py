"""Who sent a page and to whom: headings, letterheads, sender lines, legal forms and footers."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from switchgear_documents.reading.address_blocks import addressee, whole_name
from switchgear_documents.reading.labels import Candidate, Label
from switchgear_documents.reading.names import (
    ADDRESS,
    LEGAL_FORM,
    is_beside_the_name,
    is_heading,
    is_like_a_name,
    is_no_name,
    name_key,
    named_by_form,
    tidy,
    up_to_its_end,
)
from switchgear_documents.reading.words import Box, Cell, Page
from switchgear_documents.reading.written import dates_in

_SENDER_LINE = re.compile(
    r"^(?P<name>[^|·•*\u2013]{3,60}?)\s*(?:[|·•*\u2013]|, |\s-\s|;)\s*(?P<rest>.+)$"
)
_OF_A_NUMBER = re.compile(
    r"(?:(?:p\.?o|no|nr|n|id|ref\w*|number|nummer|order|vat|code)\b|#|n[°º])", re.IGNORECASE
)
_HOUSE_NUMBER = re.compile(r"\s\d+\w?$|^c/", re.IGNORECASE)
_NAMED = re.compile(
    r"^\W*(?:name|firma|company|nom(?:bre)?|nome|naam|raison sociale)\s*:?\s*(?P<name>.*)",
    re.IGNORECASE,
)
_STATE = re.compile(r"[A-Z]{2},? *\d{5}\b|\d{4,6}\b")
_DOMAIN = re.compile(r"(?:www\.|@|https?://)(?:www\.)?([a-z0-9-]{3,})\.", re.IGNORECASE)
_ANYBODY = {"gmail", "outlook", "hotmail", "yahoo", "gmx", "web", "icloud", "aol"}
_SHORTEST_DOMAIN, _SAME_START = 4, 6

_TOP, _UPPER = 0.3, 0.42
_INDENT = 0.06
_BLOCK_LINES = 7
_FLUSH, _NEXT_LINES = 0.01, 2
_OF_A_BLOCK = re.compile(r"addres|adress|anschrift|direcci|indirizz|adres\b", re.IGNORECASE)
_IN_A_SENTENCE = re.compile(
    r"(?!(?:de|van|von|der|den|ten|ter|te|la|le|del|della|di|da|do|dos)\s)[a-zà-ÿ]+\s|.*@"
)
_TO_WHOM = re.compile(
    r"\W*(?:an|aan|to|para|a|à|recipient|destinatai?re|destinatario|empfänger|attn\.?|gentile"
    r"|spett(?:abile|\.?le)?|.*(?:attention|atención|attenzione)(?: d[ei])?|adressée? à"
    r"|t\.a\.v\.|z\. ?hd\.)\W*",
    re.IGNORECASE,
)
_PARAGRAPH = 120
_LARGE = 1.35

_HEADED, _RECEIVER_HEADED, _OWNS_ACCOUNT, _SENDS, _LARGE_PRINT, _FIRST = (
    0.8,
    0.85,
    0.4,
    0.6,
    0.35,
    0.3,
)
_FORM_ABOVE, _FORM_BELOW, _HAS_DOMAIN, _AGAIN = 0.22, 0.18, 0.25, 0.6
_MOST_SURE = 0.96


Side = Literal["sender", "receiver", "owner"]


@dataclass(frozen=True)
class Parties:
    """The likeliest supplier and buyer, each with how sure it is."""

    supplier: Candidate | None
    buyer: Candidate | None


def read_parties(
    pages: Sequence[Page], labels: Sequence[Label], *, is_order: bool = False
) -> Parties:
    """Weigh every sign of who the sender is; signs that agree on one name add up.

    The sender of a purchase order is its buyer, of everything else its supplier.
    """
    by_number = {page.number: page for page in pages}
    headed = [
        (_side(label, is_order=is_order), cell, label.strength)
        for label in labels
        if label.role in ("supplier", "buyer", "owner") and _is_heading_alone(label)
        if (cell := _headed_name(label, by_number[label.cell.page])) is not None
    ]
    headed += [
        ("sender", cell, label.strength)
        for label in labels
        if label.role == "supplier" and (cell := _named_before(label)) is not None
    ]
    received = [(cell, strength) for side, cell, strength in headed if side == "receiver"]
    received.sort(key=lambda each: (-each[1], is_order and not LEGAL_FORM.search(each[0].text)))
    receivers = [cell for cell, _ in received]
    votes = _Votes({name_key(cell.text) for cell in receivers[:1]})
    for side, cell, _ in headed:
        if side != "receiver":
            is_clear = side == "sender" and (not is_order or LEGAL_FORM.search(cell.text))
            votes.add(cell, _HEADED if is_clear else _OWNS_ACCOUNT, is_headed=bool(is_clear))
    for page in pages[:1]:
        for cell, weight in _letterhead(page):
            votes.add(cell, weight)
    for page in pages:
        for cell in filter(None, map(named_by_form, page.cells)):
            votes.add(cell, _FORM_ABOVE if cell.box.top < _TOP else _FORM_BELOW)
    sender = votes.winner(_domains(pages))
    if receivers:
        receiver = Candidate(tidy(receivers[0].text), receivers[0], _RECEIVER_HEADED)
    else:
        receiver = addressee(pages[0], sender) if pages else None
    of_a_heading = {name_key(cell.text) for _, cell, _ in headed}
    headings = {
        (label.cell.page, label.cell.line, label.cell.box.left)
        for label in labels
        if label.role in ("supplier", "buyer", "owner")
    }
    sender = whole_name(sender, by_number, headings, of_a_heading)
    receiver = whole_name(receiver, by_number, headings, of_a_heading)
    return Parties(receiver, sender) if is_order else Parties(sender, receiver)


def _side(label: Label, *, is_order: bool) -> Side:
    """Tell which side a heading names: an order goes to its supplier, all else to its buyer."""
    if label.role == "owner":
        return "owner"
    says_to_whom = _TO_WHOM.fullmatch(label.cell.text[label.start : label.end])
    if is_order:
        return "receiver" if label.role == "supplier" or says_to_whom else "sender"
    return "sender" if label.role == "supplier" else "receiver"


class _Votes:
    """Names and the weight of what speaks for each."""

    def __init__(self, not_these: set[str]) -> None:
        self._not_these = not_these
        self._weights: dict[str, float] = defaultdict(float)
        self._seen: dict[str, Cell] = {}
        self._headed: set[str] = set()

    def add(self, cell: Cell, weight: float, *, is_headed: bool = False) -> None:
        cell = up_to_its_end(cell)
        key = name_key(cell.text)
        if len(key) < len("AB") or key in self._not_these or not _may_be_named(cell.text):
            return
        if is_headed:
            self._headed.add(key)
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
        if not longer or key in self._headed or LEGAL_FORM.search(self._seen[key].text):
            return key
        full = max(longer, key=lambda other: self._weights[other])
        self._weights[full] += self._weights.pop(key)
        return full


def _may_be_named(text: str) -> bool:
    """Tell whether somebody may be called so: what has a legal form is, an address or date not."""
    if is_heading(text) or "@" in text:
        return False
    if LEGAL_FORM.search(text):
        return True
    is_day = any(day.end - day.start > len(text) * 0.5 for day in dates_in(text))
    return not (is_day or is_no_name(text) or ADDRESS.search(text))


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


def _named_before(label: Label) -> Cell | None:
    """Return the name in front of a heading for its address, as in `Nordlicht remit address:`."""
    text = label.cell.text
    before = text[: label.start].strip()
    is_at_the_end = not text[label.end :].strip(" :")
    if not (is_at_the_end and _OF_A_BLOCK.search(text[label.start :]) and is_like_a_name(before)):
        return None
    return label.cell.part(text.index(before), label.start)


def _headed_name(label: Label, page: Page) -> Cell | None:
    """Return the name that a heading introduces: after it, beside it, or the first below it."""
    text = label.cell.text
    rest = text[label.end :].lstrip(" :.-")
    if _OF_A_NUMBER.match(rest) or _IN_A_SENTENCE.match(rest):
        return None
    if len(rest) >= len("ABC") and not is_beside_the_name(rest):
        return up_to_its_end(label.cell.part(len(text) - len(rest), len(text)))
    line = page.lines[label.cell.line - 1]
    if _OF_A_BLOCK.search(text) and (below := _block_below(label.cell.box, page, label.cell.line)):
        return below
    if ":" in text:
        for cell in line[line.index(label.cell) + 1 :][:1]:
            if not is_beside_the_name(cell.text) and _may_be_named(cell.text):
                return up_to_its_end(cell)
    return _name_below(label.cell.box, page.lines[label.cell.line :][:_BLOCK_LINES])


def _block_below(head: Box, page: Page, line: int) -> Cell | None:
    """Return the name at the head of an address that starts right below and flush left."""
    for below in page.lines[line:][:_NEXT_LINES]:
        for cell in below:
            if abs(cell.box.left - head.left) < _FLUSH:
                return _name_below(head, [(cell,)])
    return None


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
                return up_to_its_end(cell) if _may_be_named(cell.text) else None
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
    if line is None or not ADDRESS.search(line["rest"]) or _STATE.match(line["rest"]):
        return None
    if ADDRESS.search(line["name"]) or _HOUSE_NUMBER.search(line["name"]):
        return None
    return line["name"]
