"""What a delivery note says was sent: a table of goods and quantities, without any price."""

import re
from collections.abc import Sequence

from switchgear_documents.reading.positions import Column, Table, heads_in
from switchgear_documents.reading.reading import InvoiceLine
from switchgear_documents.reading.words import Cell, Page
from switchgear_documents.reading.written import Dialect, amounts_in

_GOODS: frozenset[Column] = frozenset(("description", "item"))
_MOST_SKIPPED = 1
_UNIT = re.compile(r"[^\W\d_]{1,6}\.?")


def read_packed(pages: Sequence[Page], dialect: Dialect) -> list[InvoiceLine]:
    """Return the lines of every table that has a quantity for each of its goods; else none."""
    found: list[InvoiceLine] = []
    for page in pages:
        for number, line in enumerate(page.lines):
            heads = heads_in(line)
            if "quantity" in heads and _GOODS & heads.keys() and "net" not in heads:
                rows = _rows(Table(heads, number + 1), page, dialect)
                if not rows:
                    return []
                found += [_line(row, len(found) + at, dialect) for at, row in enumerate(rows, 1)]
    return found


def _rows(table: Table, page: Page, dialect: Dialect) -> list[dict[Column, str]]:
    """Return the rows up to lines of another kind; none where one seems to lack its quantity."""
    rows: list[dict[Column, str]] = []
    skipped: list[Sequence[Cell]] = []
    for line in page.lines[table.last_line :]:
        cells = _by_column(table, line)
        has_goods = any(map(str.isalnum, "".join(cells.get(name, "") for name in _GOODS)))
        if has_goods and _quantity(cells, dialect) is not None:
            if any(map(_has_number, skipped)):
                return []
            skipped = []
            rows.append(cells)
        else:
            skipped.append(line)
            if len(skipped) > _MOST_SKIPPED:
                break
    is_cut = any(len(one) > 1 and _has_number(one) for one in skipped)
    return [] if is_cut else rows


def _has_number(line: Sequence[Cell]) -> bool:
    return any(character.isdigit() for cell in line for character in cell.text)


def _by_column(table: Table, line: Sequence[Cell]) -> dict[Column, str]:
    found: dict[Column, str] = {}
    for cell in line:
        column = table.column_of(cell)
        if column is not None:
            found[column] = f"{found.get(column, '')} {cell.text}".strip()
    return found


def _quantity(cells: dict[Column, str], dialect: Dialect) -> str | None:
    first = next(amounts_in(cells.get("quantity", ""), dialect), None)
    return format(first.value, "f") if first is not None and first.start == 0 else None


def _line(cells: dict[Column, str], number: int, dialect: Dialect) -> InvoiceLine:
    unit = _UNIT.search(cells.get("quantity", "")) or _UNIT.search(cells.get("unit", ""))
    return InvoiceLine(
        line_no=cells.get("line_no", "").split(" ")[0] or str(number),
        description=cells.get("description", cells.get("item", "")),
        seller_item_id=cells.get("item"),
        quantity=_quantity(cells, dialect),
        unit=unit[0] if unit else None,
    )
