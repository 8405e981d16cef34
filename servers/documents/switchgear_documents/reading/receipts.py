"""The slip of a till: who, when, and the total that cash and change or taxes bear out."""

import re
from collections import Counter
from decimal import Decimal
from statistics import median

from switchgear_documents.reading.codes import read_currency
from switchgear_documents.reading.labels import (
    Candidate,
    beside,
    date_finder,
    find_labels,
    money_finder,
)
from switchgear_documents.reading.names import ADDRESS, LEGAL_FORM, is_like_a_name, tidy
from switchgear_documents.reading.phrases import Phrases, phrases
from switchgear_documents.reading.reading import FieldName
from switchgear_documents.reading.receipt_addresses import read_address
from switchgear_documents.reading.words import Cell, Page
from switchgear_documents.reading.written import Dialect, dates_in, dialect_of

_TOTAL: tuple[Phrases, ...] = (
    phrases("gross", 0.9, r"""
        (?:grand|nett?|bill|invoice|final) ?total|amount ?(?:due|payable)|balance ?due|total ttc|ttc
        total ?(?:amount|amt|amnt|due|payable|sales?)|total ?(?:after )?roundi?n?e?d?\w*
        total ?(?:sales? ?)?\(? ?inc[il]\w*\.?(?: ?of)?(?: ?gst| ?tax| ?vat)?|rounded ?total\w*
        total ?am\w+ ?round\w+|zu zahlen|gesamt(?:betrag|summe)?|endbetrag|summe|net a payer
        totale|totaal|te betalen|total ?rm|total ?with ?gst|total ?\(rm\)|total ?payment
        (?:gross|nett?) ?am(?:ount|t)|am(?:oun)?t ?paid ?inc\w*(?: ?gst)?|total ?\(gst ?inc\w*\)
        """),
    phrases("gross", 0.75, r"""
        total(?! ?<not>)|importe|montant|betrag|amount
        """.replace("<not>", r"(?:qty|quant|items?|exc|gst|tax|disc|sav|saving|point|no|pcs|vat|tva"
                    r"|ht|mwst|sold|round)")),
    phrases("net", 0.6, r"""
        sub ?-?total|total ?(?:sales? ?)?\(? ?exc\w*|zwischensumme|sous[- ]total|netto|total ht
        taxable
        """),
    phrases("tax", 0.7, r"""
        (?:total |add )?(?:gst|sst|vat|tax|mwst|ust|tva|iva|btw)(?: ?(?:amount|payable|amt))?
        service tax
        """),
    phrases("prepaid", 0.9, r"""
        received|(?:received ?)?cash(?! ?(?:sale|sales|bill|ier|&|and|change))|tender(?:ed)?|paid
        visa|master ?card|card|bar|gegeben|esp[eè]ces|contant[ie]?|efectivo|cb|ec-?karte
        payment(?! ?type| ?mode)
        """),
    phrases("due", 0.9, r"change(?: ?due)?|rückgeld|rendu|cambio|resto|wisselgeld|monnaie"),
)  # fmt: skip
_DATE_LABELS = (
    phrases("date", 0.95, r"(?:inv(?:oice)?\.? ?|trans\w*\.? ?|bill ?|tax )?date|datum|fecha|data"),
)
_NOT_THE_NAME = re.compile(
    r"(?:tel|fax|gst|reg|co\.? ?no|roc|tax|invoice|receipt|cash|date|no\.?|lot|jalan|jln|welcome"
    r"|thank|table|malaysia|singapore|deutschland|france|\W*\d(?!\d? [A-Z]{3}))",
    re.IGNORECASE,
)
_SAYS_INVOICE = re.compile(
    r"invoice|receipt|quittung|customer|thank|guest ?check|company ?(?:reg|no)|@|e-?ma[il1]+\W",
    re.IGNORECASE,
)
_FORM = re.compile(rf"(?i:\bS[DOI]N\.? ?BH[DOA8]\b)\.?|S/B\b\.?|\bSB\b|{LEGAL_FORM.pattern}")
_OWNED_BY = re.compile(r"^own(?:ed)? by\W+|^#\d+\s+", re.IGNORECASE)
_MISREAD = re.compile(r"S[OI]N ?BH\w|SDN ?BH[OA8]", re.IGNORECASE)
_LEADING = re.compile(r"^[\W\d]+(?=[^\W\d])")
_REGISTRATION = re.compile(
    r"\W*(?:\(?(?:co|company|roc|reg|gst|ust|vat|siret|kvk|abn|uid)[ .:]"
    r"|\(?[\w-]*\d{5,}-?\w?\)?\W*$)",
    re.IGNORECASE,
)
_SUMMARY = re.compile(r"(?:gst|tax|vat|mwst|tva|sst) ?(?:summary|analysis|code)", re.IGNORECASE)
_HEAD, _HEAD_LINES, _SHORTEST = 0.45, 14, 4
_FORMAL, _PLAIN, _FURTHER_DOWN, _REGISTERED, _LARGE, _CAPITALS = 0.9, 0.5, 0.04, 0.25, 0.12, 0.08
_LARGER = 1.3
_BORNE_OUT, _REPEATED, _WITH_DATE_LABEL, _BY_ITSELF, _SUBTOTAL = 0.25, 0.1, 0.95, 0.85, 0.5
_MOST = 0.95
_COIN = Decimal("0.05")
_LETTERS_ON_A_ROLL = 75


