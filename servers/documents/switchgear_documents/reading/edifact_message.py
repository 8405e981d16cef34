"""INVOIC, ORDERS, ORDRSP, DESADV and the head of FINSTA, after EANCOM D.96A and D.01B."""

import re
from datetime import date
from decimal import Decimal

from switchgear_documents.reading.edifact import Segment, read_interchange
from switchgear_documents.reading.einvoice import (
    TYPE_OF_CODE,
    optional,
    parse_decimal,
    plain,
    unit_price,
)
from switchgear_documents.reading.extract import AmountName, Extract
from switchgear_documents.reading.reading import (
    Check,
    DocumentType,
    FieldName,
    FieldReading,
    InvoiceLine,
)

TYPES: dict[str, DocumentType] = {
    "INVOIC": "invoice",
    "ORDERS": "purchase_order",
    "ORDCHG": "purchase_order",
    "ORDRSP": "order_confirmation",
    "DESADV": "delivery_note",
    "FINSTA": "bank_statement",
    "BANSTA": "bank_statement",
}

_DATES: dict[str, FieldName] = {
    "137": "date",
    "13": "due_date",
    "140": "due_date",
    "2": "delivery_date",
    "17": "delivery_date",
    "35": "delivery_date",
    "69": "delivery_date",
}
_PARTIES: dict[str, FieldName] = {
    "SU": "supplier",
    "SE": "supplier",
    "BY": "buyer",
    "IV": "buyer",
}
_REFERENCES: dict[str, FieldName] = {"ON": "order_ref", "CO": "order_ref"}
_AMOUNTS: dict[str, AmountName] = {
    "79": "line_total",
    "125": "net",
    "124": "tax",
    "150": "tax",
    "176": "tax",
    "77": "gross",
    "39": "gross",
    "86": "gross",
    "9": "due",
    "113": "prepaid",
    "260": "allowances",
    "259": "charges",
}
_TOTALS: dict[AmountName, FieldName] = {
    "net": "total_net",
    "tax": "total_tax",
    "gross": "total_gross",
    "due": "total_due",
}
_QUANTITIES = ("47", "12", "21", "113")
_LINE_NET = "203"
_BUYERS_ITEM = ("IN", "BP")
_DATE_FORMATS = {"102": 8, "203": 12, "204": 14}
_TWO_DIGIT_YEAR = "101"


def read_edifact(text: str) -> Extract:
    """Read the first message; an interchange of several documents says so by a failed check."""
    interchange = read_interchange(text)
    reader = _Reader(interchange.messages[0])
    extract = reader.extract
    extract.malformed.extend(interchange.malformed)
    if len(interchange.messages) > 1:
        detail = f"the interchange holds {len(interchange.messages)} documents, the first is read"
        extract.malformed.append(Check(name="one_document", passed=False, detail=detail))
    return extract


