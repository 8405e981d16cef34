"""The audit trail's appender: events in, committed links of a tenant's hash chain out."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import AuditUnavailableError
from switchgear_shared.governance.audit_event import AuditEvent
from switchgear_shared.governance.audit_writer import ChainWriter, Line
from switchgear_shared.storage.database import Database

__all__ = ["Audit", "AuditEvent"]

_BATCH = 50
_LINGER_S = 0.005
_RETRY_S = 0.5
_CAPACITY = 10_000
_CHECKPOINT_S = 1.0


@dataclass(slots=True, eq=False)
class _Entry:
    line: Line
    is_kept: bool
    done: asyncio.Future[None] | None = None


class Audit:
    """Appends events to the chains in the database called audit; one per process and event loop.

    What is waiting commits together: up to 50 events, and up to 5 ms while nobody waits for the
    commit. The task that commits starts with the first event and ends with `close`.
    """

    def __init__(
        self,
        database: Database,
        data_dir: Path,
        *,
        capacity: int = _CAPACITY,
        checkpoint_s: float = _CHECKPOINT_S,
        retry_s: float = _RETRY_S,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._writer = ChainWriter(
            database, data_dir, interval_s=checkpoint_s, now=now, clock=clock
        )
        self._checkpoint_s = checkpoint_s
        self._retry_s = retry_s
        self._entries: deque[_Entry] = deque()
        self._batch: list[_Entry] = []
        self._room = asyncio.Semaphore(capacity)
        self._arrived = asyncio.Event()
        self._urgent = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False

    async def append(self, event: AuditEvent) -> None:
        """Return when the event is committed.

        Raises:
            AuditUnavailableError: it is not, so what it announces must not happen.
        """
        entry = self._enqueue(Line.of(event), is_kept=False)
        entry.done = asyncio.get_running_loop().create_future()
        self._urgent.set()
        await entry.done

    async def append_soon(self, event: AuditEvent) -> None:
        """Take the event for the next commit; waits while the queue is full, drops nothing."""
        line = Line.of(event)
        await self._room.acquire()
        self._enqueue(line, is_kept=True)

    async def flush(self) -> None:
        """Return when all events taken so far are committed.

        Raises:
            AuditUnavailableError: they are not; they stay taken.
        """
        entries = [*self._batch, *self._entries]
        for entry in entries:
            entry.done = entry.done or asyncio.get_running_loop().create_future()
        self._urgent.set()
        results = await asyncio.gather(
            *(entry.done for entry in entries if entry.done), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def close(self) -> None:
        """Commit what was taken, checkpoint it and stop.

        Raises:
            AuditUnavailableError: events that were taken could not be committed.
        """
        self._is_closing = True
        self._arrived.set()
        self._urgent.set()
        if self._task is not None:
            await self._task
        if self._entries:
            raise AuditUnavailableError(f"{len(self._entries)} audit events were not committed")

    def _enqueue(self, line: Line, *, is_kept: bool) -> _Entry:
        if self._is_closing:
            raise AuditUnavailableError("the audit trail is closed")
        entry = _Entry(line, is_kept)
        self._entries.append(entry)
        self._arrived.set()
        if len(self._entries) >= _BATCH:
            self._urgent.set()
        if self._task is None or self._task.done():
            # An empty context: the task must join no unit of work of the first caller.
            self._task = asyncio.get_running_loop().create_task(
                self._run(), context=contextvars.Context()
            )
        return entry

    async def _run(self) -> None:
        try:
            while await self._has_work():
                if not await self._commit():
                    if self._is_closing:
                        return
                    await _wait(self._urgent, self._retry_s)
            await self._checkpoint()
        finally:
            self._refuse([*self._batch, *self._entries])

    async def _has_work(self) -> bool:
        while not self._entries:
            if self._is_closing:
                return False
            self._arrived.clear()
            pause_s = self._checkpoint_s if self._writer.is_unsigned else None
            if not await _wait(self._arrived, pause_s):
                await self._checkpoint()
        if len(self._entries) < _BATCH and not self._urgent.is_set():
            await _wait(self._urgent, _LINGER_S)
        return True

    async def _commit(self) -> bool:
        self._urgent.clear()
        self._batch = list(islice(self._entries, _BATCH))
        for _ in self._batch:
            self._entries.popleft()
        if any(entry.done for entry in self._entries):
            self._urgent.set()
        try:
            await self._writer.write([entry.line for entry in self._batch])
        except AuditUnavailableError:
            self._refuse(self._batch)
            self._entries.extendleft(entry for entry in reversed(self._batch) if entry.is_kept)
            self._batch = []
            return False
        for entry in self._batch:
            if entry.done and not entry.done.done():
                entry.done.set_result(None)
            if entry.is_kept:
                self._room.release()
        self._batch = []
        return True

    async def _checkpoint(self) -> None:
        with contextlib.suppress(AuditUnavailableError):
            await self._writer.sign()

    def _refuse(self, entries: list[_Entry]) -> None:
        for entry in entries:
            if entry.done and not entry.done.done():
                error = AuditUnavailableError("the audit trail cannot be written", retry_after_s=1)
                entry.done.set_exception(error)
            entry.done = None


async def _wait(event: asyncio.Event, timeout_s: float | None) -> bool:
    """Return whether the event was set in time."""
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return False
    return True
