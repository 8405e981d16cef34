"""Collecting the fields and lines of an XML invoice, whatever its syntax."""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml ships no types

from switchgear_documents.reading.extract import AmountName, Extract, TaxPart
from switchgear_documents.reading.markup import (
    Element,
    find,
    find_all,
    find_text,
    place_of,
    step_of,
    text_of,
)
from switchgear_documents.reading.reading import (
    Check,
    DocumentType,
    FieldName,
    FieldReading,
    InvoiceLine,
)

_TEXTS = etree.XPath("//text()", smart_strings=False)
_DECIMAL = re.compile(r"[+-]?(\d{1,24}(\.\d{0,12})?|\.\d{1,12})")
_AS_WRITTEN = re.compile(r"-?(?:0|[1-9]\d{0,23})(?:\.\d{1,12})?")
_DATE_PARTS = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(Z|[+-]\d{2}:?\d{2}|T.*)?")

TOTAL_FIELDS: dict[FieldName, AmountName] = {
    "total_net": "net",
    "total_tax": "tax",
    "total_gross": "gross",
    "total_due": "due",
}

_CODES: dict[DocumentType, str] = {
    "invoice": (
        "80 82 84 130 202 203 204 211 218 219 295 325 326 331 380 382 383 384 385 386 387 388 389 "
        "390 393 394 395 456 457 463 500 501 502 503 527 553 575 623 633 751 780 817 870 875 876 "
        "877 935"
    ),
    "credit_note": "81 83 261 262 296 308 381 396 420 458 532",
    "purchase_order": "105 220 221 224 225 226 227",
    "order_confirmation": "231 320",
    "delivery_note": "270 351",
}
TYPE_OF_CODE: dict[str, DocumentType] = {
    code: kind for kind, codes in _CODES.items() for code in codes.split()
}
"""UNTDID 1001: which document a type code stands for."""


