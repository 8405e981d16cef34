"""Exactly-once effects: a write's key and its outcome commit in the write's own transaction."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.calls.call import Call, Next, Outcome
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import ConflictError
from switchgear_shared.governance.digests import digest
from switchgear_shared.storage.database import Database, DuplicateKeyError
from switchgear_shared.storage.shared_tables import idempotency


def key_of(call: Call) -> str:
    """Return the key that stands for this write, given or derived.

    Without one from the caller it follows from principal, tool, arguments and correlation ID, so
    a retry within one piece of work finds the first outcome. It never leaves its principal.
    """
    if call.idempotency_key is not None:
        return digest(call.principal.id, call.idempotency_key)
    return digest(call.principal.id, call.tool.name, call.arguments, call.correlation_id)


def arguments_digest(call: Call) -> str:
    """Return what a key is bound to: the tool and its arguments."""
    return digest(call.tool.name, call.arguments)


class Idempotency:
    """The stage that answers a repeated write with its first result, or waits for it."""

    def __init__(self, writes: "KeyedWrites") -> None:
        self._writes = writes
        self._in_flight: dict[tuple[str, str, str], asyncio.Lock] = {}

    async def __call__(self, call: Call, proceed: Next) -> Outcome:
        """Raise ConflictError if the key was used with other arguments."""
        if not call.is_write:
            return await proceed(call)
        slot = (call.principal.tenant, call.tool.name, key_of(call))
        lock = self._in_flight.setdefault(slot, asyncio.Lock())
        try:
            async with lock:
                if (stored := await self._writes.find(call)) is not None:
                    return stored
                return await proceed(call)
        finally:
            if not lock.locked():
                self._in_flight.pop(slot, None)


@dataclass(frozen=True, slots=True)
class KeyedWrites:
    """The outcomes of writes by key, in the database that the writes change."""

    database: Database

    async def find(self, call: Call) -> Outcome | None:
        """Return the stored outcome of this call's key, None where the key is new."""
        async with self.database.reading() as session:
            return await self._stored(session, call)

    async def run(
        self, call: Call, write: Callable[[AsyncSession], Awaitable[dict[str, Any]]]
    ) -> Outcome:
        """Run `write` in one transaction with the key; another's outcome for the key wins."""
        try:
            async with self.database.unit_of_work() as session:
                if (stored := await self._stored(session, call)) is not None:
                    return stored
                await session.execute(insert(idempotency).values(self._claim(call)))
                structured = await write(session)
                await session.execute(
                    update(idempotency)
                    .where(*self._is(call))
                    .values(
                        state="done", outcome=orjson.dumps(structured).decode(), done_at=utc_now()
                    )
                )
        except DuplicateKeyError as error:
            if (stored := await self.find(call)) is not None:
                return stored
            raise ConflictError("another record already has this unique value") from error
        return Outcome(call.correlation_id, structured=structured)

    async def prune(self, *, older_than: timedelta) -> int:
        """Forget keys whose outcome is older; return how many."""
        async with self.database.writing() as session:
            result = await session.execute(
                delete(idempotency).where(idempotency.c.created_at < utc_now() - older_than)
            )
        return int(getattr(result, "rowcount", 0))

    async def _stored(self, session: AsyncSession, call: Call) -> Outcome | None:
        row = (await session.execute(select(idempotency).where(*self._is(call)))).first()
        if row is None:
            return None
        if row.digest != arguments_digest(call):
            raise ConflictError(
                f"idempotency_key was used for other arguments of {call.tool.name}",
                field="idempotency_key",
            )
        structured = orjson.loads(row.outcome)
        return Outcome(call.correlation_id, structured={**structured, "replayed": True})

    @staticmethod
    def _is(call: Call) -> tuple[Any, ...]:
        return (
            idempotency.c.tenant == call.principal.tenant,
            idempotency.c.tool == call.tool.name,
            idempotency.c.key == key_of(call),
        )

    @staticmethod
    def _claim(call: Call) -> dict[str, Any]:
        return {
            "tenant": call.principal.tenant,
            "tool": call.tool.name,
            "key": key_of(call),
            "digest": arguments_digest(call),
            "state": "in_flight",
            "created_at": utc_now(),
        }
