"""Parties and products as SQL keeps them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.models import PartyPage, ProductPage, Role
from switchgear_erp.search import ranked
from switchgear_erp.sql import rows
from switchgear_erp.tables import PartyRow, ProductRow
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import NotFoundError


async def find_parties(
    session: AsyncSession, tenant: TenantId, *, query: str, role: Role | None, limit: int
) -> PartyPage:
    """See ErpBackend."""
    statement = select(
        PartyRow.id,
        PartyRow.name,
        PartyRow.id,
        PartyRow.ref,
        PartyRow.vat_id,
        PartyRow.iban,
        PartyRow.email,
    ).where(PartyRow.tenant == tenant, PartyRow.is_active)
    if role is not None:
        statement = statement.where(
            PartyRow.is_customer if role == "customer" else PartyRow.is_vendor
        )
    found = await session.execute(statement)
    matches = ranked(query, ((id_, name, codes) for id_, name, *codes in found))
    best = [id_ for id_, _ in matches[:limit]]
    records = {
        row.id: row
        for row in await session.scalars(
            select(PartyRow).where(PartyRow.tenant == tenant, PartyRow.id.in_(best))
        )
    }
    return PartyPage(
        items=tuple(rows.party(records[id_]) for id_ in best),
        total=len(matches),
        truncated=len(matches) > limit,
    )


async def find_products(
    session: AsyncSession, tenant: TenantId, *, query: str, limit: int
) -> ProductPage:
    """See ErpBackend."""
    found = await session.execute(
        select(ProductRow.id, ProductRow.name, ProductRow.sku).where(ProductRow.tenant == tenant)
    )
    matches = ranked(query, ((id_, name, (sku,)) for id_, name, sku in found))
    best = [id_ for id_, _ in matches[:limit]]
    records = {
        row.id: row
        for row in await session.scalars(
            select(ProductRow).where(ProductRow.tenant == tenant, ProductRow.id.in_(best))
        )
    }
    return ProductPage(
        items=tuple(rows.product(records[id_]) for id_ in best),
        total=len(matches),
        truncated=len(matches) > limit,
    )


async def party_row(session: AsyncSession, tenant: TenantId, party_id: str) -> PartyRow:
    """Return the party, or raise NotFoundError."""
    row = await session.get(PartyRow, (tenant, party_id))
    if row is None or not row.is_active:
        raise no_party(party_id)
    return row


async def referred_party(session: AsyncSession, tenant: TenantId, party_id: str) -> PartyRow:
    """Return the party, which is not put away before the transaction ends."""
    return await _held(session, tenant, party_id, is_changed=False)


async def locked_party(session: AsyncSession, tenant: TenantId, party_id: str) -> PartyRow:
    """Return the party, held against other orders and postings until the transaction ends.

    Records that only refer to it go on being written.
    """
    return await _held(session, tenant, party_id, is_changed=True)


def no_party(party_id: str) -> NotFoundError:
    """Return the error for a party that is not there, or not any more."""
    return NotFoundError(f"there is no party {party_id}", field="party_id")


async def _held(
    session: AsyncSession, tenant: TenantId, party_id: str, *, is_changed: bool
) -> PartyRow:
    row = await session.scalar(
        select(PartyRow)
        .where(PartyRow.tenant == tenant, PartyRow.id == party_id)
        .with_for_update(read=not is_changed, key_share=True)
        .execution_options(populate_existing=True)
    )
    if row is None or not row.is_active:
        raise no_party(party_id)
    return row
