"""The idempotent receiver: an event's effect and the note that it happened commit together."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId, utc_now
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.shared_tables import inbox

KEPT = timedelta(days=30)
"""How long a handled event is remembered; repeats come within minutes, replays within days."""

_NOTE = insert(inbox)
_NOTE_ONCE = {
    "sqlite": sqlite.insert(inbox).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(inbox).on_conflict_do_nothing(),
}
_HANDLED = select(inbox.c.tenant, inbox.c.event_id).where(
    inbox.c.tenant.in_(bindparam("tenants", expanding=True)),
    inbox.c.consumer == bindparam("consumer"),
    inbox.c.event_id.in_(bindparam("ids", expanding=True)),
)
"""Statements are built once: what building one costs is about what a short one does."""


@asynccontextmanager
async def once(
    database: Database, consumer: str, event_id: str, *, tenant: TenantId = DEFAULT_TENANT
) -> AsyncGenerator[AsyncSession | None]:
    """Give the session of one transaction for all of the event's effects, emitted events included.

    Gives None if this consumer has handled the event. An exception undoes effects and note, so
    that the event is new again. Everything read and written through `database` inside joins the
    transaction; on SQLite it holds the one writer, so await nothing remote in here.
    """
    async with database.writing() as session:
        yield session if await _is_new(session, tenant, consumer, event_id) else None


async def note(session: AsyncSession, handled: Sequence[tuple[str, Event]]) -> None:
    """Note in the caller's transaction that these consumers have handled these events.

    For effects that come with their event, or in one transaction with those of others; an
    IntegrityError says that one of the events was handled before.
    """
    now = utc_now()
    await session.execute(
        _NOTE,
        [
            {"tenant": event.tenant, "consumer": name, "event_id": event.id, "handled_at": now}
            for name, event in handled
        ],
    )


async def unhandled(database: Database, consumer: str, events: Sequence[Event]) -> Sequence[Event]:
    """Return those of the events that this consumer has not handled, in their order."""
    async with database.reading() as session:
        found = await session.execute(
            _HANDLED,
            {
                "tenants": list({event.tenant for event in events}),
                "consumer": consumer,
                "ids": [event.id for event in events],
            },
        )
        handled = {(row.tenant, row.event_id) for row in found}
    return [event for event in events if (event.tenant, event.id) not in handled]


async def prune_inbox(
    database: Database, *, older_than: timedelta = KEPT, now: datetime | None = None
) -> int:
    """Forget events handled longer ago than `older_than`; returns how many."""
    before = (now or utc_now()) - older_than
    async with database.writing() as session:
        result: Any = await session.execute(delete(inbox).where(inbox.c.handled_at < before))
    return int(result.rowcount)


async def _is_new(session: AsyncSession, tenant: TenantId, consumer: str, event_id: str) -> bool:
    row = {"tenant": tenant, "consumer": consumer, "event_id": event_id, "handled_at": utc_now()}
    result: Any = await session.execute(_NOTE_ONCE[session.get_bind().dialect.name], row)
    return result.rowcount == 1