def parse_decimal(text: str) -> Decimal | None:
    """Return the xs:decimal that `text` spells, or None."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def parse_date(text: str) -> date | None:
    """Return the day that an ISO 8601 or CCYYMMDD date starts with, or None."""
    match = _DATE_PARTS.fullmatch(text)
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def plain(number: Decimal) -> str:
    """Return the number in digits, never with an exponent."""
    return format(number, "f")


class FieldFinder:
    """Fills an Extract from the elements of one XML document.

    Each method takes candidates in order of preference and keeps the first that holds text; a
    document without any of them simply lacks the field.
    """

    def __init__(self, root: Element, extract: Extract) -> None:
        self._root = root
        self._places: dict[Element, str] = {}
        self.extract = extract

    def add_text(self, name: FieldName, *paths: str) -> None:
        """Add a field that is text as it stands."""
        self.add_element(name, self._first(paths))

    def add_element(self, name: FieldName, element: Element | None) -> None:
        """Add the text of `element`, if there is one."""
        if element is not None:
            self._add(name, text_of(element), element)

    def add_joined(
        self, name: FieldName, elements: Iterable[Element | None], separator: str
    ) -> None:
        """Add the texts of those elements that there are, as one; its place is the first one's."""
        there = [element for element in elements if element is not None]
        if there:
            self._add(name, separator.join(text_of(element) for element in there), there[0])

    def add_date(self, name: FieldName, *paths: str) -> None:
        """Add a date, turned into ISO 8601; one that is no date stays as written and fails."""
        element = self._first(paths)
        if element is None:
            return
        day = parse_date(text_of(element))
        if day is None:
            self._fail(f"{name}_is_a_date", element)
        self._add(name, day.isoformat() if day else text_of(element), element)

    def add_amounts(self, elements: Mapping[AmountName, Element | None]) -> None:
        """Take the amounts in, and make fields of those that are totals."""
        for amount, element in elements.items():
            number = self.number(element)
            if number is not None:
                self.extract.amounts[amount] = number
        for name, amount in TOTAL_FIELDS.items():
            element = elements.get(amount)
            if element is not None:
                number = self.extract.amounts.get(amount)
                self._add(name, text_of(element) if number is None else plain(number), element)

    def add_sum(self, amount: AmountName, elements: Iterable[Element]) -> None:
        """Take in a total that the document states in parts, none where there is no part."""
        stated = [(self.number(element), element) for element in elements]
        numbers = [(number, element) for number, element in stated if number is not None]
        if numbers:
            total = sum((number for number, _ in numbers), Decimal(0))
            self.add_total(amount, total, numbers[0][1])

    def add_total(self, amount: AmountName, number: Decimal, element: Element) -> None:
        """Take in an amount, and make a field of it where it is a total."""
        self.extract.amounts[amount] = number
        for name, total in TOTAL_FIELDS.items():
            if total == amount:
                self._add(name, plain(number), element)

    def add_tax_parts(self, elements: Iterable[Element]) -> None:
        """Take in the tax amounts of the categories."""
        parts = [self.number(element) for element in elements]
        self.extract.tax_parts.extend(part for part in parts if part is not None)

    def add_change(self, element: Element | None, *, is_charge: bool) -> None:
        """Take in an allowance or a charge of the whole document."""
        number = None if element is None else parse_decimal(text_of(element))
        if number is not None:
            (self.extract.charges if is_charge else self.extract.allowances).append(number)

    def add_tax_part(
        self, base: Element | None, percent: Element | None, tax: Element | None
    ) -> None:
        """Take in the tax of one rate, if it states all three."""
        elements = (base, percent, tax)
        base_, percent_, tax_ = (None if e is None else parse_decimal(text_of(e)) for e in elements)
        if base_ is not None and percent_ is not None and tax_ is not None:
            self.extract.taxes.append(TaxPart(base_, percent_, tax_))

    def number(self, element: Element | None) -> Decimal | None:
        """Return the element's number; text that is no number is a failed check."""
        if element is None:
            return None
        number = parse_decimal(text_of(element))
        if number is None:
            self._fail("amount_is_a_number", element)
        return number

    def digits(self, element: Element | None) -> str | None:
        """Return the element's number as `plain` writes it, which it mostly is already."""
        if element is None:
            return None
        text = text_of(element)
        return text if _AS_WRITTEN.fullmatch(text) else optional(self.number(element))

    def unit_price(self, price: Element | None, per: Element | None) -> str | None:
        """Return the price of one unit where the document states it per `per` units."""
        if per is None:
            return self.digits(price)
        return unit_price(self.number(price), self.number(per))

    def add_order_of_lines(self, path: str) -> None:
        """Add the order that the lines name, where the document as a whole names none.

        Lines of several orders leave the first one, with the confidence that it is the one meant.
        """
        if any(field.name == "order_ref" for field in self.extract.fields):
            return
        named = [element for element in find_all(self._root, path) if text_of(element)]
        orders = {text_of(element) for element in named}
        if orders:
            self._add("order_ref", text_of(named[0]), named[0], confidence=1 / len(orders))
        if len(orders) > 1:
            detail = f"the lines refer to {len(orders)} orders"
            self.extract.malformed.append(Check(name="one_order", passed=False, detail=detail))

    def add_line(self, line: InvoiceLine, *, counts: bool = True) -> None:
        """Add a line; one that only groups or explains others does not count in the sum."""
        self.extract.lines.append(line)
        if counts and line.net is not None:
            self.extract.line_nets.append(Decimal(line.net))

    def _first(self, paths: Iterable[str]) -> Element | None:
        return next((e for p in paths if (e := find(self._root, p)) is not None), None)

    def _add(
        self, name: FieldName, value: str, element: Element, *, confidence: float = 1.0
    ) -> None:
        self.extract.fields.append(
            FieldReading(name=name, value=value, confidence=confidence, place=self._place(element))
        )

    def _place(self, element: Element) -> str:
        """Return `place_of` the element; many fields stand in the same few elements."""
        parent = element.getparent()
        if parent is None:
            return place_of(element)
        if parent not in self._places:
            self._places[parent] = self._place(parent)
        return f"{self._places[parent]}/{step_of(element)}"

    def _fail(self, name: str, element: Element) -> None:
        detail = f"{text_of(element)[:60]!a} at {place_of(element)}"
        self.extract.malformed.append(Check(name=name, passed=False, detail=detail))


def unit_price(price: Decimal | None, per: Decimal | None) -> str | None:
    """Return the price of one unit where the document states it per `per` units."""
    if price is None:
        return None
    if per is None or per in (0, 1):
        return plain(price)
    return plain((price / per).normalize())


def optional(number: Decimal | None) -> str | None:
    """Return the number in digits, or None."""
    return None if number is None else plain(number)


def all_text(root: Element) -> str:
    """Return every text of the document, one per line, in document order."""
    return "\n".join([" ".join(text.split()) for text in _TEXTS(root) if not text.isspace()])


def claims_en16931(customization: str | None) -> bool:
    """Say whether the document claims to follow EN 16931, by the id of its specification."""
    return customization is not None and customization.startswith("urn:cen.eu:en16931:")


def type_code(root: Element, *paths: str) -> tuple[str | None, DocumentType | None]:
    """Return the document's UNTDID 1001 code and the type it stands for, if known."""
    code = find_text(root, *paths)
    return code, TYPE_OF_CODE.get(code or "")
