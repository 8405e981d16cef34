"""The bulkhead: how many calls a backend works on at once, and how many may wait."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from switchgear_shared.contracts.model import Contract
from switchgear_shared.errors import BulkheadFullError, DeadlineError
from switchgear_shared.resilience.deadline import Deadline

T = TypeVar("T")

_RETRY_AFTER_S = 1.0


class BulkheadSnapshot(Contract):
    """How full a bulkhead is now."""

    slots_count: int
    in_use_count: int
    queued_count: int


class Bulkhead:
    """Slots of one backend system, handed out first come, first served."""

    def __init__(self, name: str, slots: int, queue: int) -> None:
        if slots < 1 or queue < 0:
            raise ValueError("a bulkhead has at least one slot and no negative queue")
        self.name = name
        self._slots = slots
        self._queue = queue
        self._in_use = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def run(
        self, operation: Callable[[], Awaitable[T]], deadline: Deadline | None = None
    ) -> T:
        """Return what `operation` returns, called with a slot held.

        Raises BulkheadFullError if the queue is full, DeadlineError if the deadline passes
        while waiting; in both cases `operation` was not called.
        """
        if self._in_use < self._slots:
            self._in_use += 1
        else:
            await self._wait(deadline)
        try:
            return await operation()
        finally:
            self._release()

    def snapshot(self) -> BulkheadSnapshot:
        """Return how full it is."""
        return BulkheadSnapshot(
            slots_count=self._slots, in_use_count=self._in_use, queued_count=len(self._waiting)
        )

    async def _wait(self, deadline: Deadline | None) -> None:
        if len(self._waiting) >= self._queue:
            raise BulkheadFullError(
                f"{self.name} has {self._slots} calls under way and {self._queue} waiting",
                retry_after_s=_RETRY_AFTER_S,
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        has_slot = False
        try:
            async with asyncio.timeout(deadline.left_s if deadline else None):
                await turn
            has_slot = True
        except TimeoutError as error:
            raise DeadlineError(f"the time was over before {self.name} had a free slot") from error
        finally:
            if not has_slot:
                self._leave(turn)

    def _leave(self, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self._release()  # the slot was handed over just as its taker gave up
        elif turn in self._waiting:
            self._waiting.remove(turn)

    def _release(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._in_use -= 1