def read_receipt(page: Page) -> dict[FieldName, Candidate]:
    """Return what a slip says of its sale."""
    dialect = dialect_of(page.text)
    found: dict[FieldName, Candidate | None] = {
        "supplier": read_supplier(page),
        "date": read_date(page, dialect),
        "total_gross": read_total(page, dialect),
        "address": read_address(page),
        "currency": read_currency([page], ()),
    }
    return {name: candidate for name, candidate in found.items() if candidate is not None}


def is_slip(page: Page) -> bool:
    """Tell whether the page is a picture of paper as narrow as a till prints on."""
    if all(word.confidence == 1 for word in page.words):
        return False
    letters = [word.box.width / len(word.text) for word in page.words if len(word.text) > 1]
    return bool(letters) and median(letters) > 1 / _LETTERS_ON_A_ROLL


def read_supplier(page: Page) -> Candidate | None:
    """Return the shop: its legal form, a registration number below and large print speak for it."""
    head = [line[0] for line in page.lines[:_HEAD_LINES] if line[0].box.top < _HEAD]
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


def _as_name(cell: Cell, before: Cell | None) -> Candidate | None:
    text = _OWNED_BY.sub("", cell.text)
    if _NOT_THE_NAME.match(text) or _SAYS_INVOICE.search(text):
        return None
    form = _FORM.search(text)
    if form is not None:
        said = _MISREAD.sub("SDN BHD", form[0])
        name = _LEADING.sub("", text[: form.start()] + said)
        if len(name) <= len(said) + 1:  # the form stands alone: the name is the line before
            if before is None or _NOT_THE_NAME.match(before.text) or ADDRESS.search(before.text):
                return None
            both = Cell((*before.words, *cell.words), cell.page, before.line)
            return Candidate(tidy(f"{before.text} {name}"), both, _FORMAL)
        return Candidate(tidy(name), cell, _FORMAL)
    bare = re.sub(r"\s*\([\w -]*\d[\w -]*\)\s*$", "", text)
    if not is_like_a_name(bare) or len(bare) < _SHORTEST:
        return None
    return Candidate(tidy(bare), cell, _PLAIN)


def read_date(page: Page, dialect: Dialect) -> Candidate | None:
    """Return the day of the sale: the one by its label, else the first."""
    labels = find_labels([page], _DATE_LABELS)
    find = date_finder(dialect)
    found = [c for label in labels for c in beside(label, page, find)]
    if found:
        best = max(found, key=lambda c: c.score)
        return best._replace(score=min(best.score, _WITH_DATE_LABEL))
    for cell in page.cells:
        for day in dates_in(cell.text, dialect):
            return Candidate(day.value, cell.part(day.start, day.end), _BY_ITSELF)
    return None


def read_total(page: Page, dialect: Dialect) -> Candidate | None:
    """Return the total: the one of those so labelled that most else on the slip bears out."""
    page = _before_summary(page)
    labels = find_labels([page], _TOTAL)
    money = money_finder(dialect)
    by_role: dict[str, list[Candidate]] = {}
    for label in labels:
        by_role.setdefault(label.role, []).extend(
            c for c in beside(label, page, money, rows=1) if Decimal(c.value) > 0
        )
    totals = by_role.get("gross", [])
    if not totals:
        totals = [c._replace(score=c.score * 0.6) for c in by_role.get("prepaid", [])]
    if not totals:
        return None
    paid = {Decimal(c.value) for c in by_role.get("prepaid", [])}
    change = {Decimal(c.value) for c in by_role.get("due", [])}
    netted = {
        Decimal(net.value) + Decimal(tax.value)
        for net in by_role.get("net", [])
        for tax in by_role.get("tax", [])
    }
    handed = {one - other for one in paid for other in change} if any(change) else paid
    totals += [c._replace(score=_SUBTOTAL) for c in by_role.get("net", [])]
    shown = Counter(value.value for cell in page.cells for value in money(cell.text))
    amounts = {Decimal(c.value) for c in totals}
    return max((_weighed(c, handed, netted, shown, amounts) for c in totals), key=lambda c: c.score)


def _weighed(
    candidate: Candidate,
    handed: set[Decimal],
    netted: set[Decimal],
    shown: Counter[str],
    amounts: set[Decimal],
) -> Candidate:
    amount = Decimal(candidate.value)
    score = candidate.score
    score += _BORNE_OUT if amount in handed else 0.0
    score += _BORNE_OUT / 2 if amount in netted else 0.0
    score += _REPEATED if shown[candidate.value] > 1 else 0.0
    is_round = amount % _COIN == 0
    if is_round and any(0 < abs(other - amount) < _COIN for other in amounts):
        score += _REPEATED  # a till rounds to the smallest coin
    return candidate._replace(score=score)


def _before_summary(page: Page) -> Page:
    """Return the page down to where the till sums up its taxes: totals there are of no sale."""
    for cell in page.cells:
        if _SUMMARY.search(cell.text) and cell.box.top > _HEAD:
            kept = tuple(word for word in page.words if word.box.middle < cell.box.top)
            return Page(page.number, kept, page.aspect)
    return page
