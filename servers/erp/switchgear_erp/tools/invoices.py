"""Tools that read, make, match and post invoices."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import Field

from switchgear_erp.answers import Written
from switchgear_erp.backend import ErpBackend
from switchgear_erp.models import (
    MOST_LINES,
    Direction,
    DraftLine,
    InvoiceDraft,
    InvoiceId,
    InvoicePage,
    InvoicePart,
    InvoiceState,
    Match,
    Received,
    StatedTotals,
)
from switchgear_erp.models import Invoice as InvoiceAnswer
from switchgear_erp.tools.arguments import (
    LINES,
    Cursor,
    Invoice,
    Limit,
    Number,
    Order,
    Party,
    Version,
    erp,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.texts import filled, within


@erp.read(permission="erp.invoice.read")
async def erp_list_invoices(
    backend: ErpBackend,
    caller: Caller,
    *,
    direction: Annotated[
        Direction | None, Field(description="To customers, or from vendors.")
    ] = None,
    state: Annotated[InvoiceState | None, Field(description="Its state.")] = None,
    overdue: Annotated[bool, Field(description="Only unpaid and past due.")] = False,
    party_id: Party | None = None,
    query: Number | None = None,
    limit: Limit = 10,
    cursor: Cursor | None = None,
) -> InvoicePage:
    """List invoices to customers and from vendors, newest first.

    Filters combine. `open` is still to pay. A draft has no `ref`. Fails with invalid_request.
    """
    return await backend.list_invoices(
        caller.tenant,
        direction=direction,
        state=state,
        overdue=overdue,
        party_id=party_id,
        query=query,
        limit=limit,
        cursor=cursor,
    )


@erp.read(permission="erp.invoice.read")
async def erp_get_invoice(
    backend: ErpBackend,
    caller: Caller,
    *,
    invoice_id: Invoice,
    include: Annotated[
        tuple[InvoicePart, ...], Field(max_length=2, description="Parts to show.")
    ] = ("lines",),
) -> InvoiceAnswer:
    """Get one invoice with its lines.

    `journal` shows how it was posted. Fails with not_found.
    """
    return await backend.get_invoice(caller.tenant, invoice_id=invoice_id, include=include)


@erp.write(permission="erp.invoice.create", idempotent=False)
async def erp_create_invoice(
    backend: ErpBackend,
    caller: Caller,
    *,
    direction: Annotated[Direction, Field(description="To a customer, or from a vendor.")],
    party_id: Party,
    lines: Annotated[
        Annotated[tuple[DraftLine, ...], LINES] | None,
        Field(
            description="Default: all the order has left. Gaps are as ordered, or the product's.",
        ),
    ] = None,
    external_ref: Annotated[
        Annotated[str, within(64, filled)] | None,
        Field(description="The vendor's number; a payable needs it."),
    ] = None,
    document_id: Annotated[
        Annotated[str, within(64, filled)] | None, Field(description="Read from this one.")
    ] = None,
    issued_on: Annotated[date | None, Field(description="Default: today.")] = None,
    due_on: Annotated[date | None, Field(description="Default: by the party's terms.")] = None,
    currency: Annotated[
        str | None,
        Field(pattern="^[A-Z]{3}$", description="Default: as ordered, or the party's."),
    ] = None,
    order_id: Order | None = None,
    totals: Annotated[StatedTotals | None, Field(description="As printed.")] = None,
) -> Written:
    """Create a draft invoice; nothing is booked until erp_post_invoice.

    For a vendor's invoice that came in, or to bill a customer. The same document again
    rewrites its draft.
    Fails with conflict if the vendor's number is taken (`details`: by which), invalid_request
    if totals or order do not fit, not_found.
    """
    draft = InvoiceDraft(
        direction=direction,
        party_id=party_id,
        lines=lines,
        external_ref=external_ref,
        document_id=document_id,
        issued_on=issued_on,
        due_on=due_on,
        currency=currency,
        order_id=order_id,
        totals=totals or StatedTotals(),
    )
    result = await backend.create_invoice(caller.tenant, draft=draft, caller=caller)
    return Written.of(result)


async def invoice_facts(
    backend: ErpBackend, caller: Caller, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return what policies decide a posting by: amounts in minor units, party and risks.

    The risks are those that the caller names and those that our own records show.
    """
    invoice = await backend.get_invoice(
        caller.tenant, invoice_id=InvoiceId(arguments["invoice_id"])
    )
    risks = sorted({*arguments.get("risks", ()), *await _risks(backend, caller, invoice)})
    return {
        "amount_minor": invoice.gross.to_minor(),
        "currency": invoice.gross.currency,
        "amount_company_minor": invoice.company_gross.to_minor(),
        "party_id": invoice.party_id,
        "direction": invoice.direction,
        **({"risks": risks} if risks else {}),
    }


