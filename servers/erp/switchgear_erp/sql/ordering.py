"""Making an order: its lines are priced, and a party's own number is taken once."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.days import check_ahead
from switchgear_erp.models import COMPANY_CURRENCY, OrderKind, PartyId
from switchgear_erp.sql.announcements import announce
from switchgear_erp.sql.books import next_number
from switchgear_erp.sql.credit import check_credit
from switchgear_erp.sql.directory import locked_party, party_row
from switchgear_erp.sql.order_lines import priced
from switchgear_erp.tables import OrderLineRow, OrderRow, PartyRow
from switchgear_erp.totals import net_minor
from switchgear_erp.trade import CreditCheck, OrderDraft, Quote, WantedLine
from switchgear_shared.contracts.business_event_data import OrderCreated
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money, TenantId, new_id
from switchgear_shared.errors import ConflictError, InvalidRequestError

_SERIES = {"sale": "SO", "purchase": "PO"}


async def price(
    session: AsyncSession,
    tenant: TenantId,
    party_id: str,
    kind: OrderKind | None,
    wanted: Sequence[WantedLine],
    today: date,
) -> Quote:
    """See ErpBackend."""
    party = await party_row(session, tenant, party_id)
    chosen: OrderKind = kind or ("sale" if party.is_customer else "purchase")
    _check_role(party, chosen)
    lines, totals = await priced(session, party, chosen, wanted, today)
    credit = None
    if chosen == "sale":
        credit = await check_credit(session, party, totals.gross_minor, party.currency, today)
    return Quote(
        kind=chosen,
        party_id=PartyId(party.id),
        net=Money.from_minor(totals.net_minor, party.currency),
        tax=Money.from_minor(totals.tax_minor, party.currency),
        gross=Money.from_minor(totals.gross_minor, party.currency),
        lines=tuple(lines),
        credit=credit,
        warnings=(exceeded(party, credit),) if credit is not None and credit.is_exceeded else (),
    )


async def create(
    session: AsyncSession, tenant: TenantId, draft: OrderDraft, caller: Caller, now: datetime
) -> WriteResult:
    """See ErpBackend."""
    party = await locked_party(session, tenant, draft.party_id)
    _check_role(party, draft.kind)
    today = now.date()
    if draft.promised_on is not None:
        check_ahead("promised_on", draft.promised_on, today)
        if draft.promised_on < today:
            raise InvalidRequestError(
                f"promised_on {draft.promised_on} is before today, {today}", field="promised_on"
            )
    key = await _free_key(session, tenant, draft)
    lines, totals = await priced(session, party, draft.kind, draft.lines, today)
    order = OrderRow(
        tenant=tenant,
        id=new_id("ord"),
        ref=await _next_ref(session, tenant, draft.kind, today),
        version=1,
        kind=draft.kind,
        state="draft",
        party_id=party.id,
        external_ref=draft.external_ref,
        external_key=key,
        currency=party.currency,
        ordered_on=today,
        promised_on=draft.promised_on,
        location=draft.location,
        net_minor=totals.net_minor,
        tax_minor=totals.tax_minor,
    )
    session.add(order)
    await session.flush()
    session.add_all(
        OrderLineRow(
            tenant=tenant,
            order_id=order.id,
            number=number,
            sku=line.sku,
            description=line.description,
            quantity=line.quantity,
            unit=line.unit,
            unit_price=line.unit_price,
            tax_percent=line.tax_percent,
            net_minor=net_minor(line, order.currency),
            fulfilled=Decimal(0),
            invoiced=Decimal(0),
        )
        for number, line in enumerate(lines, start=1)
    )
    data = OrderCreated(order_id=order.id, ref=order.ref, kind=draft.kind, party_id=party.id)
    await announce(session, "erp.order.created", order.id, data, caller=caller, now=now)
    return WriteResult(id=order.id, ref=order.ref, state="draft", version="1")


def exceeded(party: PartyRow, credit: CreditCheck) -> str:
    """Return the sentence that an order exceeds the customer's limit."""
    return (
        f"the credit limit of {party.ref} is {credit.limit} {COMPANY_CURRENCY}: {credit.used} "
        f"is used and this order needs {credit.needed}"
    )


async def _free_key(session: AsyncSession, tenant: TenantId, draft: OrderDraft) -> str | None:
    """Return the party's number as it must be unique; the party is locked, so it stays free."""
    key = "".join((draft.external_ref or "").casefold().split())
    if not key:
        if draft.external_ref is not None:
            raise InvalidRequestError("external_ref is blank", field="external_ref")
        return None
    taken = await session.scalar(
        select(OrderRow).where(
            OrderRow.tenant == tenant,
            OrderRow.party_id == draft.party_id,
            OrderRow.kind == draft.kind,
            OrderRow.external_key == key,
        )
    )
    if taken is not None:
        raise ConflictError(
            f"{draft.external_ref} of party {draft.party_id} is on order {taken.ref} already, "
            f"which is {taken.state}",
            field="external_ref",
            details={"order_id": taken.id, "ref": taken.ref, "state": taken.state},
        )
    return key


async def _next_ref(session: AsyncSession, tenant: TenantId, kind: OrderKind, on: date) -> str:
    series = f"{_SERIES[kind]}-{on.year}"
    return f"{series}-{await next_number(session, tenant, series):04d}"


def _check_role(party: PartyRow, kind: OrderKind) -> None:
    role, is_held = (
        ("customer", party.is_customer) if kind == "sale" else ("vendor", party.is_vendor)
    )
    if not is_held:
        raise InvalidRequestError(f"party {party.id} is not a {role}", field="party_id")
