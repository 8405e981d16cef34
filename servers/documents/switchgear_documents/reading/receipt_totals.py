"""What was to be paid by a slip: the total that cash and change, sums or taxes bear out."""

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from switchgear_documents.reading.labels import (
    Candidate,
    Finder,
    Value,
    beside,
    find_labels,
    money_finder,
)
from switchgear_documents.reading.phrases import phrases
from switchgear_documents.reading.wording import Wording
from switchgear_documents.reading.words import Page
from switchgear_documents.reading.written import Dialect

_TOTAL = Wording((
    phrases("gross", 0.9, r"""
        (?:grand|nett?|bill|invoice|final) ?total|amount ?(?:due|payable)|balance ?due|total ttc|ttc
        total ?(?:amount|amt|amnt|due|payable|sales?)|total ?(?:after )?roundi?n?e?d?\w*
        total ?(?:sales? ?)?\(? ?inc[il]\w*\.?(?: ?of)?(?: ?gst| ?tax| ?vat)?|rounded ?total\w*
        total ?am\w+ ?round\w+|zu zahlen|gesamt(?:betrag|summe)?|endbetrag|summe|net a payer
        total ?compra|importe ?total|(?:total )?a pagar|(?:totale )?da pagare|totale complessivo
        (?:total )?[aà] payer|totale|totaal|te betalen|total ?rm|total ?with ?gst|total ?\(rm\)
        total ?payment
        (?:gross|nett?) ?am(?:ount|t)|am(?:oun)?t ?paid ?inc\w*(?: ?gst)?|total ?\(gst ?inc\w*\)
        """),
    phrases("gross", 0.75, r"""
        total(?! ?<not>)|importe(?! ?(?:iva|neto))|montant(?! ?(?:tva|ht))|betrag|amount
        """.replace("<not>", r"(?:qty|quant|items?|exc|gst|tax|disc|sav|saving|point|no|pcs|vat|tva"
                    r"|ht|mwst|sold|round)")),
    phrases("net", 0.6, r"""
        sub ?-?total|total ?(?:sales? ?)?\(? ?exc\w*|zwischensumme|sous[- ]total|netto|total ht
        taxable
        """),
    phrases("tax", 0.7, r"""
        (?:total |add |montant )?(?:gst|sst|vat|tax|mwst|ust|tva|iva|btw)
        (?:gst|sst|vat|tax) ?(?:amount|payable|amt)
        service tax
        """),
    phrases("prepaid", 0.9, r"""
        received|(?:received ?)?cash(?! ?(?:sale|sales|bill|ier|&|and|change))|tender(?:ed)?|paid
        visa|master ?card|card|bar|gegeben|esp[eè]ces|contant[ie]?|efectivo|cb|ec-?karte|girocard
        carte(?: bancaire)?(?! ?fid)|tarjeta(?: bancaria)?|bancomat|pin(?:nen)?|kreditkarte
        payment(?! ?type| ?mode)
        """),
    phrases("due", 0.9, r"change(?: ?due)?|rückgeld|rendu|cambio|resto|wisselgeld|monnaie"),
))  # fmt: skip
_SUMMARY = re.compile(r"(?:gst|tax|vat|mwst|tva|sst) ?(?:summary|analysis|code)", re.IGNORECASE)
_ONE = re.compile(r"(?<=RM)[Il|](?=\d)")
_NOUGHT = re.compile(r"(?<=[\d.,])[Oo](?=[\d.,]|\b)|(?<=\d[.,]\d)[Oo]\b")
_MARK = re.compile(r"(?<=\d)[-:;·](?=\d\d\W*$)")
_BARE_AMOUNT = re.compile(r"\W*(?:RM|[A-Z]{3}|[€$£])?\s?\d{1,4}[-:;·]\d\d\W*")
_TORN = re.compile(r"(?<![\d.,])(\d{1,4}[.,]) (\d\d)(?!\d)")
_HEAD = 0.45
_BORNE_OUT, _REPEATED, _SUBTOTAL = 0.25, 0.1, 0.5
_COIN = Decimal("0.05")


def read_total(page: Page, dialect: Dialect) -> Candidate | None:
    """Return the total: the one of those so labelled that most else on the slip bears out."""
    page = _before_summary(page)
    labels = find_labels([page], _TOTAL)
    money = _as_printed(money_finder(dialect))
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
    totals += [whole for c in totals for whole in _whole(c, handed)]
    shown = Counter(value.value for cell in page.cells for value in money(cell.text))
    amounts = {Decimal(c.value) for c in totals}
    return max((_weighed(c, handed, netted, shown, amounts) for c in totals), key=lambda c: c.score)


def _whole(candidate: Candidate, handed: set[Decimal]) -> Iterator[Candidate]:
    """Yield what was handed over where the amount is the same without its first digit."""
    for paid in handed:
        said = format(paid, "f")
        if len(said) == len(candidate.value) + 1 and said.endswith(candidate.value):
            yield candidate._replace(value=said)


def _as_printed(find: Finder) -> Finder:
    """Return what finds amounts although an engine took a digit or their mark for another sign."""

    def found(text: str) -> Iterator[Value]:
        text = _NOUGHT.sub("0", _ONE.sub("1", text))
        if _BARE_AMOUNT.fullmatch(text):
            text = _MARK.sub(".", text)
        text = _TORN.sub(r"\1\2 ", text)
        return find(text)

    return found


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
