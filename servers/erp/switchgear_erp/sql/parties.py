"""Making a party that is not there yet, and putting one away that nothing refers to."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.models import COMPANY_COUNTRY, COMPANY_CURRENCY, PartyId
from switchgear_erp.parties import Known, PartyDraft, check_unknown, is_known
from switchgear_erp.sql.announcements import announce
from switchgear_erp.sql.books import exchange_rate, next_number
from switchgear_erp.sql.directory import no_party
from switchgear_erp.tables import InvoiceRow, OrderRow, PartyRow
from switchgear_shared.contracts.business_event_data import PartyChanged
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId, new_id
from switchgear_shared.errors import ConflictError, InvalidRequestError

_SERIES = "parties"
_PAYMENT_DAYS = 30


async def create(
    session: AsyncSession, tenant: TenantId, draft: PartyDraft, caller: Caller, now: datetime
) -> WriteResult:
    """See ErpBackend.create_party."""
    ref = await _next_ref(session, tenant)  # whoever makes another waits here
    check_unknown(draft, await _known(session, tenant))
    currency = draft.currency or COMPANY_CURRENCY
    if await exchange_rate(session, tenant, currency, now.date()) is None:
        raise InvalidRequestError(f"there is no exchange rate for {currency}", field="currency")
    party = await _row(session, tenant, draft)
    for column, value in _columns(draft, currency).items():
        setattr(party, column, value)
    party.ref = ref
    session.add(party)
    await session.flush()
    await _announce(session, "erp.party.created", party, caller, now)
    return _written(party, changed=True)


async def deactivate(
    session: AsyncSession, tenant: TenantId, party_id: PartyId, caller: Caller, now: datetime
) -> WriteResult:
    """See ErpBackend.deactivate_party."""
    party = await session.scalar(
        select(PartyRow)
        .where(PartyRow.tenant == tenant, PartyRow.id == party_id)
        .with_for_update()  # nothing that refers to it is written meanwhile
        .execution_options(populate_existing=True)
    )
    if party is None:
        raise no_party(party_id)
    if not party.is_active:
        return _written(party, changed=False)
    for table, word in ((OrderRow, "order"), (InvoiceRow, "invoice")):
        found = await session.scalar(
            select(table.id).where(table.tenant == tenant, table.party_id == party_id).limit(1)
        )
        if found is not None:
            raise ConflictError(
                f"{word} {found} is of party {party.ref}: it stays",
                field="party_id",
                details={f"{word}_id": found},
            )
    party.is_active = False
    party.version += 1
    await session.flush()
    await _announce(session, "erp.party.deactivated", party, caller, now)
    return _written(party, changed=True)


async def _known(session: AsyncSession, tenant: TenantId) -> list[Known]:
    found = await session.execute(
        select(PartyRow.id, PartyRow.ref, PartyRow.name, PartyRow.city, PartyRow.vat_id)
        .where(PartyRow.tenant == tenant, PartyRow.is_active)
        .order_by(PartyRow.id)
    )
    return [
        Known(PartyId(id_), ref, name, city, (vat_id,) if vat_id else ())
        for id_, ref, name, city, vat_id in found
    ]


async def _next_ref(session: AsyncSession, tenant: TenantId) -> str:
    """Return the next number; those that parties from elsewhere came with are passed over."""
    while True:
        ref = f"P-{await next_number(session, tenant, _SERIES):05d}"
        taken = select(PartyRow.id).where(PartyRow.tenant == tenant, PartyRow.ref == ref)
        if await session.scalar(taken) is None:
            return ref


async def _row(session: AsyncSession, tenant: TenantId, draft: PartyDraft) -> PartyRow:
    """Return a new row; one that was put away goes on under its account's id."""
    if draft.account_id is None:
        return PartyRow(tenant=tenant, id=new_id("party"), version=1)
    taken = await session.get(PartyRow, (tenant, draft.account_id))
    if taken is None:
        return PartyRow(tenant=tenant, id=draft.account_id, version=1)
    if taken.is_active:
        raise is_known(
            Known(PartyId(taken.id), taken.ref, taken.name), "account_id", "is of that account"
        )
    taken.version += 1
    return taken


def _columns(draft: PartyDraft, currency: str) -> dict[str, Any]:
    address, country = draft.address, draft.address.country or COMPANY_COUNTRY
    return {
        "name": draft.name,
        "is_customer": "customer" in draft.roles,
        "is_vendor": "vendor" in draft.roles,
        "vat_id": draft.vat_id,
        "iban": draft.iban,
        "email": draft.email,
        "street": address.street,
        "postal_code": address.postal_code,
        "city": address.city,
        "country": country,
        "currency": currency,
        "credit_limit_minor": None,
        "payment_days": _PAYMENT_DAYS if draft.payment_days is None else draft.payment_days,
        "tax_percent": None if country == COMPANY_COUNTRY else Decimal(0),
        "is_active": True,
    }


async def _announce(
    session: AsyncSession, type_: str, party: PartyRow, caller: Caller, now: datetime
) -> None:
    data = PartyChanged(party_id=party.id, ref=party.ref)
    await announce(session, type_, party.id, data, caller=caller, now=now)


def _written(party: PartyRow, *, changed: bool) -> WriteResult:
    return WriteResult(
        id=party.id,
        ref=party.ref,
        state="active" if party.is_active else "inactive",
        version=str(party.version),
        changed=changed,
    )
