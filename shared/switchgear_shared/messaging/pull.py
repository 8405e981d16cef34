"""Pull messages from a stream into a bounded number of slots, each kept alive while worked on."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import nats.errors
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig

from switchgear_shared.errors import SwitchgearError
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.observability.logs import logger

_log = logger(__name__)
_LINGER_S = 30.0
_OTHERS_S = 0.2
_REBIND_WAIT_S = 0.1
_CONNECT_WAIT_S = 60.0
_SET_UP_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class PullSource:
    """A durable consumer of a stream; processes that share its name share its messages.

    A slot takes up to `at_once` of the messages that are there.
    """

    stream: str
    name: str
    filter_subject: str
    slots: int
    ack_wait_s: float = 30.0
    max_deliver: int = -1
    at_once: int = 1


class PullLoop:
    """Hands messages to `handle` in each of its slots, and fetches none beyond free slots.

    `handle` settles each message (ack, nak or term) and raises nothing; a message it leaves
    unsettled comes again after `ack_wait_s`. Each slot pulls what it works on next through an
    inbox of its own, so a message is never fetched to wait for a slot.
    """

    def __init__(
        self, bus: Bus, source: PullSource, handle: Callable[[Sequence[Msg]], Awaitable[None]]
    ) -> None:
        self._bus = bus
        self._source = source
        self._handle = handle
        self._slots: list[asyncio.Task[None]] = []
        self._idle: set[int] = set()
        self._is_stopping = False

    async def start(self) -> None:
        """Create or update the durable consumer, and begin."""
        self._is_stopping = False
        await self._bus.call(self._configure, timeout_s=_SET_UP_TIMEOUT_S)
        self._slots = [
            # an empty context: a slot must not join the unit of work of whoever started it
            asyncio.get_running_loop().create_task(
                self._slot(number), context=contextvars.Context()
            )
            for number in range(self._source.slots)
        ]

    async def stop(self, drain_s: float = 10.0) -> None:
        """Fetch no more, wait up to `drain_s` for work under way, then give it back."""
        self._is_stopping = True
        idle = [self._slots[number] for number in self._idle]
        busy = [task for task in self._slots if task not in idle]
        await _cancelled(idle)  # first, or what a busy slot gives back comes to one that leaves
        if busy:
            await asyncio.wait(busy, timeout=drain_s)
        await _cancelled(busy)
        self._slots.clear()
        self._idle.clear()

    async def _configure(self) -> None:
        source = self._source
        await self._bus.jetstream.add_consumer(
            source.stream,
            ConsumerConfig(
                name=source.name,
                durable_name=source.name,
                filter_subject=source.filter_subject,
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=source.ack_wait_s,
                max_deliver=source.max_deliver,
                max_ack_pending=-1,  # delayed retries count as pending and must not stall the rest
            ),
        )

    async def _slot(self, number: int) -> None:
        inbox: JetStreamContext.PullSubscription | None = None
        try:
            while not self._is_stopping:
                self._idle.add(number)
                inbox, messages = await self._fetch(inbox)
                self._idle.discard(number)
                if messages:
                    await self._handled(messages)
        finally:
            await _leave(inbox)

    async def _fetch(
        self, inbox: JetStreamContext.PullSubscription | None
    ) -> tuple[JetStreamContext.PullSubscription | None, Sequence[Msg]]:
        try:
            if inbox is None:
                await self._bus.wait_connected(_CONNECT_WAIT_S)
                inbox = await self._bus.until_dropped(
                    self._bus.jetstream.pull_subscribe_bind(
                        consumer=self._source.name, stream=self._source.stream
                    )
                )
            messages = await self._bus.until_dropped(inbox.fetch(1, timeout=_LINGER_S))
        except nats.errors.TimeoutError:
            return inbox, ()
        except (nats.errors.Error, SwitchgearError, OSError) as error:
            _log.debug("pull_interrupted", consumer=self._source.name, reason=str(error))
            await _leave(inbox)
            await asyncio.sleep(_REBIND_WAIT_S)
            with suppress(nats.errors.Error, OSError, SwitchgearError):
                await self._bus.until_dropped(self._configure())
            return None, ()
        except asyncio.CancelledError:
            await _leave(inbox)
            raise
        return inbox, [*messages, *await self._others(inbox, messages[0])]

    async def _others(self, inbox: JetStreamContext.PullSubscription, first: Msg) -> Sequence[Msg]:
        """Return what is there beside the first; none is waited for, unless another takes them."""
        count = min(self._source.at_once - 1, first.metadata.num_pending)
        if count < 1:
            return ()
        try:
            return await self._bus.until_dropped(inbox.fetch(count, timeout=_OTHERS_S))
        except (nats.errors.Error, OSError):
            return ()
        except asyncio.CancelledError:
            await settle(first.nak())
            raise

    async def _handled(self, messages: Sequence[Msg]) -> None:
        beat = asyncio.create_task(self._beat(messages))
        try:
            await self._handle(messages)
        except asyncio.CancelledError:
            for message in messages:
                await settle(message.nak())  # of one that is settled nothing is sent
            raise
        finally:
            beat.cancel()
            with suppress(asyncio.CancelledError):
                await beat

    async def _beat(self, messages: Sequence[Msg]) -> None:
        while True:
            await asyncio.sleep(self._source.ack_wait_s / 3)
            for message in messages:
                await settle(message.in_progress())


async def _cancelled(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def settle(signal: Awaitable[None]) -> None:
    """Send a message's ack, nak or term; if the connection is gone it simply comes again."""
    with suppress(nats.errors.Error, OSError):
        await signal


async def _leave(inbox: JetStreamContext.PullSubscription | None) -> None:
    if inbox is not None:
        with suppress(nats.errors.Error, OSError):
            await inbox.unsubscribe()
