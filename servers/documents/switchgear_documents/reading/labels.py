"""Fields of an invoice page by their labels: a modest first guess, and said to be one."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import NamedTuple

from switchgear_documents.reading.reading import FieldName, FieldReading
from switchgear_documents.reading.written import find_amount, find_date
from switchgear_shared.contracts.currencies import MINOR_DIGITS

_FORM_ALONE = 0.8
_NEXT_LINE = 0.8
_LONGEST_LINE = 300

_NUMBER = re.compile(r"(?=[\w./-]*\d)[A-Za-z0-9][\w./-]{0,29}")
_SIGNS = {"€": "EUR", "£": "GBP", "zł": "PLN", "₹": "INR", "US$": "USD"}
_CURRENCY = re.compile(r"\b[A-Z]{3}\b|€|£|zł|₹|US\$")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")


class _Rule(NamedTuple):
    name: FieldName
    label: re.Pattern[str]
    value: Callable[[str], str | None]
    confidence: float


def read_labels(page_texts: tuple[str, ...]) -> list[FieldReading]:
    """Return at most one value for each field: the first that stands by its label.

    The gross total is the largest of those that stand by such a label, since every part of it may
    be called a total too. The confidences stay a little below the share that was right on 58 pages
    of known truth, and below that for the line after the label.
    """
    found: dict[FieldName, FieldReading] = {}
    for place, line, following in _lines(page_texts):
        for rule in _RULES:
            earlier = found.get(rule.name)
            if earlier is not None and rule.name != "total_gross":
                continue
            reading = _apply(rule, place, line, following)
            if reading is not None and (earlier is None or _larger(reading, earlier)):
                found[rule.name] = reading
        for reading in _unlabelled(place, line):
            found.setdefault(reading.name, reading)
    return list(found.values())


def _lines(page_texts: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for page, text in enumerate(page_texts, start=1):
        lines = [line.strip()[:_LONGEST_LINE] for line in text.splitlines()]
        for number, line in enumerate(lines, start=1):
            yield f"page {page}, line {number}", line, next(iter(lines[number:]), "")


def _apply(rule: _Rule, place: str, line: str, following: str) -> FieldReading | None:
    label = rule.label.search(line)
    if label is None:
        return None
    for text, share in ((line[label.end() :], 1.0), (following, _NEXT_LINE)):
        value = rule.value(text)
        if value is not None:
            confidence = round(rule.confidence * share, 2)
            return FieldReading(name=rule.name, value=value, confidence=confidence, place=place)
    return None


def _larger(one: FieldReading, other: FieldReading) -> bool:
    return Decimal(one.value) > Decimal(other.value)


def _unlabelled(place: str, line: str) -> Iterator[FieldReading]:
    """Yield what needs no label: an account by its form, a currency beside the amounts."""
    if iban := _IBAN.search(line):
        yield FieldReading(name="iban", value=iban[0], confidence=_FORM_ALONE, place=place)
    for sign in _CURRENCY.findall(line) if any(c.isdigit() for c in line) else ():
        code = _SIGNS.get(sign, sign)
        if code in MINOR_DIGITS:
            yield FieldReading(name="currency", value=code, confidence=_FORM_ALONE, place=place)
            return


def _number(text: str) -> str | None:
    match = _NUMBER.match(text.strip(" \t:#.°|"))
    if match is None or find_date(match[0]):
        return None
    return match[0].rstrip(".-/")


def _label(*phrases: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE)


_NO = r"\s*[-.:]?\s*(?:no\b|nr\b|num(?:mer|ber|éro|ero)?\b|n[°º]|#|id\b)\.?"
_RULES = (
    _Rule(
        "number",
        re.compile(
            rf"(?<!\w)(?:\w*rechnung(?: \(\d+\))?|rechnungs|invoice|facture|factura|fattura|factuur"
            rf"|avoir|gutschrifts?|credit note|beleg){_NO}"
            r"|(?:rechnung|factuur)s?nummer|numéro de (?:la )?facture|número de (?:la )?factura",
            re.IGNORECASE,
        ),
        _number,
        0.85,
    ),
    _Rule(
        "due_date",
        _label(
            r"due(?: date| on| by)?", r"pay(?:able|ment)? by", r"fällig(?:keit)?(?:sdatum| am)?",
            r"zahlbar bis(?: zum)?", r"(?:date d.)?échéance", r"(?:fecha de )?vencimiento",
            r"(?:data di )?scadenza", r"vervaldatum",
        ),
        find_date,
        0.85,
    ),
    _Rule(
        "date",
        _label(
            r"(?:invoice|issue|bill(?:ing)?) date", r"(?:rechnungs|beleg)-?datum",
            r"date (?:de (?:la )?facture|d.émission)", r"fecha(?: de (?:la )?factura)?",
            r"data(?: (?:della )?fattura)?", r"factuurdatum", r"date", r"datum",
            r"\w*rechnung.{0,40} vom",
        ),
        find_date,
        0.8,
    ),
    _Rule(
        "order_ref",
        re.compile(
            rf"(?<!\w)(?:p\.?o\.?|purchase order|your order|bestellung|bestell|auftrag|order"
            rf"|(?:bon de )?commande|pedido|ordine|bestelling){_NO}"
            r"|(?<!\w)(?:bestell|order)nummer|(?<!\w)bestellung\s*:",
            re.IGNORECASE,
        ),
        _number,
        0.85,
    ),
    _Rule(
        "total_gross",
        _label(
            r"(?:grand|invoice|gross) total", r"total (?:amount|ttc|gross|incl\w*\.? \w+|due)",
            r"(?:rechnungs|gesamt|brutto|end|rechnungsend)-?(?:betrag|summe)(?: brutto)?",
            r"bruttosumme", r"montant ttc", r"importe total", r"total factura",
            r"totale (?:fattura|documento)", r"totaal(?:bedrag)?", r"amount due",
            r"total(?! (?:ht|net|tax|vat|excl|mwst|tva))",
        ),
        find_amount,
        0.7,
    ),
    _Rule(
        "total_net",
        _label(
            r"(?:net|sub)[ -]?total", r"(?:total|montant) (?:ht|net)", r"netto-?(?:betrag|summe)",
            r"(?:gesamt|summe) netto", r"total excl\w*\.? \w+", r"base imponible", r"imponibile",
            r"subtotaal",
        ),
        find_amount,
        0.4,
    ),
)  # fmt: skip