class _Reader:
    """Goes through a message once; what a segment is about depends on those before it."""

    def __init__(self, message: tuple[Segment, ...]) -> None:
        kind = message[0].at(1)
        self.extract = Extract(TYPES.get(kind, "other"), "signature/edifact")
        self._party: FieldName | None = None
        self._line: dict[str, str | None] | None = None
        self._orders: set[str] = set()
        self._places: dict[AmountName, Segment] = {}
        self._bases: list[Decimal] = []
        self._has_ended = self._is_of_a_tax = False
        readers = {
            "BGM": self._read_bgm,
            "DTM": self._read_dtm,
            "RFF": self._read_rff,
            "NAD": self._read_nad,
            "FII": self._read_fii,
            "CUX": self._read_cux,
            "LIN": self._read_lin,
            "PIA": self._read_pia,
            "IMD": self._read_imd,
            "QTY": self._read_qty,
            "MOA": self._read_moa,
            "PRI": self._read_pri,
            "TAX": self._read_tax,
            "UNS": self._read_uns,
        }
        for segment in message:
            if self.extract.document_type == "bank_statement" and segment.tag == "LIN":
                break  # these lines are accounts
            if segment.tag in readers:
                readers[segment.tag](segment)
        self._close_line()
        self._add_totals()

    def _add_totals(self) -> None:
        """Add the totals; one that is only stated by rate is the sum of those."""
        amounts = self.extract.amounts
        if self.extract.tax_parts and "tax" not in amounts:
            amounts["tax"] = sum(self.extract.tax_parts, Decimal(0))
        if self._bases and "net" not in amounts:
            amounts["net"] = sum(self._bases, Decimal(0))
        for amount, name in _TOTALS.items():
            if amount in amounts:
                self._add(name, plain(amounts[amount]), self._places[amount])
        if len(self._orders) > 1:
            detail = f"the lines refer to {len(self._orders)} orders"
            self.extract.malformed.append(Check(name="one_order", passed=False, detail=detail))

    def _read_bgm(self, segment: Segment) -> None:
        code = segment.at(0)
        self._add("document_type_code", code, segment)
        self._add("number", segment.at(1), segment)
        by_code = TYPE_OF_CODE.get(code)
        if self.extract.document_type == "invoice" and by_code in ("invoice", "credit_note"):
            self.extract.document_type = by_code

    def _read_dtm(self, segment: Segment) -> None:
        name = _DATES.get(segment.at(0))
        if name is None or self._line is not None:
            return
        text = segment.at(0, 1)
        day = _day(text, segment.at(0, 2))
        if day is None:
            self._fail(f"{name}_is_a_date", text, segment)
        self._add(name, day.isoformat() if day else text, segment)

    def _read_rff(self, segment: Segment) -> None:
        kind, value = segment.at(0), segment.at(0, 1)
        if self._line is not None:
            if kind in _REFERENCES:
                self._line["order_line_ref"] = segment.at(0, 2) or None
                self._orders.add(value)
                self._add("order_ref", value, segment)
        elif kind in _REFERENCES:
            self._add("order_ref", value, segment)
        elif kind == "VA" and self._party in ("supplier", "buyer"):
            self._add("supplier_vat" if self._party == "supplier" else "buyer_vat", value, segment)

    def _read_nad(self, segment: Segment) -> None:
        if self._line is not None:
            return
        self._party = _PARTIES.get(segment.at(0))
        if self._party is None:
            return
        names = (*(segment.at(3, n) for n in range(5)), *(segment.at(2, n) for n in range(5)))
        name = " ".join(filter(None, names[:5])) or " ".join(filter(None, names[5:]))
        self._add(self._party, name or segment.at(1), segment)

    def _read_fii(self, segment: Segment) -> None:
        if segment.at(0) in ("BI", "RB", "RH", "BF"):
            self._add("iban", segment.at(1), segment)

    def _read_cux(self, segment: Segment) -> None:
        self._add("currency", segment.at(0, 1), segment)

    def _read_lin(self, segment: Segment) -> None:
        self._close_line()
        owner = "buyer_item_id" if segment.at(2, 1) in _BUYERS_ITEM else "seller_item_id"
        self._line = {"line_no": segment.at(0), "description": "", owner: segment.at(2) or None}

    def _read_pia(self, segment: Segment) -> None:
        if self._line is None:
            return
        for element in range(1, len(segment.elements)):
            item, kind = segment.at(element), segment.at(element, 1)
            if kind == "SA":
                self._line["seller_item_id"] = item
            elif kind in _BUYERS_ITEM:
                self._line["buyer_item_id"] = item

    def _read_imd(self, segment: Segment) -> None:
        if self._line is not None and not self._line["description"]:
            texts = (segment.at(2, 3), segment.at(2, 4))
            self._line["description"] = " ".join(filter(None, texts)) or segment.at(2)

    def _read_qty(self, segment: Segment) -> None:
        if self._line is None or segment.at(0) not in _QUANTITIES:
            return
        number = self._number(segment, segment.at(0, 1))
        known = self._line.get("quantity_kind")
        rank = _QUANTITIES.index(segment.at(0))
        if known is None or rank < _QUANTITIES.index(known):
            self._line["quantity_kind"] = segment.at(0)
            self._line["quantity"] = optional(number)
            self._line["unit"] = segment.at(0, 2) or None

    def _read_moa(self, segment: Segment) -> None:
        kind = segment.at(0)
        number = self._number(segment, segment.at(0, 1))
        if number is None:
            return
        if self._line is not None:
            if kind == _LINE_NET:
                self._line["net"] = plain(number)
        elif kind in _AMOUNTS and self._has_ended:
            amount = _AMOUNTS[kind]
            self._places.setdefault(amount, segment)
            if self._is_of_a_tax and amount in ("tax", "net"):
                (self.extract.tax_parts if amount == "tax" else self._bases).append(number)
            elif amount not in self.extract.amounts:
                self.extract.amounts[amount] = number
                self._places[amount] = segment

    def _read_pri(self, segment: Segment) -> None:
        if self._line is None or segment.at(0) not in ("AAA", "AAB", "INV"):
            return
        if segment.at(0) == "AAB" and "unit_price" in self._line:
            return  # the gross price stands back behind the net
        price = self._number(segment, segment.at(0, 1))
        per = _decimal(segment.at(0, 4)) if segment.at(0, 4) else None
        self._line["unit_price"] = unit_price(price, per)

    def _read_tax(self, segment: Segment) -> None:
        self._is_of_a_tax = self._has_ended
        if self._line is not None and segment.at(0) == "7":
            self._line["tax_percent"] = optional(_decimal(segment.at(4, 3)))

    def _read_uns(self, segment: Segment) -> None:
        del segment
        self._close_line()
        self._has_ended = True

    def _close_line(self) -> None:
        if self._line is None:
            return
        line = self._line
        self._line = None
        line.pop("quantity_kind", None)
        found = InvoiceLine.model_validate(line)
        self.extract.lines.append(found)
        if found.net is not None:
            self.extract.line_nets.append(Decimal(found.net))

    def _add(self, name: FieldName, value: str, segment: Segment) -> None:
        """Add a field; the first of several stays."""
        value = " ".join(value.split())
        if value and all(field.name != name for field in self.extract.fields):
            field = FieldReading(name=name, value=value, confidence=1.0, place=segment.place)
            self.extract.fields.append(field)

    def _number(self, segment: Segment, text: str) -> Decimal | None:
        number = _decimal(text)
        if number is None:
            self._fail("amount_is_a_number", text, segment)
        return number

    def _fail(self, name: str, value: str, segment: Segment) -> None:
        detail = f"{value[:60]!a} at {segment.place}"
        self.extract.malformed.append(Check(name=name, passed=False, detail=detail))


def _decimal(text: str) -> Decimal | None:
    """Return the number; ISO 9735 lets the decimal mark be a point or a comma whatever UNA says."""
    text = text.replace(",", ".")
    return parse_decimal(text[-1:] + text[:-1] if text.endswith("-") else text)


def _day(text: str, layout: str) -> date | None:
    if layout == _TWO_DIGIT_YEAR and re.fullmatch(r"\d{6}", text):
        text, layout = f"20{text}", "102"
    if not re.fullmatch(r"\d{8,14}", text) or len(text) != _DATE_FORMATS.get(layout, len(text)):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None
