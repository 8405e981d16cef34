"""Consume events: bounded slots, delayed retries with counted attempts, then dead letters."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog
from nats.aio.msg import Msg

from switchgear_shared.contracts.events import Event
from switchgear_shared.errors import InvalidRequestError, SwitchgearError
from switchgear_shared.messaging.burial import Delivered, ExhaustedBurial, Reason, bury
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.ordering import KeyedLocks
from switchgear_shared.messaging.pull import PullLoop, PullSource, settle
from switchgear_shared.messaging.subjects import (
    CORRELATION_ID,
    EVENT_ID,
    EVENTS,
    REPLAY_FOR,
)
from switchgear_shared.messaging.timers import TimerForwarder
from switchgear_shared.observability.logs import logger
from switchgear_shared.observability.metrics import EventOutcome

_log = logger(__name__)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_FACTOR = 4.0
_JITTER = 0.2
_TOGETHER = 50


Observe = Callable[[str, EventOutcome], None]
"""Told of every delivery: the consumer's name and what became of it."""


@dataclass(frozen=True, slots=True)
class DeliveryPolicy:
    """How often and how soon a failed delivery is tried again."""

    attempts: int = 6
    base_delay_s: float = 1.0
    longest_delay_s: float = 900.0
    ack_wait_s: float = 30.0

    def delay_s(self, attempt: int, retry_after_s: float | None, draw: float) -> float:
        """Return the wait after the failed `attempt` (from 1); `draw` in [0, 1) is the jitter.

        The wait grows fourfold up to the longest and is never shorter than `retry_after_s`.
        """
        steps = min(attempt - 1, 30)  # far beyond the longest delay, within a float
        backoff = min(self.longest_delay_s, self.base_delay_s * _FACTOR**steps)
        return max(backoff * (1 - _JITTER + 2 * _JITTER * draw), retry_after_s or 0.0)


@dataclass(frozen=True, slots=True)
class Consumer:
    """A handler of one type of event, or of several by NATS wildcards (`documents.>`).

    Every process that runs a consumer of this name takes a share. Events about one record are
    handled one after another within a process. A retryable SwitchgearError or a foreign
    exception is tried again; any other SwitchgearError makes a dead letter at once.

    `together` is given the events that wait, up to 50 that were never delivered before, in their
    order, and returns those that are left to `handle`; where it raises, all are.
    """

    name: str
    event_type: str
    handle: Callable[[Event], Awaitable[None]]
    slots: int = 4
    together: Callable[[Sequence[Event]], Awaitable[Sequence[Event]]] | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name for a consumer: a-z, 0-9 and -")
        if self.slots < 1:
            raise ValueError("a consumer needs a slot")
        if self.together is not None and self.slots > 1:
            raise ValueError("a consumer that takes events together has one slot: they have order")


