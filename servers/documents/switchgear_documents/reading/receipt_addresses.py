"""Where the shop is that printed a slip: the lines below its name, down to its telephone."""

import re
from collections.abc import Sequence

from switchgear_documents.reading.labels import Candidate
from switchgear_documents.reading.names import ADDRESS, LEGAL_FORM
from switchgear_documents.reading.words import Cell, Page

_STARTS = re.compile(
    r"(?:no\.?\W?\s?\w{0,3}\d|(?:lot|unit|shop|suite|level|block|blk|bl?dg)\b|pt ?\d"
    r"|(?:ground|gnd|\d\w\w) ?(?:floor|flr)|\d{1,4}\w?(?:[-/&]\d+\w?)*,? \w*[^\W\d]{3}"
    r"|[A-Z]{1,3}(?:-[A-Z\d]{1,3}){1,3}, ?\w)",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"\W*(?:te[l1]\b|tel\w*\W|t[ée]l|phone|ph\W|h/?p\W|fax|hotline|mobile|contact|gst|sst|reg\b"
    r"|regist|roc\b|co\.? ?(?:no|reg)|company|(?:ta.? ?)?(?:invoice|receipt)\b|tax\b|simplified"
    r"|inv\b|bill\b|bon\b|ticket|cash|kasse|caisse|date\b|datum|doc\b|document|order|table|tisch"
    r"|served|e-?mail|web\b|www|http|\S+@|customer|member|pax|thank|welcome|time\b|ust|vat\b|tva"
    r"|siret|kvk|abn\b|p\.? ?iva|cif\b|nif\b|btw\b|\(?\d{5,}-?\w?\)?\W*$|\(?\d{6,})",
    re.IGNORECASE,
)
_REST = re.compile(r"\s*[,(]?\s*\b(?:te[l1]|phone|fax|gst|e-?mail)\b.*$", re.IGNORECASE)
_POSTCODE = re.compile(r"\b\d{4,6}\b|\b[A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2}\b|\b\d{4} ?[A-Z]{2}\b")
_PLACE = re.compile(r"[^\W\d]{3,}(?:[ ,.]+[^\W\d]+){0,3}\W*")
_NUMBERS = re.compile(r"\d[.,]\d\d\b|\d\d?[/.:-]\d\d?[/.:-]\d\d|\d:\d\d")
_HEAD_LINES, _MOST_LINES, _LONGEST_PLACE = 18, 6, 40
_WITH_POSTCODE, _WITHOUT = 0.6, 0.45


def read_address(page: Page) -> Candidate | None:
    """Return the address as one line, its parts with commas between; None where none is clear."""
    head = [line[0] for line in page.lines[: _HEAD_LINES + _MOST_LINES]]
    for place, cell in enumerate(head[:_HEAD_LINES]):
        if _can_belong(cell.text) and (ADDRESS.search(cell.text) or _STARTS.match(cell.text)):
            found = _from(head, _first(head, place))
            if found is not None:
                return found
    return None


def _can_belong(text: str) -> bool:
    return not (_ENDS.match(text) or _NUMBERS.search(text) or LEGAL_FORM.search(text))


def _first(head: Sequence[Cell], place: int) -> int:
    """Return where it starts: what stands above with commas is a part of it that has no street."""
    while place and "," in head[place - 1].text and _can_belong(head[place - 1].text):
        place -= 1
    return place


def _from(head: Sequence[Cell], first: int) -> Candidate | None:
    parts: list[str] = []
    cells: list[Cell] = []
    for cell in head[first : first + _MOST_LINES]:
        text = cell.text
        if _ENDS.match(text) or _NUMBERS.search(text):
            break
        is_place = _PLACE.fullmatch(text) and len(text) < _LONGEST_PLACE
        if parts and _POSTCODE.search(parts[-1]) and not is_place:
            break
        kept = _REST.sub("", text)
        parts.append(kept.strip(" ,"))
        cells.append(cell)
        if kept != text:
            break
    has_postcode = any(_POSTCODE.search(part) for part in parts)
    if not (has_postcode or len(parts) > 1 or any("," in part for part in parts)):
        return None
    words = tuple(word for cell in cells for word in cell.words)
    whole = Cell(words, cells[0].page, cells[0].line)
    return Candidate(", ".join(parts), whole, _WITH_POSTCODE if has_postcode else _WITHOUT)
