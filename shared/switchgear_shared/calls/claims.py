"""The rows by which writes on a system outside are claimed, and what they say of the call."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from switchgear_shared.calls.call import Call
from switchgear_shared.calls.idempotency import (
    arguments_digest,
    check_arguments,
    claim_of,
    given_up,
    key_of,
    row_of,
)
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.digests import canonical, digest
from switchgear_shared.governance.principal import Principal
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.resilience.deadline import Deadline
from switchgear_shared.storage.database import Database, DuplicateKeyError
from switchgear_shared.storage.remote_write import RemoteWrite
from switchgear_shared.storage.shared_tables import idempotency
from switchgear_shared.toolset import Tool

RESOLVE = "_resolve_write"
"""How the tools end by which a person says what came of a write: they are no such write."""

_REFERENCE_CHARACTERS = 24


@dataclass(frozen=True, slots=True)
class Claim:
    """Our right to do a write: whether it may be done already, and if so only be looked for."""

    may_be_done: bool
    is_look: bool = False
    settled_at: datetime | None = None


class Claims:
    """The claims of one server's writes; `settle` is how long an attempt may be under way."""

    def __init__(self, database: Database, settle: timedelta, now: Any) -> None:
        self.database = database
        self.now = now
        self.settle = settle
        self._owner = uuid4().hex

    async def row(self, call: Call) -> Any:
        """Return the row of a call's key, None where it was never used."""
        async with self.database.reading() as session:
            return (await session.execute(select(idempotency).where(*row_of(call)))).first()

    async def take(self, call: Call) -> Claim | None:
        """Claim the key for one attempt; None where somebody else was first."""
        row = await self.row(call)
        now = self.now()
        if row is None:
            values = {**claim_of(call, now), **_told_of(call), **self._ours(now)}
            try:
                async with self.database.writing() as session:
                    await session.execute(insert(idempotency).values(values))
            except DuplicateKeyError:
                return None
            return Claim(may_be_done=False)
        check_arguments(call, row)
        if not self.is_ours_to_try(row):
            return None
        if is_told_not_done(row):
            anew = {"looks_count": 0, "looked_at": None, "why": None, "told": None}
            is_taken = await self.change(row, created_at=now, **anew, **self._ours(now))
            return Claim(may_be_done=is_told_unseen(row)) if is_taken else None
        if not self.is_settled(row):  # ours: look it up, but do not send it before it settled
            await self.count_look(row)
            return Claim(may_be_done=True, is_look=True, settled_at=self.settled_at(row))
        is_taken = await self.change(row, **_one_look_more(now), **self._ours(now))
        return Claim(may_be_done=True) if is_taken else None

    async def change(self, seen: Any, *, events: RemoteWrite | None = None, **values: Any) -> bool:
        """Change the claim that was seen, with the events of a write; False where it is another."""
        statement = (
            update(idempotency)
            .where(
                *_key_of_row(seen),
                idempotency.c.state == "in_flight",
                idempotency.c.claimed_by == seen.claimed_by,
                idempotency.c.claimed_at == seen.claimed_at,
                idempotency.c.told.is_not_distinct_from(seen.told),
            )
            .values(values)
        )
        async with self.database.writing() as session:
            result = await session.execute(statement)
            is_changed = getattr(result, "rowcount", 0) == 1
            if is_changed and events is not None:
                for event in events.events:
                    await emit(session, event)
        return is_changed

    async def count_look(self, row: Any) -> None:
        """Count a look that is about to begin: it may be cut off before it ends."""
        await self.change(row, **_one_look_more(self.now()))

    async def keep_reason(self, call: Call, reason: str) -> None:
        """Keep why it is not known what came of the call's key; whatever else fails says more."""
        statement = (
            update(idempotency)
            .where(*row_of(call), idempotency.c.state == "in_flight")
            .values(why=reason)
        )
        with suppress(SwitchgearError):
            async with self.database.writing() as session:
                await session.execute(statement)

    async def give_up_unused(self, call: Call) -> bool:
        """Give up a key that nobody used; False where somebody just did."""
        now = self.now()
        try:
            async with self.database.writing() as session:
                await session.execute(
                    insert(idempotency).values({**claim_of(call, now), **given_up(now)})
                )
        except DuplicateKeyError:
            return False
        return True

    async def forget(self, call: Call) -> None:
        """Free the key of a write of ours that is known not to be done."""
        async with self.database.writing() as session:
            await session.execute(
                delete(idempotency).where(*row_of(call), idempotency.c.claimed_by == self._owner)
            )

    async def unresolved_count(self) -> int:
        """Return how many writes were begun and are not known to be done or refused."""
        statement = select(func.count()).where(*unresolved())
        async with self.database.reading() as session:
            return await session.scalar(statement) or 0

    def is_ours_to_try(self, row: Any) -> bool:
        """Say whether we may attempt the write of this row, be it only by looking."""
        is_free = row.claimed_by == self._owner or self.is_settled(row)
        return row.state == "in_flight" and is_free

    def is_settled(self, row: Any) -> bool:
        """Say whether the last attempt is over, over there too."""
        return self.now() >= self.settled_at(row)

    def settled_at(self, row: Any) -> datetime:
        """Return when the last attempt is over."""
        return row.claimed_at + self.settle

    def begun_before(self) -> datetime:
        """Return the time before which attempts have begun that are over now."""
        return self.now() - self.settle

    def _ours(self, now: datetime) -> dict[str, Any]:
        return {"claimed_by": self._owner, "claimed_at": now}