class ConsumerRunner:
    """Runs consumers, and the timers and burials that their events need."""

    def __init__(
        self,
        bus: Bus,
        consumers: Sequence[Consumer],
        policy: DeliveryPolicy | None = None,
        draw: Callable[[], float] = random.random,
        observe: Observe | None = None,
    ) -> None:
        self._bus = bus
        self._policy = policy or DeliveryPolicy()
        self._draw = draw
        self._observe: Observe = observe or (lambda _consumer, _outcome: None)
        self._loops = [self._loop_of(consumer) for consumer in consumers]
        self._burial = ExhaustedBurial(bus)
        self._timers = TimerForwarder(bus)

    async def start(self) -> None:
        """Begin; the bus must be connected and its streams set up."""
        for part in (*self._loops, self._burial, self._timers):
            await part.start()

    async def stop(self, drain_s: float = 10.0) -> None:
        """Take no more, wait up to `drain_s` for handlers under way, give back the rest."""
        await asyncio.gather(
            *(loop.stop(drain_s) for loop in self._loops), self._burial.stop(), self._timers.stop()
        )

    def _loop_of(self, consumer: Consumer) -> PullLoop:
        source = PullSource(
            stream=EVENTS,
            name=consumer.name,
            filter_subject=f"events.*.{consumer.event_type}",
            slots=consumer.slots,
            ack_wait_s=self._policy.ack_wait_s,
            max_deliver=self._policy.attempts + 1,
            at_once=1 if consumer.together is None else _TOGETHER,
        )
        turns = KeyedLocks[tuple[str, str]]()

        async def deliver(messages: Sequence[Msg]) -> None:
            for message in await self._left(consumer, messages):
                await self._deliver(consumer, turns, message)

        return PullLoop(self._bus, source, deliver)

    async def _left(self, consumer: Consumer, messages: Sequence[Msg]) -> Sequence[Msg]:
        """Have the events taken together and settle those that are done; returns the others.

        What came before may be what fails, or what the process died of: it is handled alone.
        """
        if consumer.together is None:
            return messages
        events: dict[int, Event] = {}
        for place, message in enumerate(messages):
            if message.metadata.num_delivered == 1 and _is_for(consumer, message):
                with suppress(InvalidRequestError):  # its own delivery buries it
                    events[place] = Event.from_cloudevent(message.data)
        with structlog.contextvars.bound_contextvars(consumer=consumer.name):
            try:
                left = await consumer.together(list(events.values())) if events else ()
            except Exception as error:  # noqa: BLE001 - the consumer loop outlives any handler
                # by its code alone: the one that is at fault fails on its own again, and tells more
                _log.warning(
                    "events_not_taken_together", count=len(events), error_code=_code_of(error)
                )
                return messages
        kept = {id(event) for event in left}
        done = {place for place, event in events.items() if id(event) not in kept}
        for place in sorted(done):
            self._observe(consumer.name, "handled")
            await settle(messages[place].ack())
        return [message for place, message in enumerate(messages) if place not in done]

    async def _deliver(
        self, consumer: Consumer, turns: KeyedLocks[tuple[str, str]], message: Msg
    ) -> None:
        headers = message.headers or {}
        if not _is_for(consumer, message):
            await settle(message.ack())
            return
        with structlog.contextvars.bound_contextvars(
            correlation_id=headers.get(CORRELATION_ID),
            event_id=headers.get(EVENT_ID),
            consumer=consumer.name,
        ):
            try:
                event = Event.from_cloudevent(message.data)
            except InvalidRequestError as error:
                self._observe(consumer.name, "dead_lettered")
                await self._bury(message, "undecodable", error)
                return
            try:
                async with turns.hold((event.tenant, event.subject)):
                    await consumer.handle(event)
            except Exception as error:  # noqa: BLE001 - the consumer loop outlives any handler
                self._observe(consumer.name, await self._failed(message, error))
            else:
                self._observe(consumer.name, "handled")
                await settle(message.ack())

    async def _failed(self, message: Msg, error: Exception) -> EventOutcome:
        attempt = message.metadata.num_delivered
        if isinstance(error, SwitchgearError) and not error.retryable:
            await self._bury(message, "permanent", error)
        elif attempt >= self._policy.attempts:
            await self._bury(message, "exhausted", error)
        else:
            retry_after_s = error.retry_after_s if isinstance(error, SwitchgearError) else None
            delay_s = self._policy.delay_s(attempt, retry_after_s, self._draw())
            _log.warning(
                "event_retried",
                attempt=attempt,
                delay_s=round(delay_s, 3),
                error_code=_code_of(error),
                exc_info=None if isinstance(error, SwitchgearError) else error,
            )
            await settle(message.nak(delay=delay_s))
            return "failed"
        return "dead_lettered"

    async def _bury(self, message: Msg, reason: Reason, error: Exception) -> None:
        try:
            await bury(
                self._bus,
                Delivered.from_message(message),
                reason=reason,
                error_code=_code_of(error),
                error_message=str(error),
            )
        except SwitchgearError as refusal:
            # it stays unsettled: delivered again, or buried through the exhausted stream
            _log.warning("burial_delayed", error_code=refusal.code, reason=refusal.message)
        else:
            await settle(message.term())


def _is_for(consumer: Consumer, message: Msg) -> bool:
    return (message.headers or {}).get(REPLAY_FOR, consumer.name) == consumer.name


def _code_of(error: Exception) -> str:
    return error.code if isinstance(error, SwitchgearError) else type(error).__name__
