"""The transactional outbox: events commit with the state they announce, a relay publishes them."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.envelope import Envelope
from switchgear_shared.observability.logs import logger
from switchgear_shared.storage.database import EMITS, Database
from switchgear_shared.storage.shared_tables import outbox

_log = logger(__name__)
_BATCH_ROWS = 500
_POLL_S = 0.25
_PUBLISH_TIMEOUT_S = 10.0
_PAUSE_S = 1.0
_GATHERED = "gathered_events"
_TURN_LOCK = "switchgear.outbox"
_INSERT = insert(outbox)
_NEXT = select(outbox).order_by(outbox.c.id).limit(_BATCH_ROWS)
_DROP = delete(outbox).where(outbox.c.id.in_(bindparam("ids", expanding=True)))


async def emit(session: AsyncSession, event: Event, *, at: datetime | None = None) -> None:
    """Have `event` published when the transaction of `session` commits, or at the moment `at`."""
    if at is not None and at.tzinfo is None:
        raise ValueError("the moment of a timer must be aware")
    row = {
        "tenant": event.tenant,
        "event_id": event.id,
        "type": event.type,
        "body": event.to_cloudevent().decode(),
        "due_at": at and at.astimezone(UTC),
        "created_at": utc_now(),
    }
    session.info[EMITS] = True
    if (gathered := session.info.get(_GATHERED)) is not None:
        gathered.append(row)
    else:
        await session.execute(_INSERT, [row])


@asynccontextmanager
async def emitting_together(session: AsyncSession) -> AsyncGenerator[None]:
    """Write the events emitted within in one statement at the end, in their order."""
    session.info[_GATHERED] = rows = list[dict[str, Any]]()
    try:
        yield
    finally:
        del session.info[_GATHERED]
    if rows:
        await session.execute(_INSERT, rows)


@dataclass(frozen=True, slots=True)
class _Pending:
    row_id: int
    envelope: Envelope
    due_at: datetime | None


class OutboxRelay:
    """Moves committed events to the broker in the order of their rows, and then drops the rows.

    It wakes on every commit of this process that emits, and looks four times a second for those
    of others. Killed between publishing and dropping, it publishes again under the same ids, which
    the broker drops. Any number of relays may serve one database.
    """

    def __init__(self, database: Database, bus: Bus) -> None:
        self._database = database
        self._bus = bus
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_stopping = False
        database.on_emission(self.wake)

    async def start(self) -> None:
        """Begin; rows of earlier runs go first."""
        self._is_stopping = False
        self._task = asyncio.get_running_loop().create_task(
            self._run(),
            context=contextvars.Context(),  # must not join the starter's unit of work
        )

    async def stop(self, drain_s: float = 2.0) -> None:
        """Stop, waiting up to `drain_s` for the batch under way; the rest waits in its rows."""
        task, self._task = self._task, None
        if task is None:
            return
        self._is_stopping = True
        self.wake()
        await asyncio.wait({task}, timeout=drain_s)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    def wake(self) -> None:
        """Look now."""
        self._awake.set()

    async def drain(self) -> int:
        """Publish what is committed until nothing is left; returns how many events went."""
        count = 0
        while moved := await self._move_batch():
            count += moved
        return count

    async def _run(self) -> None:
        while not self._is_stopping:
            self._awake.clear()
            try:
                while await self._move_batch() and not self._is_stopping:
                    pass
            except SwitchgearError as error:
                _log.warning(
                    "outbox_waits",
                    database=self._database.name,
                    error_code=error.code,
                    reason=error.message,
                )
                await self._pause()
            except Exception as error:  # noqa: BLE001 - a consumer loop: it outlives any failure
                _log.error("outbox_failed", database=self._database.name, exc_info=error)
                await self._pause()
            if not self._is_stopping:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_POLL_S):
                        await self._awake.wait()

    async def _pause(self) -> None:
        if not self._is_stopping:
            await asyncio.sleep(_PAUSE_S)

    async def _move_batch(self) -> int:
        async with self._turn() as is_ours:
            if not is_ours:
                return 0
            pending = await self._read()
            if not pending:
                return 0
            await self._bus.publish_envelopes(
                [row.envelope for row in pending if row.due_at is None],
                timeout_s=_PUBLISH_TIMEOUT_S,
            )
            for row in pending:
                if row.due_at is not None:
                    await self._bus.schedule(row.envelope, row.due_at)
            await self._drop(pending)
        return len(pending)

    @asynccontextmanager
    async def _turn(self) -> AsyncGenerator[bool]:
        """Keep other relays of a PostgreSQL schema from publishing the same rows in vain."""
        if self._database.is_sqlite:
            yield True
            return
        key = f"{_TURN_LOCK}.{self._database.name}"
        async with self._database.reading() as session:
            lock = select(func.pg_try_advisory_xact_lock(func.hashtext(key)))
            yield bool((await session.execute(lock)).scalar_one())

    async def _read(self) -> Sequence[_Pending]:
        async with self._database.reading() as session:
            rows = await session.execute(_NEXT)
            found = rows.all()
        return [
            _Pending(
                row.id,
                Envelope.of_body(row.event_id, row.tenant, row.type, row.body.encode()),
                row.due_at,
            )
            for row in found
        ]

    async def _drop(self, pending: Sequence[_Pending]) -> None:
        ids = [row.row_id for row in pending]
        async with self._database.writing() as session:
            await session.execute(_DROP, {"ids": ids})
