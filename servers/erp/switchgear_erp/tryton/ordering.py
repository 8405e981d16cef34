"""Making an order: priced as Tryton proposes, and a party's own number is taken once."""

from typing import Any

from switchgear_erp.days import check_ahead
from switchgear_erp.models import PartyId
from switchgear_erp.trade import OrderDraft
from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.company import company_of
from switchgear_erp.tryton.ids import MODELS
from switchgear_erp.tryton.order_records import OrderRecord, day_of, promised_of, read_again
from switchgear_erp.tryton.parties import check_role, party_named
from switchgear_erp.tryton.places import Warehouse, warehouse_named
from switchgear_erp.tryton.pricing import ROLES, Priced, priced_order
from switchgear_shared.contracts.business_event_data import OrderCreated
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, InvalidRequestError
from switchgear_shared.storage.tryton.client import MOST_RECORDS
from switchgear_shared.storage.tryton.texts import literal


async def create(act: Act, draft: OrderDraft) -> WriteResult:
    """See ErpBackend.create_order."""
    company = await company_of(act.client)
    party = await party_named(act.client, draft.party_id)
    check_role(party, company, ROLES[draft.kind])
    if draft.promised_on is not None:
        check_ahead("promised_on", draft.promised_on, act.today)
        if draft.promised_on < act.today:
            raise InvalidRequestError(
                f"promised_on {draft.promised_on} is before today, {act.today}",
                field="promised_on",
            )
    key = _key(draft)
    theirs = [["party", "=", party["id"]]]
    made = await act.made(draft.kind, MODELS[draft.kind], "description", told=theirs)
    if made is not None:
        return await _done(act, draft, party["id"], key, made)
    await _check_free(act, draft, party["id"], key)
    priced = await priced_order(act.client, company, draft.kind, party, draft.lines)
    warehouse = await warehouse_named(
        act.client, draft.location, default=priced.header.get("warehouse")
    )
    if act.write.is_rehearsal:
        return _rehearsed(act, draft, priced, warehouse)
    act.write.check_may_send()
    order = {
        **priced.header,
        "description": act.write.reference,
        "reference": draft.external_ref,
        "warehouse": warehouse.id,
        day_of(draft.kind): act.today,
        promised_of(draft.kind): draft.promised_on,
        "lines": [["create", [*priced.lines]]],
    }
    [made] = await act.client.call(MODELS[draft.kind], "create", [order])
    return await _done(act, draft, party["id"], key, made)


def _key(draft: OrderDraft) -> str:
    """Return the party's number as it must be unique; empty without one."""
    key = _folded(draft.external_ref)
    if not key and draft.external_ref is not None:
        raise InvalidRequestError("external_ref is blank", field="external_ref")
    return key


async def _check_free(
    act: Act, draft: OrderDraft, party: int, key: str, *, own: int | None = None
) -> None:
    """Raise ConflictError if the party's number is on another order of its kind."""
    if not key:
        return
    # Between two characters there may be anything: what only looks alike is left out below.
    pattern = "%" + "%".join(literal(character) for character in key) + "%"
    domain: list[Any] = [
        ["company", "=", act.client.company],
        ["party", "=", party],
        ["reference", "ilike", pattern],
    ]
    fields = ["number", "reference", "state"]
    page = await act.client.search(MODELS[draft.kind], domain, fields, limit=MOST_RECORDS)
    for record in page.records:
        if record["id"] != own and _folded(record["reference"]) == key:
            taken = OrderRecord(draft.kind, record)
            raise ConflictError(
                f"{draft.external_ref} of party {draft.party_id} is on order {taken.ref} already, "
                f"which is {taken.state}",
                field="external_ref",
                details={"order_id": taken.id, "ref": taken.ref, "state": taken.state},
            )


async def _done(act: Act, draft: OrderDraft, party: int, key: str, made: int) -> WriteResult:
    """Tell of the order; where another took the number at the same moment, take it back.

    Both may be: what commits last sees the other, and what commits first may too.
    """
    model = MODELS[draft.kind]
    try:
        await _check_free(act, draft, party, key, own=made)
    except ConflictError:
        act.write.check_may_send()
        async with act.write.undone_by(lambda: act.client.call(model, "delete", [made])):
            raise
    order = await read_again(act.client, draft.kind, made)
    data = OrderCreated(
        order_id=order.id, ref=order.ref, kind=draft.kind, party_id=PartyId(draft.party_id)
    )
    act.announce("erp.order.created", order.id, data)
    return order.written()


def _rehearsed(act: Act, draft: OrderDraft, priced: Priced, warehouse: Warehouse) -> WriteResult:
    after = {
        "kind": draft.kind,
        "party_id": draft.party_id,
        "state": "draft",
        "external_ref": draft.external_ref,
        "location": warehouse.code,
        "promised_on": draft.promised_on.isoformat() if draft.promised_on else None,
        "net": str(priced.net),
        "tax": str(priced.tax),
        "gross": str(priced.gross),
        "currency": priced.currency,
    }
    act.write.note("order", draft.external_ref or "new", None, after)
    for number, line in enumerate(priced.shown, start=1):
        shown = line.model_dump(mode="json", include={"sku", "quantity", "unit_price", "net"})
        act.write.note("order_line", f"{draft.external_ref or 'new'} {number}", None, shown)
    return WriteResult(id="", state="draft", version="")


def _folded(reference: str | None) -> str:
    return "".join((reference or "").casefold().split())
