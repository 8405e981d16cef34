"""Who and when the tests of the CRM are about, and what it announced."""

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import select

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import CorrelationId, TenantId
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.shared_tables import outbox

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
ACME = TenantId("acme")
GLOBEX = TenantId("globex")


def caller_of(tenant: TenantId) -> Caller:
    """Return a caller of the tenant."""
    return Caller(
        tenant=tenant,
        principal_id="agent:test",
        requested_by="person:lee",
        correlation_id=CorrelationId("cor_test"),
    )


async def events_in(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    """Return type, subject and data of what is to be announced, oldest first."""
    async with database.reading() as session:
        bodies = await session.scalars(select(outbox.c.body).order_by(outbox.c.id))
        events = [orjson.loads(body) for body in bodies]
    return [(event["type"], event["subject"], event["data"]) for event in events]
