"""What is owed to us and by us, by how long it is due, off the posted lines of Tryton's moves."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from switchgear_erp.models import Direction
from switchgear_erp.statements import Aging
from switchgear_erp.tryton.amounts import ZERO
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient

_FIELDS = ("debit", "credit", "date", "maturity_date", "move.origin")
_OLDEST_DAYS = 90


@dataclass(slots=True)
class _Item:
    """What one invoice left: its parts by the day they are due, and what paid them."""

    parts: list[tuple[date, Decimal]] = field(default_factory=list[tuple[date, Decimal]])
    paid: Decimal = ZERO

    def open_parts(self) -> list[tuple[date, Decimal]]:
        """Return what is open of each part; payments go to what was due first."""
        if not self.parts:
            return []
        left = self.paid
        parts: list[tuple[date, Decimal]] = []
        for day, amount in sorted(self.parts):
            taken = min(amount, left) if amount > 0 else ZERO
            left -= taken
            parts.append((day, amount - taken))
        day, amount = parts[-1]
        return [*parts[:-1], (day, amount - left)]


async def aging(
    client: TrytonClient, direction: Direction, party: int | None, as_of: date
) -> Aging:
    """Return what was open at the end of a day, of one party or of all."""
    sign = 1 if direction == "receivable" else -1
    items: dict[str, _Item] = {}
    async for line in _lines(client, direction, party, as_of):
        origin = line["move"]["origin"] or ""
        is_invoice = origin.startswith("account.invoice,")
        item = items.setdefault(origin if is_invoice else f"line,{line['id']}", _Item())
        amount = sign * (line["debit"] - line["credit"])
        if is_invoice and line["maturity_date"] is None:
            item.paid -= amount
        else:
            item.parts.append((line["maturity_date"] or line["date"], amount))
    return _by_age(items.values(), as_of)


def _by_age(items: Iterable[_Item], as_of: date) -> Aging:
    not_due = ZERO
    late = [ZERO] * 4
    for item in items:
        for due_on, amount in item.open_parts():
            days = (as_of - due_on).days
            if days <= 0:
                not_due += amount
            else:
                late[3 if days > _OLDEST_DAYS else (days - 1) // 30] += amount
    cents = Decimal("0.01")
    return Aging(
        not_due=not_due.quantize(cents),
        days_1_to_30=late[0].quantize(cents),
        days_31_to_60=late[1].quantize(cents),
        days_61_to_90=late[2].quantize(cents),
        over_90_days=late[3].quantize(cents),
        total=(not_due + sum(late, ZERO)).quantize(cents),
    )


async def _lines(
    client: TrytonClient, direction: Direction, party: int | None, as_of: date
) -> AsyncIterator[Record]:
    """Yield the lines that were not settled among themselves by that day."""
    kept: list[Any] = [
        ["move_state", "=", "posted"],
        [f"account.type.{direction}", "=", True],
        ["date", "<=", as_of],
        ["OR", ["reconciliation", "=", None], ["reconciliation.date", ">", as_of]],
    ]
    if party is not None:
        kept.append(["party", "=", party])
    last_id = 0
    while True:
        page = await client.search(
            "account.move.line", [*kept, ["id", ">", last_id]], _FIELDS, limit=MOST_RECORDS
        )
        for line in page.records:
            yield line
        if len(page.records) < MOST_RECORDS:
            return
        last_id = page.records[-1]["id"]
