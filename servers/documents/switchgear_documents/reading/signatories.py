"""Who signs a contract: the companies that signatures are for, and the people who sign."""

import re
from collections.abc import Iterator, Sequence

from switchgear_documents.reading.names import ADDRESS, any_of
from switchgear_documents.reading.party_names import form_in, is_same_party
from switchgear_documents.reading.words import Cell, Page

_BY = re.compile(
    r"(?:by|per|signed|signature|unterschrift)(?:\s*:|\s+(?=[/-]s[/-]))", re.IGNORECASE
)
_HAND = re.compile(r"[/-]s[/-]\s*", re.IGNORECASE)
_FOR = re.compile(
    r"(?:for(?: and on behalf of)?|für|pour|por|per|namens|voor)(?: (?:die|den|der|la|il|de|das))?"
    r"(?: (?:firma|société|sociedad|società))?[: ] ?(?=[^\W\d_])",
    re.IGNORECASE,
)
_OF_AN_OFFICER = re.compile(r"(?:printed )?(?:name|title|its|by)\s*:", re.IGNORECASE)
_MORE_OF_IT = re.compile(r"an? [A-Z]\w+ |[ad]/?/?b/a\b|f/k/a\b|as [A-Z]", re.IGNORECASE)
_BEHIND = re.compile(r"(?:[,:;(]|\s[ad]/?/?b/a\b|\sf/k/a\b).*$")
_NO_PARTY = any_of(
    r"""
    \W*(?:employee|employer|executive|(?:for )?the company|company|recipient|contractor|consultant
    director|buyer|seller|purchaser|vendor|lender|borrower|landlord|tenant|lessor|lessee|licensor
    licensee|client|customer|supplier|agent|witness|associate|indemnitee|participant|optionee)
    (?:in witness|agreed|accepted|very truly|confirmed|acknowledged|sincerely|signature|exhibit)
    (?:page|date[ds]?|title|subsidiaries|affiliates|and (?:its|their)|name|address|printed|executed)
    """
)
_SMALL = ("&", "of", "and", "et", "und", "y", "e", "de", "des", "du", "di", "the", "van", "von")
_PERSON = re.compile(
    r"(?:[^\W\d_][\w\u2019'-]+|[^\W\d_]\.(?: ?[^\W\d_]\.)*)"
    r"(?:,? (?:[^\W\d_]\.(?:[^\W\d_]\.)*|de|van|von|der|del|la|[^\W\d_][\w\u2019'-]+)){1,4}\.?"
)
_MARGIN, _CENTRED, _LINES_ABOVE, _NEAR = 0.065, 0.15, 5, 3.0
_LONGEST, _FEWEST_LETTERS, _MOST_CAPITALS, _MOST = 80, 4, 7, 6


def signatories(pages: Sequence[Page]) -> tuple[str, ...]:
    """Return who signs or is to sign, as written there and each once; at most six."""
    found: list[str] = []
    for page in pages:
        for name in _on_page(page):
            if not any(is_same_party(name, other) for other in found):
                found.append(name)
    return tuple(found[:_MOST])


def _on_page(page: Page) -> Iterator[str]:
    for number, line in enumerate(page.lines):
        for place, cell in enumerate(line):
            text = cell.text
            signed_for = _FOR.match(text)
            if signed_for is not None and form_in(text) and _is_company(text[signed_for.end() :]):
                yield _bare(text[signed_for.end() :])
                continue
            by = _BY.match(text)
            if by is None and (_HAND.match(text) is None or _is_behind_by(line, place)):
                continue
            above = _beside(
                page, cell, reversed(page.lines[max(0, number - _LINES_ABOVE) : number])
            )
            company = _company_in(above, has_by=by is not None)
            if company is not None:
                yield company
            elif not _is_officers(above, page, number, cell, has_by=by is not None):
                rest = text[by.end() :] if by is not None else text
                if not rest.strip() and place + 1 < len(line):
                    rest = line[place + 1].text
                yield from _person(rest)


def _is_behind_by(line: Sequence[Cell], place: int) -> bool:
    return place > 0 and _BY.fullmatch(line[place - 1].text.strip()) is not None


def _beside(page: Page, cell: Cell, lines: Iterator[tuple[Cell, ...]]) -> list[Cell]:
    """Return what stands next to the cell, line by line, with the same left edge."""
    found: list[Cell] = []
    middle = cell.box.middle
    for line in lines:
        reach = _MARGIN if len(line) > 1 else _CENTRED
        near = [other for other in line if abs(other.box.left - cell.box.left) < reach]
        if near and abs(middle - near[0].box.middle) > _NEAR * 2 * page.line_height:
            break
        if near:
            found.append(near[0])
            middle = near[0].box.middle
    return found


def _company_in(above: Sequence[Cell], *, has_by: bool) -> str | None:
    """Return the company that a signature is for: what no address and no other signer parts."""
    for place, cell in enumerate(above):
        text = cell.text
        if _BY.match(text) and form_in(text):
            continue  # one company signs through another: the first of them is the party
        if _NO_PARTY.match(text) or _OF_AN_OFFICER.match(text) or _HAND.match(text):
            return None
        if _is_company(text) and (has_by or form_in(text)):
            form = form_in(text)
            is_rest = len((text[: form[0]] if form else text).split()) <= 1
            if is_rest and place + 1 < len(above) and _is_first_line(above[place + 1].text, text):
                return _bare(f"{above[place + 1].text} {text}")
            return _bare(text)
        if not (ADDRESS.search(text) or any(map(str.isdigit, text)) or _MORE_OF_IT.match(text)):
            return None
    return None


def _is_first_line(text: str, second: str) -> bool:
    is_one_print = text.isupper() == second.isupper()
    return is_one_print and len(text) < _LONGEST and not _NO_PARTY.match(text) and ":" not in text


def _is_company(text: str) -> bool:
    if len(text) > _LONGEST or _NO_PARTY.match(text) or not text[:1].isupper():
        return False
    form = form_in(text)
    if form is not None:
        words = text[: form[0]].split()
        is_name = all(word != word.lower() or word in _SMALL or word.isdigit() for word in words)
        return is_name and len(text.split()) > 1 and not ADDRESS.match(text)
    letters = sum(map(str.isalpha, text))
    is_name = text.isupper() and letters >= _FEWEST_LETTERS and len(text.split()) < _MOST_CAPITALS
    return is_name and not re.search(r"[\d_.]", text)


def _bare(text: str) -> str:
    signed_for = _FOR.match(text)
    text = text[signed_for.end() :] if signed_for else text
    form = form_in(text)
    end = form[1] if form else 0
    return (text[:end] + _BEHIND.sub("", text[end:])).strip(" ,:;")


def _is_officers(
    above: Sequence[Cell], page: Page, number: int, cell: Cell, *, has_by: bool
) -> bool:
    """Tell whether the signer signs with another, or for a company that stands elsewhere."""
    below = _beside(page, cell, iter(page.lines[number + 1 : number + 2]))
    is_named_below = bool(below) and form_in(below[0].text) and not _FOR.match(below[0].text)
    if not has_by and is_named_below and _is_company(below[0].text):
        return True
    if not above:
        line = page.lines[number]
        return any(_BY.match(other.text) for other in line[: line.index(cell)])
    nearest = above[0].text
    is_of_one = _OF_AN_OFFICER.match(nearest) or _HAND.match(nearest)
    return "company" in nearest.casefold() or (has_by and is_of_one is not None)


def _person(text: str) -> Iterator[str]:
    name = _HAND.sub("", text).strip(" _")
    if _PERSON.fullmatch(name):
        yield name.title() if name.isupper() else name
