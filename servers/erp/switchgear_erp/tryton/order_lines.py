"""Lines of sales and purchases as Tryton keeps them, under our names."""

from dataclasses import dataclass
from decimal import Decimal

from switchgear_erp.models import OrderLine
from switchgear_erp.tryton.amounts import ZERO, exact, money, tax_percent
from switchgear_shared.storage.tryton.client import Record
from switchgear_shared.storage.tryton.texts import unit_code

LINE_FIELDS = (
    "type",
    "product.code",
    "product.name",
    "product.type",
    "product.default_uom",
    "product.lot_required",
    "description",
    "quantity",
    "unit.symbol",
    "unit.digits",
    "unit_price",
    "amount",
    "taxes.type",
    "taxes.rate",
    "moves.state",
    "moves.quantity",
    "moves.shipment",
    "invoice_lines.quantity",
    "invoice_lines.invoice.state",
)
_BOOKED = {"posted", "paid"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of goods or services, by its place among them."""

    number: int
    record: Record

    @property
    def id(self) -> int:
        """Tryton's number of it."""
        return self.record["id"]

    @property
    def sku(self) -> str:
        """The product's code; empty where Tryton has a text only."""
        return (self.record["product"] or {}).get("code") or ""

    @property
    def product_id(self) -> int:
        """Tryton's number of the product."""
        return self.record["product"]["id"]

    @property
    def is_by_lot(self) -> bool:
        """Whether its goods are kept by lot."""
        return bool((self.record["product"] or {}).get("lot_required"))

    @property
    def is_in_own_unit(self) -> bool:
        """Whether it is ordered in the unit that the product is kept in."""
        product, unit = self.record["product"] or {}, self.record["unit"] or {}
        return product.get("default_uom") == unit.get("id")

    @property
    def is_goods(self) -> bool:
        """Whether it is of what can be shipped."""
        return (self.record["product"] or {}).get("type") in {"goods", "assets"}

    @property
    def quantity(self) -> Decimal:
        """What was ordered."""
        return exact(self.record["quantity"])

    @property
    def digits(self) -> int:
        """How far its unit is split."""
        unit = self.record["unit"] or {}
        return unit.get("digits") or 0

    @property
    def fulfilled(self) -> Decimal:
        """What was shipped or received."""
        moves = self.record["moves"] or []
        return sum((exact(move["quantity"]) for move in moves if move["state"] == "done"), ZERO)

    @property
    def invoiced(self) -> Decimal:
        """What stands on posted invoices."""
        lines = self.record["invoice_lines"] or []
        return sum(
            (
                exact(line["quantity"])
                for line in lines
                if (line["invoice"] or {}).get("state") in _BOOKED
            ),
            ZERO,
        )

    def answer(self, currency: str) -> OrderLine:
        """Return the line as callers see it."""
        record = self.record
        product = record["product"] or {}
        unit = record["unit"] or {}
        return OrderLine(
            number=self.number,
            sku=self.sku,
            description=record["description"] or product.get("name") or "",
            quantity=self.quantity,
            unit=unit_code(unit.get("symbol") or ""),
            unit_price=exact(record["unit_price"]),
            tax_percent=tax_percent(record["taxes"] or []),
            net=money(record["amount"], currency).amount,
            fulfilled=self.fulfilled,
            invoiced=self.invoiced,
        )