async def _risks(backend: ErpBackend, caller: Caller, invoice: InvoiceAnswer) -> set[str]:
    """Return what the ERP's own records say against a vendor's invoice."""
    if invoice.direction != "payable":
        return set()
    found = set[str]()
    if invoice.order_id is None:
        found.add("no_order")
    else:
        match = await backend.match_invoice(caller.tenant, invoice_id=invoice.id, receipts=None)
        if not match.matched:
            found.add("off_order")
    for state in ("paid", "posted"):
        page = await backend.list_invoices(
            caller.tenant,
            direction="payable",
            state=state,
            overdue=False,
            party_id=invoice.party_id,
            query=None,
            limit=2,
            cursor=None,
        )
        if any(other.id != invoice.id for other in page.items):
            return found
    return found | {"new_supplier"}


@erp.write(permission="erp.invoice.post", idempotent=True, destructive=True, facts=invoice_facts)
async def erp_post_invoice(
    backend: ErpBackend,
    caller: Caller,
    *,
    invoice_id: Invoice,
    risks: Annotated[  # noqa: ARG001 - policies read it
        tuple[Annotated[str, Field(pattern="^[a-z_]{1,40}$")], ...],
        Field(max_length=9, description="For policies."),
    ] = (),
    expected_version: Version | None = None,
) -> Written:
    """Post a draft invoice: book and number it, for good.

    Match a payable first. Large or risky ones may need approval.
    Fails with conflict if it moved on, invalid_request if its order has less left or the books
    are closed.
    """
    result = await backend.post_invoice(
        caller.tenant, invoice_id=invoice_id, expected_version=expected_version, caller=caller
    )
    return Written.of(result)


@erp.write(permission="erp.invoice.cancel", idempotent=True, destructive=True, listed=False)
async def erp_cancel_draft(
    backend: ErpBackend,
    caller: Caller,
    *,
    document_id: Annotated[str, within(64, filled), Field(description="They were read from it.")],
) -> Written:
    """Cancel the payable drafts of a document; the vendor's number is free again.

    For a document that turned out to be several. Cancelled ones answer changed=false.
    Fails with conflict if one is posted or has to stay (`details`: which), with not_found.
    """
    result = await backend.cancel_draft(caller.tenant, document_id=document_id, caller=caller)
    return Written.of(result)


@erp.read(permission="erp.invoice.read")
async def erp_match_invoice(
    backend: ErpBackend,
    caller: Caller,
    *,
    invoice_id: Invoice,
    receipts: Annotated[
        Annotated[tuple[Received, ...], Field(max_length=MOST_LINES)] | None,
        Field(description="All that came in. Default: the order's."),
    ] = None,
) -> Match:
    """Match a vendor's invoice with its order and receipts; changes nothing.

    `differences` names what is not as ordered, received or yet to be invoiced.
    Fails with not_found, invalid_request for a receivable.
    """
    return await backend.match_invoice(caller.tenant, invoice_id=invoice_id, receipts=receipts)
