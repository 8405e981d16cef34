"""The process of a supplier's invoice: from reading it to the proposal of its payment."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from switchgear_shared.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
)
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.invoice_risks import risks_of
from switchgear_workflows.papers import (
    accepting,
    doubt,
    find_party,
    read_document,
    refused,
    spelled,
)
from switchgear_workflows.process import (
    AwaitReview,
    Done,
    End,
    Kind,
    NotUndone,
    Rejected,
    Step,
    UndoEnd,
    Undone,
    Work,
)

NAME = "supplier_invoice"
_MOST_RECEIPTS = 50
_STAYS = "a draft is in no ledger; it goes only when its document is parted"


@dataclass(frozen=True, slots=True)
class SupplierInvoice:
    """The steps; each leaves in the process's data what the next needs."""

    tools: ProcessTools

    def kinds(self) -> tuple[Kind, ...]:
        """Return the process in each version; the first knows no payment."""
        steps = {
            "read": Step(self.read),
            "supplier": Step(self.supplier),
            "draft": Step(self.draft, undo=self.cancel_draft, stays=_STAYS),
            "match": Step(self.match),
            "post": Step(self.post, stays="what is posted stays posted"),
        }
        first = Kind(
            name=NAME,
            version=1,
            starts_with=("documents.document.routed",),
            waits_for=("governance.approval.decided", "documents.review.decided"),
            steps=steps,
            record_of=_record,
        )
        proposing = {**steps, "propose_payment": Step(self.propose_payment)}
        return first, replace(first, version=2, steps=proposing)

    async def read(self, work: Work) -> End:
        """Fetch the fields as they stand now, corrections included."""
        reading = await read_document(self.tools, work, "invoice", "invoice")
        if isinstance(reading, Rejected):
            return reading
        fields = reading["fields"]
        return Done(
            detail={"number": fields.get("number"), "gross": fields.get("total_gross")},
            data=reading,
        )

    async def supplier(self, work: Work) -> End:
        """Find the one vendor with the invoice's VAT id, or with exactly its name."""
        fields = work.data["fields"]
        party = await find_party(
            self.tools,
            work,
            "vendor",
            vat_id=fields.get("supplier_vat"),
            name=fields.get("supplier"),
        )
        if isinstance(party, str):
            return doubt(work, party)
        data = {"party_id": party["id"], "has_account": bool(party["iban"])}
        if _is_other_account(fields.get("iban"), party["iban"]):
            reason = f"the document's IBAN is not the one on file for {party['ref']}"
            data["is_other_account"] = True
            return doubt(work, reason, then=Done(detail=data, data=data))
        return Done(detail={"party_id": party["id"], "name": party["name"]}, data=data)

    async def draft(self, work: Work) -> End:
        """Create the draft in the ERP under the supplier's own number, once."""
        fields = work.data["fields"]
        order = await self._order(work, fields.get("order_ref"))
        if isinstance(order, AwaitReview):
            return order
        arguments = {
            "direction": "payable",
            "party_id": work.data["party_id"],
            "lines": [_line(line) for line in work.data["lines"]] or None,
            "external_ref": fields.get("number"),
            "document_id": work.document_id,
            "issued_on": fields.get("date"),
            "due_on": fields.get("due_date"),
            "currency": fields.get("currency"),
            "order_id": order["id"] if order else None,
            "totals": {
                name: fields[field]
                for name, field in (
                    ("net", "total_net"),
                    ("tax", "total_tax"),
                    ("gross", "total_gross"),
                )
                if fields.get(field)
            },
        }
        try:
            made = await self.tools.write(
                work, "erp_create_invoice", key=work.key("draft"), **arguments
            )
        except (ConflictError, InvalidRequestError, NotFoundError) as refusal:
            return refused(refusal)
        data = {
            "invoice_id": made["id"],
            "invoice_version": made["version"],
            "order_ref": order["ref"] if order else None,
        }
        return Done(detail=data, data=data)

    async def cancel_draft(self, work: Work) -> UndoEnd:
        """Cancel what was drafted of a file that became several: its first part has that number."""
        if not work.data.get("is_parted"):
            return NotUndone(_STAYS)
        try:
            cancelled = await self.tools.write(
                work,
                "erp_cancel_draft",
                key=work.undo_key("draft"),
                document_id=work.document_id,
            )
        except NotFoundError:
            return Undone({"changed": False})
        return Undone({"state": cancelled["state"], "changed": cancelled["changed"]})

    async def match(self, work: Work) -> End:
        """Compare the draft with the order and with what the inventory received for it."""
        order_ref = work.data.get("order_ref")
        if order_ref is None:
            return accepting(work, "the document names no purchase order")
        received = await self._receipts(work, order_ref)
        answer = await self.tools.read(
            work, "erp_match_invoice", invoice_id=work.data["invoice_id"], receipts=received
        )
        if answer["matched"]:
            return Done(detail={"matched": True, "order": order_ref})
        reasons = tuple(
            f"{difference['kind']}: {difference['sku'] or ''} expected {difference['expected']}, "
            f"found {difference['found']}"
            for difference in answer["differences"]
        )
        return accepting(work, *reasons, then={"is_off_order": True})

    async def post(self, work: Work) -> End:
        """Post the invoice; a policy may want a person's approval of its amount or its risks."""
        try:
            posted = await self.tools.write(
                work,
                "erp_post_invoice",
                key=work.key("post"),
                invoice_id=work.data["invoice_id"],
                expected_version=work.data["invoice_version"],
                risks=risks_of(work.data) or None,
            )
        except (ConflictError, InvalidRequestError) as refusal:
            return refused(refusal)
        data = {"ref": posted["ref"], "state": posted["state"]}
        return Done(detail={**data, "replayed": posted["replayed"]}, data=data)

    async def propose_payment(self, work: Work) -> End:
        """Say what is to be paid, when and where to; the payment itself is a person's.

        It goes to the account on file, never to the one that the document names; without one on
        file `has_account` is false, and somebody has to ask the supplier.
        """
        invoice = await self.tools.read(work, "erp_get_invoice", invoice_id=work.data["invoice_id"])
        proposal = {
            "pay_on": invoice["due_on"],
            "amount": invoice["open"]["amount"],
            "currency": invoice["open"]["currency"],
            "party_id": work.data["party_id"],
            "has_account": work.data.get("has_account", False),
            "reference": invoice["external_ref"],
        }
        return Done(detail=proposal, data={"payment_proposal": proposal})

    async def _order(self, work: Work, ref: str | None) -> dict[str, Any] | AwaitReview | None:
        if not ref:
            return None
        try:
            return await self.tools.read(work, "erp_get_order", ref=ref)
        except NotFoundError:
            return AwaitReview((f"no purchase order {ref}",))
        except InvalidRequestError as refusal:
            return refused(refusal)

    async def _receipts(self, work: Work, order_ref: str) -> list[dict[str, str]]:
        """Return what the inventory received for the order, page by page, summed by item."""
        totals: dict[str, str] = {}
        cursor: str | None = None
        while True:
            page = await self.tools.read(
                work,
                "inventory_list_movements",
                source_ref=order_ref,
                kind="receipt",
                limit=_MOST_RECEIPTS,
                cursor=cursor,
            )
            for movement in page["items"]:
                sku, amount = movement["sku"], movement["quantity"]
                totals[sku] = str(Decimal(totals.get(sku, "0")) + Decimal(amount))
            cursor = page["next_cursor"]
            if cursor is None:
                return [{"sku": sku, "quantity": amount} for sku, amount in totals.items()]


def _record(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "record_uri": f"erp://invoices/{data['invoice_id']}",
        "invoice_id": data["invoice_id"],
        "ref": data["ref"],
        **({"payment_proposal": data["payment_proposal"]} if "payment_proposal" in data else {}),
    }


def _line(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line for the ERP: our own item number where the supplier states it, else theirs."""
    values = {
        "sku": line["buyer_item_id"] or line["seller_item_id"],
        "description": (line["description"] or "")[:500] or None,
        "quantity": line["quantity"] or "1",
        "unit_price": line["unit_price"],
        "tax_percent": line["tax_percent"],
    }
    return {name: value for name, value in values.items() if value is not None}


def _is_other_account(stated: str | None, on_file: str | None) -> bool:
    return bool(stated and on_file) and spelled(stated) != spelled(on_file)
