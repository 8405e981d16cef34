"""Sales and purchases as Tryton keeps them, under our names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from switchgear_erp.models import OrderId, OrderKind, OrderState, OrderSummary
from switchgear_erp.tryton.amounts import money
from switchgear_erp.tryton.ids import MODELS, order_id, order_in, party_id
from switchgear_erp.tryton.order_lines import LINE_FIELDS, Line
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, NotFoundError
from switchgear_shared.storage.tryton.client import Record, TrytonClient

STATES: Mapping[str, OrderState] = {
    "draft": "draft",
    "quotation": "quoted",
    "confirmed": "confirmed",
    "processing": "confirmed",
    "done": "processed",
    "cancelled": "cancelled",
}
"""Our state of an order by Tryton's."""

_DAY: Mapping[OrderKind, str] = {"sale": "sale_date", "purchase": "purchase_date"}
_PROMISED: Mapping[OrderKind, str] = {"sale": "shipping_date", "purchase": "delivery_date"}
_SHOWN = (
    "number",
    "reference",
    "state",
    "create_date",
    "party.name",
    "currency.code",
    "total_amount",
    "_timestamp",
    "lines._timestamp",
)
_WHOLE = (
    "untaxed_amount",
    "tax_amount",
    "warehouse.code",
    "shipment_state",
    "invoice_state",
    "invoices",
    *(f"lines.{field}" for field in LINE_FIELDS),
)


@dataclass(frozen=True)
class OrderRecord:
    """One order; its lines are there if it was read whole."""

    kind: OrderKind
    record: Record

    @property
    def model(self) -> str:
        """Tryton's name of what it is."""
        return MODELS[self.kind]

    @property
    def number(self) -> int:
        """Tryton's number of it, not the one people use."""
        return self.record["id"]

    @property
    def id(self) -> OrderId:
        """Its id, as our callers see it."""
        return order_id(self.kind, self.number)

    @property
    def ref(self) -> str:
        """The number that people use; until it is quoted it has none but its id."""
        return self.record["number"] or self.id

    @property
    def state(self) -> OrderState:
        """Its state in our words."""
        return STATES[self.record["state"]]

    @property
    def currency(self) -> str:
        """The currency of its prices."""
        return self.record["currency"]["code"]

    @property
    def location(self) -> str | None:
        """The code of its warehouse."""
        return (self.record["warehouse"] or {}).get("code") or None

    @property
    def ordered_on(self) -> date:
        """Its day; of a draft without one the day it was made."""
        return self.record[_DAY[self.kind]] or self.record["create_date"].date()

    @property
    def promised_on(self) -> date | None:
        """The day that shipping should start, or the goods should come."""
        return self.record[_PROMISED[self.kind]]

    @property
    def version(self) -> str:
        """When it or one of its lines was last written: goods that move change lines only."""
        stamps = [self.record["_timestamp"], *(line["_timestamp"] for line in self._all_lines)]
        return max(stamps, key=Decimal)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """Its lines without titles, subtotals and comments."""
        records = [line for line in self._all_lines if line["type"] == "line"]
        return tuple(Line(number, record) for number, record in enumerate(records, start=1))

    @property
    def goods(self) -> tuple[Line, ...]:
        """Its lines of goods; services and texts are not shipped."""
        return tuple(line for line in self.lines if line.is_goods)

    @property
    def expected(self) -> dict[str, str]:
        """What a change of it expects: that it was not written since it was read."""
        return {f"{self.model},{self.number}": self.record["_timestamp"]}

    def check_version(self, expected_version: str | None) -> None:
        """Raise ConflictError if it moved on since it was read."""
        if expected_version is not None and expected_version != self.version:
            raise ConflictError(
                f"order {self.ref} is at version {self.version}",
                field="expected_version",
                details={"version": self.version},
            )

    def summary(self) -> OrderSummary:
        """Return the order as lists show it."""
        record = self.record
        return OrderSummary(
            id=self.id,
            ref=self.ref,
            version=self.version,
            kind=self.kind,
            state=self.state,
            party_id=party_id(record["party"]["id"]),
            party_name=record["party"]["name"] or "",
            external_ref=record["reference"] or None,
            ordered_on=self.ordered_on,
            promised_on=self.promised_on,
            gross=money(record["total_amount"], self.currency),
        )

    def written(self, *, changed: bool = True, caveat: str | None = None) -> WriteResult:
        """Return what a write that is done with the order answers."""
        return WriteResult(
            id=self.id,
            ref=self.ref,
            state=self.state,
            version=self.version,
            changed=changed,
            caveat=caveat,
        )

    @property
    def _all_lines(self) -> Sequence[Record]:
        return self.record["lines"] or ()


def fields_of(kind: OrderKind, *, whole: bool) -> tuple[str, ...]:
    """Return the fields that an order is read with."""
    return (*_SHOWN, _DAY[kind], _PROMISED[kind], *(_WHOLE if whole else ()))


def day_of(kind: OrderKind) -> str:
    """Return the field of an order's day."""
    return _DAY[kind]


def promised_of(kind: OrderKind) -> str:
    """Return the field of the day that it is promised for."""
    return _PROMISED[kind]


async def read_order(client: TrytonClient, text: str) -> OrderRecord:
    """Return the order of an id, whole; raises NotFoundError."""
    found = order_in(text)
    if found is not None:
        kind, number = found
        domain = [["id", "=", number], ["company", "=", client.company]]
        fields = fields_of(kind, whole=True)
        page = await client.search(MODELS[kind], domain, fields, limit=1)
        if page.records:
            return OrderRecord(kind, page.records[0])
    raise NotFoundError(f"there is no order {text}", field="order_id")


async def read_again(client: TrytonClient, kind: OrderKind, number: int) -> OrderRecord:
    """Return an order that is known to be there, whole."""
    fields = fields_of(kind, whole=True)
    return OrderRecord(kind, await client.get(MODELS[kind], number, fields))
