"""Where the shop is that printed a slip: the lines below its name, down to its telephone."""

import re
from collections.abc import Sequence

from switchgear_documents.reading.labels import Candidate
from switchgear_documents.reading.names import ADDRESS, LEGAL_FORM
from switchgear_documents.reading.receipt_lines import NUMBERS, joined
from switchgear_documents.reading.words import Cell, Page

_STARTS = re.compile(
    r"(?:no\.?\W?\s?\w{0,3}\d|(?:lot|unit|shop|suite|level|block|blk|bl?dg)\b|pt ?\d"
    r"|(?:ground|gnd|\d\w\w|first|second|third) ?(?:floor|flr)"
    r"|\d{1,4}\w?(?:[-/&]\d{1,4}[^\W\d]?){0,3},? \w*[^\W\d]{3}"
    r"|[A-Z]{1,3}(?:-[A-Z\d]{1,3}){1,3}, ?\w)",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\W*(?:te[l1]\b|tel\w*\W|t[ée]l|phone|ph\W|h/?p\W|fax|hotline|mobile|contact|gst|sst|reg\b"
    r"|regist|roc\b|co\.? ?(?:no|reg)|company|(?:ta.? ?)?(?:invoice|receipt)\b|tax\b|simplified"
    r"|inv\b|bill\b|bon\b|ticket|cash|kasse|caisse|date\b|datum|doc\b|document|order|table|tisch"
    r"|served|e-?mail|web\b|www|http|\S+@|customer|member|pax|thank|welcome|time\b|ust|vat\b|tva"
    r"|(?:[\w-]+ )?receipt\b|re[cç]u\b|recibo|ricevuta|scontrino|\w*beleg\b|kass\w*bon\b|bonn\w+"
    r"|quittung|factu(?:r|ur)|addition\b|bar(?:verkauf|zahlung)|guests?\b|couverts|caj[ae]|vous"
    r"|call\b|filiale|store\b|shop no|t \d|op\.|trans\b|nota\b|\W*\w+ n[°r.o]+ |siret|kvk|abn\b"
    r"|p\.? ?iva|cif\b|nif\b|btw\b|\(?\d{5,}-?\w?\)?\W*$|\(?\d{6,})",
    re.IGNORECASE,
)
_REST = re.compile(r"\s*[,(]?\s*\b(?:te[l1]|phone|fax|gst|e-?mail)\b.*$", re.IGNORECASE)
_HOUSE = re.compile(r"[^\W\d_]{2}[^\d]{0,50}\s\d{1,4}\s?[a-z]?$", re.IGNORECASE)
"""A street of any name with the number behind it, as it stands above a postcode."""
_TELEPHONE = re.compile(r"\W*(?:\+\d|\(?\d{2,4}\)?[ .-]\d{3,4}[ .-]\d{3,})")
_PLOT = re.compile(r"\b(?:lot|pt)\.? ?\d", re.IGNORECASE)
_FULL_STOP = re.compile(r"[^\W\d_]{4,}\.\s*$")
_POSTCODE = re.compile(
    r"(?<!\bPT )(?<!\bLOT )(?<!\bNO )\b\d{4,6}\b"
    r"|\b[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b|\b\d{4} ?[A-Z]{2}\b"
)
_PLACE = re.compile(r"(?:W\.? ?P\.? ?)?[^\W\d]{3,}(?:[ ,.]+[^\W\d]+){0,3}\W*")
_NOUGHT = re.compile(r"(?<!\bN)(?<=[A-Z])O(?=\d)|(?<=\d)[oO](?=[\d/])")
_DOLLAR = re.compile(r"\$(?=\w)")
"""What engines take a nought and an S for, where a house or a street has a number."""
_HEAD_LINES, _MOST_LINES, _LONGEST_PLACE = 18, 6, 40
_NEAR = 0.15
_WITH_POSTCODE, _ENDED, _WITHOUT = 0.6, 0.52, 0.45


def read_address(page: Page, supplier: Candidate | None = None) -> Candidate | None:
    """Return the address as one line, its parts with commas between; None where none is clear.

    The line that names the supplier is no part of it.
    """
    head = [joined(line, _NEAR, _ENDS) for line in page.lines[: _HEAD_LINES + _MOST_LINES]]
    of_name = supplier.cell.line if supplier is not None else 0
    for place, cell in enumerate(head[:_HEAD_LINES]):
        if cell.line != of_name and _can_belong(cell.text) and _is_of_a_street(cell.text):
            found = _from(head, _first(head, place, of_name))
            if found is not None:
                return found
    return None


def _can_belong(text: str) -> bool:
    return not (_is_other(text) or LEGAL_FORM.search(text))


def _is_other(text: str) -> bool:
    return bool(_ENDS.match(text) or NUMBERS.search(text) or _TELEPHONE.match(text))


def _is_of_a_street(text: str) -> bool:
    return bool(ADDRESS.search(text) or _STARTS.match(text) or _PLOT.search(text))


def _first(head: Sequence[Cell], place: int, of_name: int) -> int:
    """Return where it starts: a house's number below a building's name, or what stands above.

    What stands above with commas is a part of it that has no street.
    """
    is_numbered = any(map(str.isdigit, head[place].text))
    below = head[place + 1].text if place + 1 < len(head) else ""
    if not is_numbered and _STARTS.match(below) and any(map(str.isdigit, below)):
        return place + 1
    above = head[place - 1] if place else None
    is_house = above is not None and _HOUSE.match(above.text) and _can_belong(above.text)
    is_of_it = is_house and _POSTCODE.match(head[place].text) is not None
    if above is not None and is_of_it and above.line != of_name:
        return place - 1
    while place and "," in head[place - 1].text and _can_belong(head[place - 1].text):
        if head[place - 1].line == of_name:
            break
        place -= 1
    return place


def _from(head: Sequence[Cell], first: int) -> Candidate | None:
    parts: list[str] = []
    cells: list[Cell] = []
    is_ended = False
    for cell in head[first : first + _MOST_LINES]:
        text = cell.text
        if _is_other(text):
            is_ended = True
            break
        is_place = _PLACE.fullmatch(text) and len(text) < _LONGEST_PLACE
        may_end = cells and (_POSTCODE.search(parts[-1]) or _FULL_STOP.search(cells[-1].text))
        if may_end and not (is_place or ADDRESS.search(text)):
            is_ended = True
            break
        kept = _REST.sub("", text)
        parts.append(kept.strip(" ,"))
        cells.append(cell)
        if kept != text:
            is_ended = True
            break
    has_postcode = any(_POSTCODE.search(part) for part in parts)
    if not (has_postcode or len(parts) > 1 or any("," in part for part in parts)):
        return None
    words = tuple(word for cell in cells for word in cell.words)
    parts = [_DOLLAR.sub("S", _NOUGHT.sub("0", part)) for part in parts]
    whole = Cell(words, cells[0].page, cells[0].line)
    score = _WITH_POSTCODE if has_postcode else _ENDED if is_ended else _WITHOUT
    return Candidate(", ".join(parts), whole, score)
