"""Whose till printed a slip: the name in its head, as a company or a shop writes it."""

import re

from switchgear_documents.reading.labels import Candidate
from switchgear_documents.reading.names import ADDRESS, LEGAL_FORM, is_like_a_name, tidy
from switchgear_documents.reading.receipt_lines import joined
from switchgear_documents.reading.words import Cell, Page

_NOT_THE_NAME = re.compile(
    r"(?:tel|fax|reg|roc|tax|no|lot|invoice|receipt|cash|date|table|jalan|jln)(?![^\W\d_])"
    r"|(?:tel ?no|gst|registration|co\.? ?no|tax ?inv|cashier|welcome|thank|malaysia|singapore"
    r"|deutschland|france|\W*\d(?!\d? [A-Z]{3}))",
    re.IGNORECASE,
)
_SAYS_INVOICE = re.compile(
    r"invoice|receipt|quittung|customer|thank|guest ?check|company ?(?:reg|no)|@|e-?ma[il1]+\W",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"(?i:\bS[DOI]N\.? ?BH[DOA8]\b)\.?|S/B\b\.?|\bSB\b|\bBHD\b\.?"
    rf"|\bCO\.|{LEGAL_FORM.pattern}"
)
_OF_A_NUMBER = re.compile(r"\W*(?:no|reg)\b", re.IGNORECASE)
"""What stands behind `Co.` where it is the company's number that follows."""
_BETWEEN_FORMS = 14
_OWNED_BY = re.compile(r"^own(?:ed)? by\W+|^#\d+\s+", re.IGNORECASE)
_MISREAD = re.compile(r"S[OI]N ?BH\w|SDN ?BH[OA8]", re.IGNORECASE)
_LEADING = re.compile(r"^[\W\d]+(?=[^\W\d])")
_REGISTRATION = re.compile(
    r"\W*(?:\(?(?:co|company|roc|reg|gst|ust|vat|siret|kvk|abn|uid)[ .:]"
    r"|\(?(?:[\w-]{0,20}?)\d{5,20}-?\w?\)?\W*$)",
    re.IGNORECASE,
)
_HEAD, _HEAD_LINES, _SHORTEST = 0.45, 14, 4
_FORMAL, _PLAIN, _FURTHER_DOWN, _REGISTERED, _LARGE, _CAPITALS = 0.9, 0.5, 0.04, 0.25, 0.12, 0.08
_LARGER, _MOST = 1.3, 0.95
_ONE_PRINT, _FULL, _NEAR = 0.25, 2.0, 0.1


def read_supplier(page: Page) -> Candidate | None:
    """Return the shop: its legal form, a registration number below and large print speak for it."""
    lines = (line for line in page.lines[:_HEAD_LINES] if line[0].box.top < _HEAD)
    head = [joined(line, _NEAR, _NOT_THE_NAME) for line in lines]
    best: Candidate | None = None
    for place, cell in enumerate(head):
        following = head[place + 1].text if place + 1 < len(head) else ""
        candidate = _as_name(cell, head[place - 1] if place else None)
        if candidate is None:
            continue
        score = candidate.score - _FURTHER_DOWN * place
        score += _REGISTERED if _REGISTRATION.match(following) else 0.0
        score += _LARGE if cell.box.height > page.line_height * _LARGER else 0.0
        score += _CAPITALS if candidate.value.isupper() else 0.0
        if best is None or score > best.score:
            best = candidate._replace(score=score)
    return best and best._replace(score=min(best.score, _MOST))


def _whole_form(text: str) -> re.Match[str] | None:
    """Return the legal form, of several close together the last."""
    whole: re.Match[str] | None = None
    for form in _FORM.finditer(text):
        if _OF_A_NUMBER.match(text, form.end()):
            continue
        if whole is None or form.start() - whole.end() < _BETWEEN_FORMS:
            whole = form
    return whole


def _as_name(cell: Cell, before: Cell | None) -> Candidate | None:
    text = _OWNED_BY.sub("", cell.text)
    if _NOT_THE_NAME.match(text) or _SAYS_INVOICE.search(text):
        return None
    form = _whole_form(text)
    if form is not None:
        return _formal_name(text, form, cell, before)
    bare = re.sub(r"\s*\([\w -]*\d[\w -]*\)\s*$", "", text)
    if not is_like_a_name(bare) or len(bare) < _SHORTEST:
        return None
    return Candidate(tidy(bare), cell, _PLAIN)


def _formal_name(
    text: str, form: re.Match[str], cell: Cell, before: Cell | None
) -> Candidate | None:
    """Return the name up to its form; where that stands alone, the line before belongs to it."""
    said = _MISREAD.sub("SDN BHD", form[0])
    name = _LEADING.sub("", text[: form.start()] + said)
    first = _first_line(cell, before, name[: -len(said)])
    if len(name) <= len(said) + 1:
        if before is None or _NOT_THE_NAME.match(before.text) or ADDRESS.search(before.text):
            return None
        first = before
    if first is None:
        return Candidate(tidy(name), cell, _FORMAL)
    both = Cell((*first.words, *cell.words), cell.page, first.line)
    return Candidate(tidy(f"{first.text} {name}"), both, _FORMAL)


def _first_line(cell: Cell, before: Cell | None, name: str) -> Cell | None:
    """Return the line before, if a name that did not fit on it goes on here with its last word."""
    if before is None or len(name.split()) > 1 or cell.text.isupper() != before.text.isupper():
        return None
    is_one_print = abs(before.box.height - cell.box.height) < _ONE_PRINT * cell.box.height
    is_full = before.box.width > _FULL * cell.part(0, len(name)).box.width
    is_name = is_like_a_name(before.text) and not _FORM.search(before.text)
    is_other = _NOT_THE_NAME.match(before.text) or _SAYS_INVOICE.search(before.text)
    return before if is_one_print and is_full and is_name and not is_other else None
