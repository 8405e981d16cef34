"""The process of an item that runs out: ordered from its supplier once, unless it is already."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Annotated, Any

from pydantic import Field

from switchgear_shared.contracts.model import Contract
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.notes import log_note
from switchgear_workflows.open_purchases import on_order, refuse_other_unit
from switchgear_workflows.process import (
    Done,
    End,
    Failed,
    Kind,
    NotUndone,
    Step,
    UndoEnd,
    Undone,
    Work,
)

NAME = "reorder"
STOCK_LOW = "inventory.stock.below_reorder_point"
_NONE = Decimal(0)
_BINDS = "its supplier counts on it"


class ReorderInput(Contract):
    """What runs out."""

    sku: Annotated[str, Field(min_length=1, max_length=64)]


@dataclass(frozen=True, slots=True)
class Reorder:
    """The steps; where nothing is to be ordered, those after `covered` do nothing.

    What is short is asked anew when the process runs: a shortage that was told of late, or
    twice, and has been ordered meanwhile is none.
    """

    tools: ProcessTools

    def kind(self, *, is_started_by_stock: bool) -> Kind:
        """Return the process as the manager runs it; a call can always start it."""
        return Kind(
            name=NAME,
            version=1,
            starts_with=("workflows_start", *((STOCK_LOW,) if is_started_by_stock else ())),
            waits_for=("governance.approval.decided",),
            steps={
                "need": Step(self.need),
                "covered": Step(self.covered),
                "order": Step(self.order, undo=self.cancel_draft),
                "confirm": Step(self.confirm, undo=self.keep_confirmed),
                "note": Step(self.note, stays="what the CRM logged stays logged"),
            },
            record_of=_record,
            input=ReorderInput,
            input_of=(lambda event: {"sku": event.data["sku"]}) if is_started_by_stock else None,
            subject_of=lambda given: str(given["sku"]),
        )

    async def need(self, work: Work) -> End:
        """See how much the inventory proposes to buy of the item, and from whom."""
        sku = work.input["sku"]
        try:
            stock = await self.tools.read(work, "inventory_get_stock", sku=sku)
        except NotFoundError as refusal:
            return Failed(refusal.message)
        proposed = await self._proposed(work, stock["vendor_id"], sku)
        data = {
            "sku": sku,
            "party_id": stock["vendor_id"],
            "quantity": proposed["quantity"] if proposed else "0",
            "incoming": stock["incoming"],
            "batch": stock["reorder_quantity"],
            "unit": stock["unit"],
            "attempt": work.attempt("order"),
        }
        if "order" not in work.kept:
            data |= {"order_id": None, "ref": None}
        reason = proposed["reason"] if proposed else "enough is here or on its way"
        return Done(detail={"quantity": data["quantity"], "why": reason}, data=data)

    async def covered(self, work: Work) -> End:
        """Take off what open purchase orders bring that the inventory does not count yet."""
        wanted = Decimal(work.data["quantity"])
        if not wanted:
            return Done(data={"covered_by": []})
        sku, unit = work.data["sku"], work.data["unit"]
        # what the inventory expects may come from any vendor
        vendor_id = None if Decimal(work.data["incoming"]) else work.data["party_id"]
        try:
            ordered, refs = await on_order(
                self.tools, work, vendor_id=vendor_id, sku=sku, unit=unit
            )
        except InvalidRequestError as refusal:
            return Failed(refusal.message)
        unseen = max(ordered - Decimal(work.data["incoming"]), _NONE)
        batch = Decimal(work.data["batch"]) or Decimal(1)
        left = max(wanted - unseen, _NONE)
        quantity = format((left / batch).to_integral_value(ROUND_CEILING) * batch, "f")
        data = {"quantity": quantity, "covered_by": refs if unseen else []}
        refusal = await self._refusal(work, quantity) if Decimal(quantity) else None
        return Failed(refusal) if refusal else Done(detail=data, data=data)

    async def order(self, work: Work) -> End:
        """Draft the purchase order at our cost."""
        if not Decimal(work.data["quantity"]):
            return Done(detail={"ordered": False})
        if work.data["attempt"] != work.attempt("order"):
            return Failed("what is short was asked before this try: begin at need")
        try:
            made = await self.tools.write(
                work,
                "erp_create_order",
                key=work.key("order"),
                kind="purchase",
                party_id=work.data["party_id"],
                lines=[{"sku": work.data["sku"], "quantity": work.data["quantity"]}],
            )
        except (ConflictError, InvalidRequestError, NotFoundError) as refusal:
            return Failed(f"the ERP refuses: {refusal.message}")
        data = {"order_id": made["id"], "ref": made["ref"]}
        return Done(detail=data, data=data)

    async def cancel_draft(self, work: Work) -> UndoEnd:
        """Cancel the order, unless it is confirmed."""
        if work.data.get("order_id") is None:
            return Undone({"changed": False})
        if "confirm" in work.kept:
            return NotUndone(f"order {work.data['ref']} is confirmed: {_BINDS}")
        cancelled = await self.tools.write(
            work,
            "erp_advance_order",
            key=work.undo_key("order"),
            order_id=work.data["order_id"],
            to="cancelled",
        )
        return Undone({"state": cancelled["state"], "changed": cancelled["changed"]})

    async def confirm(self, work: Work) -> End:
        """Quote and confirm the order; a policy may want a person's approval first."""
        if not Decimal(work.data["quantity"]):
            return Done(detail={"ordered": False})
        for to in ("quoted", "confirmed"):
            await self.tools.write(
                work,
                "erp_advance_order",
                key=work.key("confirm", to),
                order_id=work.data["order_id"],
                to=to,
            )
        return Done(detail={"state": "confirmed"})

    async def keep_confirmed(self, work: Work) -> UndoEnd:
        """Leave a confirmed order be; one that was only quoted is cancelled with its draft."""
        if work.data.get("order_id") is not None:
            order = await self.tools.read(work, "erp_get_order", order_id=work.data["order_id"])
            if order["state"] not in ("draft", "quoted", "cancelled"):
                return NotUndone(f"order {order['ref']} is {order['state']}: {_BINDS}")
        return Undone({"changed": False})

    async def note(self, work: Work) -> End:
        """Log the order with the supplier; a supplier that the CRM does not know has no log."""
        if not Decimal(work.data["quantity"]):
            return Done(detail={"ordered": False})
        refusal = await log_note(
            self.tools,
            work,
            key=work.key("note"),
            about_id=work.data["party_id"],
            subject=f"Order {work.data['ref']} placed",
            note=f"{work.data['quantity']} of {work.data['sku']}, which ran low.",
        )
        return Done(detail={"logged": refusal is None, "why_not": refusal})

    async def _refusal(self, work: Work, quantity: str) -> str | None:
        """Say why the ERP would not order this much, or would mean another amount by it."""
        try:
            quote = await self.tools.read(
                work,
                "erp_price_order",
                kind="purchase",
                party_id=work.data["party_id"],
                lines=[{"sku": work.data["sku"], "quantity": quantity}],
            )
        except (InvalidRequestError, NotFoundError) as refusal:
            return f"the ERP refuses: {refusal.message}"
        try:
            refuse_other_unit("the ERP", quote["lines"][0], work.data["unit"])
        except InvalidRequestError as refusal:
            return refusal.message
        return None

    async def _proposed(self, work: Work, vendor_id: str, sku: str) -> dict[str, Any] | None:
        cursor: str | None = None
        while True:
            page = await self.tools.read(
                work, "inventory_propose_reorder", vendor_id=vendor_id, limit=50, cursor=cursor
            )
            for line in page["items"]:
                if line["sku"] == sku:
                    return line
            cursor = page["next_cursor"]
            if cursor is None:
                return None


def _record(data: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: data[name] for name in ("sku", "party_id", "quantity", "covered_by")}
    if data.get("order_id") is None:
        return said
    return {
        "record_uri": f"erp://orders/{data['order_id']}",
        "order_id": data["order_id"],
        "ref": data["ref"],
        **said,
    }