def unresolved() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for writes of which nobody knows, or has said, what came of them."""
    table = idempotency.c
    return (
        table.state == "in_flight",
        table.told.is_(None),
        ~table.tool.endswith(RESOLVE, autoescape=True),
    )


def is_told_not_done(row: Any) -> bool:
    """Say whether a person has said that the write of this row was not done."""
    return row.state == "in_flight" and row.told is not None


def is_told_unseen(row: Any) -> bool:
    """Say whether that was said while the system behind could not be asked."""
    return is_told_not_done(row) and bool(json.loads(row.told)["is_unseen"])


def reference_of(call: Call) -> str:
    """Return our name for a write, short enough for the reference fields of other systems.

    The arguments are in it: where our database was lost and a key is used again, another write
    of that key is not taken for this one.
    """
    return _reference(call.principal.tenant, key_of(call), arguments_digest(call))


def reference_of_row(row: Any) -> str:
    """Return our name for the write of a row."""
    return _reference(row.tenant, row.key, row.digest)


def call_of(row: Any, tools: Mapping[str, Tool], server: str, timeout_s: float) -> Call | None:
    """Return the call behind a claim as it was made; None where the row does not say."""
    tool = tools.get(row.tool)
    if row.claim is None or tool is None:
        return None
    said = json.loads(row.claim)
    call = Call(
        tool=tool,
        server=server,
        arguments=said["arguments"],
        principal=Principal(
            id=said["principal"],
            kind=said["kind"],
            tenant=row.tenant,
            roles=tuple(said["roles"]),
            scopes=tuple(said["scopes"]),
            requested_by=said["requested_by"],
        ),
        correlation_id=said["correlation_id"],
        deadline=Deadline.after(timeout_s),
        traceparent=said["traceparent"],
        idempotency_key=said["idempotency_key"],
    )
    return call if (key_of(call), arguments_digest(call)) == (row.key, row.digest) else None


def _told_of(call: Call) -> dict[str, Any]:
    """Return what the row says of the call while nobody knows its end."""
    said = {
        "arguments": dict(call.arguments),
        "principal": call.principal.id,
        "kind": call.principal.kind,
        "roles": call.principal.roles,
        "scopes": call.principal.scopes,
        "requested_by": call.principal.requested_by,
        "correlation_id": call.correlation_id,
        "traceparent": call.traceparent,
        "idempotency_key": call.idempotency_key,
    }
    return {"reference": reference_of(call), "claim": canonical(said).decode(), "looks_count": 0}


def _one_look_more(now: datetime) -> dict[str, Any]:
    return {"looks_count": func.coalesce(idempotency.c.looks_count, 0) + 1, "looked_at": now}


def _key_of_row(row: Any) -> tuple[ColumnElement[bool], ...]:
    table = idempotency.c
    return (table.tenant == row.tenant, table.tool == row.tool, table.key == row.key)


def _reference(tenant: str, key: str, arguments: str) -> str:
    return f"sg-{digest(tenant, key, arguments)[:_REFERENCE_CHARACTERS]}"
