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


class _Turn:
    """A call's place in the queue: whose it is, and the slot it will be handed."""

    __slots__ = ("holder", "slot")

    def __init__(self, holder: str) -> None:
        self.holder = holder
        self.slot: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Bulkhead:
    """Slots of one backend system, handed out first come, first served.

    One holder, such as an agent, has at most `slots_per_holder` of them, and as large a share of
    the queue: its further calls wait, and those of others go past them.
    """

    def __init__(
        self, name: str, slots: int, queue: int, *, slots_per_holder: int | None = None
    ) -> None:
        if slots < 1 or queue < 0 or (slots_per_holder is not None and slots_per_holder < 1):
            raise ValueError("a bulkhead has at least one slot and no negative queue")
        self.name = name
        self._slots = slots
        self._queue = queue
        self._slots_per_holder = min(slots_per_holder or slots, slots)
        self._places_per_holder = max(1, queue * self._slots_per_holder // slots)
        self._held: dict[str, int] = {}
        self._in_use = 0
        self._waiting: deque[_Turn] = deque()

    async def run(
        self,
        operation: Callable[[], Awaitable[T]],
        deadline: Deadline | None = None,
        holder: str = "",
    ) -> T:
        """Return what `operation` returns, called with a slot held.

        Raises BulkheadFullError if the queue is full, DeadlineError if the deadline passes
        while waiting; in both cases `operation` was not called.
        """
        if self._in_use < self._slots and self._has_room(holder):
            self._take(holder)
        else:
            await self._wait(deadline, holder)
        try:
            return await operation()
        finally:
            self._release(holder)

    def snapshot(self) -> BulkheadSnapshot:
        """Return how full it is."""
        return BulkheadSnapshot(
            slots_count=self._slots, in_use_count=self._in_use, queued_count=len(self._waiting)
        )

    async def _wait(self, deadline: Deadline | None, holder: str) -> None:
        own = sum(turn.holder == holder for turn in self._waiting)
        if len(self._waiting) >= self._queue or own >= self._places_per_holder:
            raise BulkheadFullError(
                f"{self.name} has {self._in_use} calls under way and {len(self._waiting)} waiting",
                retry_after_s=_RETRY_AFTER_S,
            )
        turn = _Turn(holder)
        self._waiting.append(turn)
        has_slot = False
        try:
            async with asyncio.timeout(deadline.left_s if deadline else None):
                await turn.slot
            has_slot = True
        except TimeoutError as error:
            raise DeadlineError(f"the time was over before {self.name} had a free slot") from error
        finally:
            if not has_slot:
                self._leave(turn)

    def _leave(self, turn: _Turn) -> None:
        if turn.slot.done() and not turn.slot.cancelled():
            self._release(turn.holder)  # the slot was handed over just as its taker gave up
        elif turn in self._waiting:
            self._waiting.remove(turn)

    def _release(self, holder: str) -> None:
        self._in_use -= 1
        left = self._held[holder] - 1
        if left:
            self._held[holder] = left
        else:
            del self._held[holder]
        for turn in self._waiting:
            if not turn.slot.done() and self._has_room(turn.holder):
                self._waiting.remove(turn)
                self._take(turn.holder)
                turn.slot.set_result(None)
                return

    def _has_room(self, holder: str) -> bool:
        return self._held.get(holder, 0) < self._slots_per_holder

    def _take(self, holder: str) -> None:
        self._in_use += 1
        self._held[holder] = self._held.get(holder, 0) + 1
