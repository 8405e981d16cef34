"""The process of a supplier's invoice: read, find the supplier, draft, match three ways, post."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from switchgear_shared.calls.client import ToolClient
from switchgear_shared.errors import (
    ApprovalRequiredError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PolicyDeniedError,
    SwitchgearError,
)
from switchgear_workflows.process import AwaitApproval, AwaitReview, Done, End, Kind, Rejected, Work

NAME = "supplier_invoice"
_TAINT = frozenset({"untrusted-document"})
_MOST_RECEIPTS = 50


@dataclass(frozen=True, slots=True)
class SupplierInvoice:
    """The steps; each leaves in the process's data what the next needs."""

    tools: ToolClient

    def kind(self) -> Kind:
        """Return the process as the manager runs it."""
        return Kind(
            name=NAME,
            version=1,
            starts_with="documents.document.routed",
            waits_for=("governance.approval.decided", "documents.review.decided"),
            steps={
                "read": self.read,
                "supplier": self.supplier,
                "draft": self.draft,
                "match": self.match,
                "post": self.post,
            },
            record_of=_record,
        )

    async def read(self, work: Work) -> End:
        """Fetch the fields as they stand now, corrections included."""
        extraction = await self._call(
            work, "documents_get_extraction", {"document_id": work.document_id}
        )
        if extraction["document_type"] != "invoice":
            return Rejected(f"the document is no invoice but: {extraction['document_type']}")
        fields = {field["name"]: field["value"] for field in extraction["fields"]}
        return Done(
            detail={"number": fields.get("number"), "gross": fields.get("total_gross")},
            data={"fields": fields, "lines": extraction["lines"]},
        )

    async def supplier(self, work: Work) -> End:
        """Find the one vendor with the invoice's VAT id, or with exactly its name."""
        fields = work.data["fields"]
        vat_id, name = _vat(fields.get("supplier_vat")), fields.get("supplier") or ""
        query = vat_id or name
        if len(query) < 2:  # noqa: PLR2004 - the tool's shortest query
            return _doubt(work, "the document names no supplier")
        try:
            found = await self._call(
                work, "erp_find_party", {"query": query[:200], "role": "vendor", "limit": 10}
            )
        except InvalidRequestError as refusal:
            return _refused(refusal)
        matches = [
            party
            for party in found["items"]
            if (_vat(party["vat_id"]) == vat_id if vat_id else _same(party["name"], name))
        ]
        if len(matches) != 1:
            what = "unknown supplier" if not matches else f"{len(matches)} suppliers match"
            return _doubt(work, f"{what}: {name} {vat_id or ''}".strip())
        party = matches[0]
        data = {"party_id": party["id"]}
        if _is_other_account(fields.get("iban"), party["iban"]):
            reason = f"the document's IBAN is not the one on file for {party['ref']}"
            return _doubt(work, reason, then=Done(detail=data, data=data))
        return Done(detail={**data, "name": party["name"]}, data=data)

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
            made = await self._call(work, "erp_create_invoice", arguments, step="draft")
        except (ConflictError, InvalidRequestError, NotFoundError) as refusal:
            return _refused(refusal)
        data = {
            "invoice_id": made["id"],
            "invoice_version": made["version"],
            "order_ref": order["ref"] if order else None,
        }
        return Done(detail=data, data=data)

    async def match(self, work: Work) -> End:
        """Compare the draft with the order and with what the inventory received for it."""
        order_ref = work.data.get("order_ref")
        if order_ref is None:
            return _accepting(work, "the document names no purchase order")
        received = await self._receipts(work, order_ref)
        answer = await self._call(
            work,
            "erp_match_invoice",
            {"invoice_id": work.data["invoice_id"], "receipts": received},
        )
        if answer["matched"]:
            return Done(detail={"matched": True, "order": order_ref})
        reasons = tuple(
            f"{difference['kind']}: {difference['sku'] or ''} expected {difference['expected']}, "
            f"found {difference['found']}"
            for difference in answer["differences"]
        )
        return _accepting(work, *reasons)

    async def post(self, work: Work) -> End:
        """Post the invoice; the ERP's policy may want a person's approval first."""
        try:
            posted = await self._call(
                work,
                "erp_post_invoice",
                {
                    "invoice_id": work.data["invoice_id"],
                    "expected_version": work.data["invoice_version"],
                },
                step="post",
            )
        except ApprovalRequiredError as waits:
            return AwaitApproval(waits.details["approval_id"], waits.details["expires_at"])
        except PolicyDeniedError as denial:
            return Rejected(denial.message)
        except (ConflictError, InvalidRequestError) as refusal:
            return _refused(refusal)
        data = {"ref": posted["ref"], "state": posted["state"]}
        return Done(detail={**data, "replayed": posted["replayed"]}, data=data)

    async def _order(self, work: Work, ref: str | None) -> dict[str, Any] | AwaitReview | None:
        if not ref:
            return None
        try:
            return await self._call(work, "erp_get_order", {"ref": ref})
        except NotFoundError:
            return AwaitReview((f"no purchase order {ref}",))
        except InvalidRequestError as refusal:
            return _refused(refusal)

    async def _receipts(self, work: Work, order_ref: str) -> list[dict[str, str]]:
        """Return what the inventory received for the order, page by page, summed by item."""
        totals: dict[str, str] = {}
        cursor: str | None = None
        while True:
            page = await self._call(
                work,
                "inventory_list_movements",
                {
                    "source_ref": order_ref,
                    "kind": "receipt",
                    "limit": _MOST_RECEIPTS,
                    "cursor": cursor,
                },
            )
            for movement in page["items"]:
                sku, amount = movement["sku"], movement["quantity"]
                totals[sku] = str(Decimal(totals.get(sku, "0")) + Decimal(amount))
            cursor = page["next_cursor"]
            if cursor is None:
                return [{"sku": sku, "quantity": amount} for sku, amount in totals.items()]

    async def _call(
        self, work: Work, tool: str, arguments: Mapping[str, Any], *, step: str | None = None
    ) -> dict[str, Any]:
        return await self.tools.call(
            tool,
            arguments,
            tenant=work.tenant,
            requested_by=work.requested_by,
            correlation_id=work.correlation_id,
            traceparent=work.traceparent,
            idempotency_key=work.key(step) if step else None,
            taint=_TAINT if step else frozenset(),
        )


def _doubt(work: Work, *reasons: str, then: End | None = None) -> End:
    """Ask a person, unless one has already accepted these very doubts; then go on with `then`."""
    if then is not None and set(reasons) <= set(work.data.get("accepted", ())):
        return then
    return AwaitReview(reasons)


def _accepting(work: Work, *reasons: str) -> End:
    """Ask a person, who may accept the invoice as it is."""
    return _doubt(work, *reasons, then=Done(detail={"matched": False, "accepted": reasons}))


def _refused(refusal: SwitchgearError) -> AwaitReview:
    return AwaitReview((f"the ERP refuses: {refusal.message}",))


def _record(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "record_uri": f"erp://invoices/{data['invoice_id']}",
        "invoice_id": data["invoice_id"],
        "ref": data["ref"],
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


def _vat(text: str | None) -> str:
    return "".join(c for c in text or "" if c.isalnum()).upper()


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _is_other_account(stated: str | None, on_file: str | None) -> bool:
    return bool(stated and on_file) and _vat(stated) != _vat(on_file)
