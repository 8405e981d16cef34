"""Exactly-once effects: what key a write has, and the stage that answers a repeated one."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson
from pydantic import BaseModel
from sqlalchemy import delete, func, or_

from switchgear_shared.calls.call import Call, Next, Outcome
from switchgear_shared.errors import ConflictError, NotFoundError, SwitchgearError
from switchgear_shared.governance.digests import digest
from switchgear_shared.storage.database import Database
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


class Writes(Protocol):
    """How one server's writes are done once, and their outcomes kept by key.

    `write` is the tool's function with its arguments; it runs once in each of these methods at
    the most, and its effect happens once for a key however often `run` is called.
    """

    async def find(self, call: Call) -> Outcome | None:
        """Return the stored outcome of this call's key, None where there is none yet.

        Raises:
            ConflictError: the key was used with other arguments.
        """
        ...

    async def run(self, call: Call, write: Callable[[], Awaitable[BaseModel]]) -> Outcome:
        """Do the write and keep its outcome, or return the one that is kept.

        Raises:
            ConflictError: the call presents a `preview_digest` and would do something else.
        """
        ...

    async def settle(self, call: Call, write: Callable[[], Awaitable[BaseModel]]) -> Outcome:
        """Return what came of the call's key; one that nobody used is given up for good.

        What was begun is looked for; nothing is done and nothing is finished.

        Raises:
            NotFoundError: it was not done, and nobody does it under this key any more.
            BackendUnavailableError: it was begun, and nobody can tell what came of it
                (outcome `unknown`).
        """
        ...

    async def may_be_done(self, call: Call) -> bool:
        """Say whether an attempt at this call's key has begun and nobody knows how it ended."""
        ...

    async def was_begun(self, call: Call) -> bool:
        """Say the same, or that a person has said since that the attempt was not done.

        What repeats it goes on under what allowed it then.
        """
        ...

    async def preview(self, call: Call, write: Callable[[], Awaitable[BaseModel]]) -> Outcome:
        """Return what the write would do and the digest that holds a later call to it."""
        ...

    async def prune(self, *, older_than: timedelta) -> int:
        """Forget keys that are older, except of writes not known to be done; return how many."""
        ...


class Idempotency:
    """The stage that answers a repeated write with its first result, or waits for it."""

    def __init__(self, writes: Writes) -> None:
        self._writes = writes
        self._in_flight: dict[tuple[str, str, str], _Turns] = {}

    async def __call__(self, call: Call, proceed: Next) -> Outcome:
        """Raise ConflictError if the key was used with other arguments."""
        if not call.is_write:
            return await proceed(call)
        slot = (call.principal.tenant, call.tool.name, key_of(call))
        turns = self._in_flight.setdefault(slot, _Turns())
        turns.count += 1
        try:
            async with turns.lock:
                if (stored := await self._writes.find(call)) is not None:
                    return stored
                return await tried(call, proceed, self._writes)
        finally:
            turns.count -= 1
            if not turns.count:
                del self._in_flight[slot]


@dataclass(slots=True)
class _Turns:
    """The calls with one key: one at a time, and how many there are."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    count: int = 0


async def tried(call: Call, proceed: Next, writes: Writes) -> Outcome:
    """Proceed, and tell the truth of an earlier attempt whose end is unknown.

    Whatever refuses its repetition, such as an open circuit or a policy, says nothing about it:
    the outcome stays `unknown`.
    """
    try:
        return await proceed(call)
    except SwitchgearError as error:
        if error.outcome == "not_done" and await writes.may_be_done(call):
            error.outcome = "unknown"
        raise


def row_of(call: Call) -> tuple[Any, ...]:
    """Return the conditions that select the row of a call's key."""
    return (
        idempotency.c.tenant == call.principal.tenant,
        idempotency.c.tool == call.tool.name,
        idempotency.c.key == key_of(call),
    )


def place_of(call: Call) -> dict[str, str]:
    """Return where the row of a call's key is, for statements that are built once."""
    return {
        "of_tenant": call.principal.tenant,
        "of_tool": call.tool.name,
        "of_key": key_of(call),
    }


def claim_of(call: Call, at: datetime) -> dict[str, Any]:
    """Return the row that claims a call's key."""
    return {
        "tenant": call.principal.tenant,
        "tool": call.tool.name,
        "key": key_of(call),
        "digest": arguments_digest(call),
        "state": "in_flight",
        "created_at": at,
    }


def done_with(structured: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Return what changes in the row once the write is done."""
    return {"state": "done", "outcome": orjson.dumps(structured).decode(), "done_at": at}


async def prune_keys(database: Database, before: datetime) -> int:
    """Forget the keys that are older and whose write is known to be done; return how many."""
    async with database.writing() as session:
        result = await session.execute(
            delete(idempotency).where(
                func.coalesce(idempotency.c.done_at, idempotency.c.created_at) < before,
                or_(idempotency.c.state == "done", idempotency.c.told.is_not(None)),
            )
        )
    return int(getattr(result, "rowcount", 0))


def given_up(at: datetime) -> dict[str, Any]:
    """Return what a row says whose write was not done and never will be: over, with no outcome."""
    return {"state": "done", "outcome": None, "done_at": at}


def not_done(call: Call) -> SwitchgearError:
    """Return the answer for a key that was given up, to who settles it and to who comes late."""
    if call.is_settling:
        return NotFoundError(f"{call.tool.name} was not done under this key")
    return ConflictError(
        f"{call.tool.name} was given up under this idempotency_key", field="idempotency_key"
    )


def stored_outcome(call: Call, row: Any) -> Outcome:
    """Return the outcome in a row that is done, for a call with the same arguments.

    Raises:
        SwitchgearError: the key was used with other arguments, or was given up.
    """
    check_arguments(call, row)
    if row.outcome is None:
        raise not_done(call)
    return Outcome(call.correlation_id, structured={**orjson.loads(row.outcome), "replayed": True})


def check_arguments(call: Call, row: Any) -> None:
    """Raise ConflictError if the row's key was used with other arguments."""
    if row.digest != arguments_digest(call):
        raise ConflictError(
            f"idempotency_key was used for other arguments of {call.tool.name}",
            field="idempotency_key",
        )
