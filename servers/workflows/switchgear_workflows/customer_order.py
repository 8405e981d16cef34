"""The process of a customer's order: credit, stock, sales order, reservation, confirmation."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.values import ExactDecimal
from switchgear_shared.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
)
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.notes import log_note
from switchgear_workflows.ordered_goods import ORDER, as_stated, price_doubts, priced, unknown_goods
from switchgear_workflows.papers import doubt, find_party, read_document, refused
from switchgear_workflows.process import (
    AwaitReview,
    Done,
    End,
    Failed,
    Kind,
    NotUndone,
    Rejected,
    Step,
    UndoEnd,
    Undone,
    Work,
)
from switchgear_workflows.warehouses import warehouse_for

NAME = "customer_order"
MOST_LINES = 100


class WantedLine(Contract):
    """So much of one item; without a price at ours."""

    sku: Annotated[str, Field(min_length=1, max_length=64)]
    quantity: Annotated[ExactDecimal, Field(gt=Decimal(0))]
    unit_price: ExactDecimal | None = None


class CustomerOrderInput(Contract):
    """What a customer orders."""

    party_id: Annotated[str, Field(max_length=64, description="From erp_find_party.")]
    lines: Annotated[tuple[WantedLine, ...], Field(min_length=1, max_length=MOST_LINES)]
    external_ref: Annotated[
        str | None, Field(max_length=48, description="The customer's own number.")
    ] = None
    location: Annotated[
        str | None,
        Field(max_length=16, description="Warehouse; without: the first that has all of it."),
    ] = None
    promised_on: Annotated[date | None, Field(description="Day of delivery.")] = None


@dataclass(frozen=True, slots=True)
class CustomerOrder:
    """The steps; each leaves in the process's data what the next needs.

    The order is drafted before its stock is held, because its number is what the stock is held
    for and what a delivery uses the reservation up by.
    """

    tools: ProcessTools

    def kind(self) -> Kind:
        """Return the process as the manager runs it."""
        return Kind(
            name=NAME,
            version=1,
            starts_with=("workflows_start", "documents.document.routed"),
            waits_for=("governance.approval.decided", "documents.review.decided"),
            steps={
                "read": Step(self.read),
                "customer": Step(self.customer),
                "goods": Step(self.goods),
                "credit": Step(self.credit),
                "stock": Step(self.stock),
                "order": Step(self.order, undo=self.cancel_order),
                "reserve": Step(self.reserve, undo=self.release),
                "confirm": Step(self.confirm, undo=self.cancel_confirmed),
                "activity": Step(self.activity, stays="what the CRM logged stays logged"),
            },
            record_of=_record,
            input=CustomerOrderInput,
        )

    async def read(self, work: Work) -> End:
        """Take what is ordered from the input, or from the customer's document."""
        if work.document_id is None:
            return Done(data={ORDER: dict(work.input), "party_id": work.input["party_id"]})
        reading = await read_document(self.tools, work, "purchase_order", "purchase order")
        if isinstance(reading, Rejected):
            return reading
        if not reading["lines"] or len(reading["lines"]) > MOST_LINES:
            return AwaitReview(
                (f"the document has {len(reading['lines'])} lines, not 1 to {MOST_LINES}",)
            )
        order = as_stated(reading)
        return Done(
            detail={"number": order.get("external_ref"), "lines": len(order["lines"])},
            data={ORDER: order, "fields": reading["fields"]},
        )

    async def customer(self, work: Work) -> End:
        """Find the one customer with the document's VAT id, or with exactly its name."""
        if work.document_id is None:
            return Done(detail={"party_id": work.data["party_id"]})
        fields = work.data["fields"]
        party = await find_party(
            self.tools,
            work,
            "customer",
            vat_id=fields.get("buyer_vat"),
            name=fields.get("buyer"),
        )
        if isinstance(party, str):
            return doubt(work, party)
        data = {"party_id": party["id"]}
        return Done(detail={**data, "name": party["name"]}, data=data)

    async def goods(self, work: Work) -> End:
        """Find each line's item under our own number, and our price for it."""
        order = work.data[ORDER]
        if work.document_id is None:
            return Done()
        unknown = await unknown_goods(self.tools, work, order["lines"])
        if unknown:
            return AwaitReview(unknown)
        doubts = await price_doubts(self.tools, work, order)
        return doubt(work, *doubts, then=Done(detail={"accepted": doubts})) if doubts else Done()

    async def credit(self, work: Work) -> End:
        """See that the order fits under the customer's credit limit."""
        try:
            quote = await self.tools.read(
                work,
                "erp_price_order",
                kind="sale",
                party_id=work.data["party_id"],
                lines=priced(work.data[ORDER]["lines"]),
            )
        except (InvalidRequestError, NotFoundError) as refusal:
            return refused(refusal)
        credit = quote["credit"]
        if credit is not None:
            limit, used, needed = (Decimal(credit[name]) for name in ("limit", "used", "needed"))
            if used + needed > limit:
                says = f"credit: the limit is {limit}, {used} is used, this order needs {needed}"
                return AwaitReview((says,))
        return Done(detail={"gross": quote["gross"]}, data={"gross": quote["gross"]})

    async def stock(self, work: Work) -> End:
        """Choose the warehouse that has everything; what we do not keep needs none."""
        order = work.data[ORDER]
        needed: dict[str, Decimal] = defaultdict(Decimal)
        for line in order["lines"]:
            needed[line["sku"]] += Decimal(line["quantity"])
        found = await warehouse_for(self.tools, work, needed, order.get("location"))
        if isinstance(found, tuple):
            return AwaitReview(found)
        return Done(
            detail={"location": found["location"]},
            data={"location": found["location"], "held": found["lines"]},
        )

    async def order(self, work: Work) -> End:
        """Draft the sales order in the ERP under the customer's own number, once."""
        order = work.data[ORDER]
        number, again = order.get("external_ref"), work.attempts.get("order", 0)
        try:
            made = await self.tools.write(
                work,
                "erp_create_order",
                key=work.key("order"),
                kind="sale",
                party_id=work.data["party_id"],
                lines=priced(order["lines"]),
                external_ref=f"{number} ({again + 1})" if number and again else number,
                location=work.data["location"],
                promised_on=order.get("promised_on"),
            )
        except (ConflictError, InvalidRequestError, NotFoundError) as refusal:
            return refused(refusal)
        data = {"order_id": made["id"], "ref": made["ref"]}
        return Done(detail=data, data=data)

    async def cancel_order(self, work: Work) -> UndoEnd:
        """Cancel the sales order, and let the CRM know."""
        undone = await self._cancel(work, "order")
        await log_note(
            self.tools,
            work,
            key=work.key("order", "note"),
            about_id=work.data["party_id"],
            subject=f"Order {work.data['ref']} cancelled",
            note=f"Process {work.process_id} could not be finished and cancelled it.",
        )
        return undone

    async def reserve(self, work: Work) -> End:
        """Hold the stock for the order: all of it or none."""
        if not work.data["held"]:
            return Done(detail={"lines": 0})
        try:
            made = await self.tools.write(
                work,
                "inventory_reserve",
                key=work.key("reserve"),
                lines=work.data["held"],
                for_ref=work.data["ref"],
                location=work.data["location"],
            )
        except (ConflictError, InvalidRequestError, NotFoundError) as refusal:
            return Failed(f"the stock cannot be held: {refusal.message}")
        return Done(detail={"reservation_id": made["id"], "lines": len(work.data["held"])})

    async def release(self, work: Work) -> UndoEnd:
        """Let go of the stock, unless the order still stands."""
        if "confirm" in work.kept:
            return NotUndone(f"order {work.data['ref']} stands, so its stock stays held")
        released = await self.tools.write(
            work, "inventory_release", key=work.undo_key("reserve"), for_ref=work.data["ref"]
        )
        return Undone({"changed": released["changed"]})

    async def confirm(self, work: Work) -> End:
        """Quote and confirm the order; a policy may want a person's approval first."""
        for to in ("quoted", "confirmed"):
            await self.tools.write(
                work,
                "erp_advance_order",
                key=work.key("confirm", to),
                order_id=work.data["order_id"],
                to=to,
            )
        return Done(detail={"state": "confirmed"}, data={"state": "confirmed"})

    async def cancel_confirmed(self, work: Work) -> UndoEnd:
        """Cancel the confirmed order; the ERP refuses once goods have left."""
        return await self._cancel(work, "confirm")

    async def activity(self, work: Work) -> End:
        """Log the order with the customer; a customer that the CRM does not know has no log."""
        refusal = await log_note(
            self.tools,
            work,
            key=work.key("activity"),
            about_id=work.data["party_id"],
            subject=f"Order {work.data['ref']} confirmed",
            note=f"Total {work.data['gross']['amount']} {work.data['gross']['currency']}, "
            f"from {work.data['location'] or 'no warehouse'}.",
        )
        return Done(detail={"logged": refusal is None, "why_not": refusal})

    async def _cancel(self, work: Work, step: str) -> Undone:
        cancelled = await self.tools.write(
            work,
            "erp_advance_order",
            key=work.undo_key(step),
            order_id=work.data["order_id"],
            to="cancelled",
        )
        return Undone({"state": cancelled["state"], "changed": cancelled["changed"]})


def _record(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "record_uri": f"erp://orders/{data['order_id']}",
        "order_id": data["order_id"],
        "ref": data["ref"],
        "party_id": data["party_id"],
        "location": data["location"],
        "gross": data["gross"],
    }
