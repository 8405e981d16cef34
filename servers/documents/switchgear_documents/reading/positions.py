"""The lines of an invoice or order, out of the table that its headings span."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from switchgear_documents.reading.labels import Finder
from switchgear_documents.reading.names import any_of
from switchgear_documents.reading.reading import InvoiceLine
from switchgear_documents.reading.words import Cell, Page
from switchgear_documents.reading.written import Dialect, amounts_in

Column = Literal["line_no", "item", "description", "quantity", "unit", "price", "tax", "net"]

_COLUMNS: tuple[tuple[Column, re.Pattern[str]], ...] = (
    ("net", any_of(r"""
        (?:net |line |total |ext(?:ended)?\.? )?(?:amount|total|value)(?: price)?
        (?:amount|total)(?: \(?[a-z€$£]{1,4}\)?)|netto-?(?:betrag|wert)|gesamt(?:preis|betrag)?
        subtotal|totaal excl
        positions-?(?:betrag|summe)|betrag|net|montant|(?:prix )?total(?: ht)?|importe|importo
        totale?|bedrag|totaal|summe|gesamt/?€?
        """)),
    ("price", any_of(r"""
        unit[- ]?(?:price|cost)|(?:net )?price(?: each)?|rate|netto-?preis|einzel-?preis
        einzel(?:/€)?|e?-?preis|stückpreis|p\.?u\.?(?: ht)?|prix(?: unitaire)?(?: ht)?|prijs per
        precio(?: unitario)?|prezzo(?: unitario)?|prijs|stuksprijs|eenheidsprijs
        """)),
    ("quantity", any_of(r"""
        qty\.?|quantity|units|hours|menge(?: einheit)?|anzahl|anz\.?|qt[ée]\.?|quantit[ée]
        cantidad|cant\.?|hoeveelhe(?:id)?|qt[ea]|quantità|q\.tà|aantal|stück
        """)),
    ("tax", any_of(r"""
        (?:vat|tax|gst)(?: ?(?:%|rate))?|(?:mwst|ust)\.?(?:[- ]?(?:%|satz))?|steuersatz
        tva|taux|iva|btw(?: ?%)?
        """)),
    ("unit", any_of(r"einheit|unit|unité|unidad|unità|eenheid|ehd|ud\.?|u\.?m\.?|uom")),
    ("description", any_of(r"""
        (?:item )?description|beschreibung|bezeichnung|artikel-?(?:bezeichnung|beschreibung)?
        leistung|d[ée]signation|libell[ée]|descripci[óo]n|concepto|descrizione|omschrijving
        details?|product|service|text|item|produkt|prodotto|producto|article|artikel|art[íi]culo|articolo
        """)),
    ("item", any_of(r"""
        (?:item|art(?:ikel|icle)?|product|part)\.?[- ]?(?:no|nr|number|code|#)\.?|sku|code
        r[ée]f(?:[ée]rence)?\.?|codice|c[óo]digo|referenzen
        """)),
    ("line_no", any_of(r"pos(?:ition)?\.?|#|no\.?|nr\.?|ligne|line|n°")),
)  # fmt: skip
_LEAST_COLUMNS = 3
_HEAD_LINES = 3
_MOST_OF_IT = 0.5
_LONGEST_HEAD = 80
"""No heading above is half as long, so it would not be most of a longer text."""

_HEADS_KEPT = 2048
_ENDS = any_of(
    r"""
    (?:sub|net|grand|invoice|gross)[ -]?total|total|zwischensumme|gesamt\w*|summe\w*|netto\w*
    rechnungs\w+|positionen|steuer\w*|umsatzsteuer\w*|total h\.?t|sous[- ]total|montant
    base imponible|imponibile|totale|subtotaal|totaal|vat|tax|mwst\.?|tva|iva|belegsummen
    zahlungs\w+|zu- und abschläge|freight|shipping|détail tva
    """
)
_NO_LINE = any_of(
    r"(?:rechnungs|artikel)?rabatt|abschlag|zuschlag|discount|remise|charge|allowance|sconto"
)
_ITEM = re.compile(r"(?:item|art\w*|sku)\W*(?:no|nr)?\W*(?P<number>[\w-]*\d[\w-]*)", re.IGNORECASE)
_UNIT = re.compile(r"[^\W\d_]{1,6}\.?")
_PERCENT = re.compile(r"(\d{1,2}(?:[.,]\d{1,2})?)\s*%?")
_CENT = Decimal("0.011")
_FAR = 0.12
_AT_THE_START = 3


@dataclass
class Rows:
    """The lines found, with their net amounts in the same order."""

    lines: list[InvoiceLine] = field(default_factory=list)
    nets: list[Decimal] = field(default_factory=list)
    multiplied: int = 0
    """In how many lines quantity and price make the net amount."""


def read_positions(pages: Sequence[Page], money: Finder, dialect: Dialect) -> Rows:
    """Return the lines of the first table with enough known headings, over all pages it runs."""
    rows = Rows()
    for page in pages:
        tables = list(_tables(page))
        for table in tables:
            if rows.lines and table.has_other_columns(rows_have_price=bool(rows.multiplied)):
                continue
            for cells in table.rows(page, money):
                _add(rows, cells, money, dialect)
        if rows.lines and not tables:
            break
    return rows


@dataclass
class Table:
    """A table's headings, and how many lines of the page lie above its first row."""

    heads: dict[Column, Cell]
    last_line: int

    def has_other_columns(self, *, rows_have_price: bool) -> bool:
        """Tell whether the table is another than the one whose rows are known."""
        return rows_have_price and "price" not in self.heads

    def rows(self, page: Page, money: Finder) -> Iterator[dict[Column, list[Cell]]]:
        """Yield the cells of each row by column; a row has an amount under the net heading."""
        waiting: dict[Column, list[Cell]] = {}
        is_complete = False
        for line in page.lines[self.last_line :]:
            if _ENDS.match(line[0].text.strip(" *:")):
                break
            by_column: dict[Column, list[Cell]] = {}
            for cell in line:
                column = self.column_of(cell)
                if column is not None:
                    by_column.setdefault(column, []).append(cell)
            has_net = any(
                value.start < _AT_THE_START
                for cell in by_column.get("net", [])
                for value in money(cell.text)
            )
            starts = has_net and (is_complete or len(by_column) > 1)
            if starts and waiting.get("net"):
                yield waiting
                waiting = {}
            for column, cells in by_column.items():
                waiting.setdefault(column, []).extend(cells)
            is_complete = bool(waiting.get("net"))
        if waiting.get("net"):
            yield waiting

    def column_of(self, cell: Cell) -> Column | None:
        """Return the column whose heading the cell stands under, None if it is far from all."""

        def distance(head: Cell) -> float:
            shared = min(head.box.right, cell.box.right) - max(head.box.left, cell.box.left)
            if shared > 0:
                return -shared / min(head.box.width, cell.box.width)
            return min(
                abs(head.box.right - cell.box.right),
                abs(head.box.left - cell.box.left),
                -shared,
            )

        column = min(self.heads, key=lambda name: distance(self.heads[name]))
        return column if distance(self.heads[column]) < _FAR else None


def _tables(page: Page) -> Iterator[Table]:
    number = 0
    while number < len(page.lines):
        heads = heads_in(page.lines[number])
        if len(heads) < _LEAST_COLUMNS - 1 or not {"net", "price"} & heads.keys():
            number += 1
            continue
        last = number
        for below in range(number + 1, min(number + _HEAD_LINES, len(page.lines))):
            more = heads_in(page.lines[below])
            if not more or any(c.isdigit() for cell in page.lines[below] for c in cell.text):
                break
            heads = more | heads
            last = below
        for above in range(max(0, number - _HEAD_LINES + 1), number):
            if any(c.isdigit() for cell in page.lines[above] for c in cell.text):
                continue
            heads = heads_in(page.lines[above]) | heads
        if len(heads) >= _LEAST_COLUMNS and "net" in heads:
            yield Table(heads, last + 1)
        number = last + 1


def heads_in(line: Sequence[Cell]) -> dict[Column, Cell]:
    """Return the headings in a line; of two of one kind the one further right, as totals are."""
    found: dict[Column, Cell] = {}
    for cell in line:
        column = _column_named(cell.text)
        if column is not None:
            found[column] = cell
        elif len(cell.words) > 1:  # headings may stand as close as words
            found |= heads_in([Cell((word,), cell.page, cell.line) for word in cell.words])
    return found


@lru_cache(_HEADS_KEPT)
def _column_named(text: str) -> Column | None:
    if len(text) > _LONGEST_HEAD:
        return None
    for column, pattern in _COLUMNS:
        match = pattern.match(text.strip(" .:|*"))
        if match and len(match[0]) >= len(text) * _MOST_OF_IT:
            return column
    return None


def _add(rows: Rows, cells: dict[Column, list[Cell]], money: Finder, dialect: Dialect) -> None:
    text = {column: " ".join(cell.text for cell in found) for column, found in cells.items()}
    description = text.get("description", "")
    amounts = [Decimal(value.value) for value in money(text["net"])]
    if not amounts or _NO_LINE.match(description):
        return
    net = amounts[-1]
    numbers = {
        column: next((found.value for found in amounts_in(text.get(column, ""), dialect)), None)
        for column in ("quantity", "price")
    }
    quantity, price = numbers["quantity"], numbers["price"]
    if quantity is not None and price is not None and abs(quantity * price - net) < _CENT:
        rows.multiplied += 1
    unit = _UNIT.search(text.get("quantity", "")) or _UNIT.search(text.get("unit", ""))
    tax = _PERCENT.search(text.get("tax", ""))
    item = _ITEM.search(description)
    rows.nets.append(net)
    rows.lines.append(
        InvoiceLine(
            line_no=text.get("line_no", "").split(" ")[0] or str(len(rows.lines) + 1),
            description=(description[: item.start()] if item else description).strip()[:500],
            seller_item_id=item["number"] if item else text.get("item") or None,
            quantity=None if quantity is None else format(quantity, "f"),
            unit=unit[0] if unit else None,
            unit_price=None if price is None else format(price, "f"),
            net=format(net, "f"),
            tax_percent=tax[1].replace(",", ".") if tax else None,
        )
    )
