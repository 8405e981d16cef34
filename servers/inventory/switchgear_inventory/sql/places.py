"""Our warehouses."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_inventory.models import LocationCode
from switchgear_inventory.tables import LocationRow
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import NotFoundError


async def location_names(session: AsyncSession, tenant: TenantId) -> dict[LocationCode, str]:
    """Return the names of the warehouses by code, in the codes' order."""
    found = await session.scalars(select(LocationRow).where(LocationRow.tenant == tenant))
    return {LocationCode(row.code): row.name for row in sorted(found, key=lambda row: row.code)}


async def check_location(
    session: AsyncSession, tenant: TenantId, location: LocationCode | None
) -> dict[LocationCode, str]:
    """Return the names of the warehouses, of `location` only if given; raises NotFoundError."""
    names = await location_names(session, tenant)
    if location is None:
        return names
    if location not in names:
        known = ", ".join(names) or "none"
        raise NotFoundError(f"there is no warehouse {location}, only {known}", field="location")
    return {location: names[location]}
