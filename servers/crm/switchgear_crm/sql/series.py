"""Numbers for new records, and the lock that makes them one after the other."""

from typing import Literal

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_crm.tables import SeriesRow
from switchgear_shared.contracts.values import TenantId

Series = Literal["accounts", "contacts", "opportunities"]


async def locked_series(session: AsyncSession, tenant: TenantId, series: Series) -> SeriesRow:
    """Return the series, held against other writers until the transaction ends.

    Who makes a record under a natural key looks for it again after this.
    """
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    insert = sqlite.insert if is_sqlite else postgresql.insert
    values = {"tenant": tenant, "series": series, "last_number": 0}
    await session.execute(insert(SeriesRow).values(values).on_conflict_do_nothing())
    rows = await session.scalars(
        select(SeriesRow)
        .where(SeriesRow.tenant == tenant, SeriesRow.series == series)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return rows.one()
