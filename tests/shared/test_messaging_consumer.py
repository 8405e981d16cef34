"""Consuming: shares, slots, order, and going on after a stop or a kill."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from nats.aio.msg import Msg

from switchgear_shared.contracts.events import Event
from switchgear_shared.errors import (
    BackendUnavailableError,
)
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.consumer import Consumer, ConsumerRunner, DeliveryPolicy
from switchgear_shared.messaging.embedded import EmbeddedNats
from switchgear_shared.messaging.subjects import EVENTS

Run = Callable[..., Awaitable[ConsumerRunner]]
Filed = Callable[[str], Event]
Watch = Callable[[str], Awaitable["asyncio.Queue[Msg]"]]

FILED = "documents.document.filed"


async def _soon(queue: "asyncio.Queue[Msg]") -> Msg:
    async with asyncio.timeout(10):
        return await queue.get()


async def test_each_consumer_gets_every_event_of_its_type_once(
    bus: Bus, run: Run, filed: Filed
) -> None:
    got: asyncio.Queue[tuple[str, Event]] = asyncio.Queue()

    async def count(event: Event) -> None:
        await got.put(("count", event))

    async def trace(event: Event) -> None:
        await got.put(("trace", event))

    consumers = [Consumer("count", FILED, count), Consumer("trace", ">", trace)]
    await run(bus, consumers)
    await run(bus, consumers)
    event = filed("doc_1")
    await bus.publish([event])

    async with asyncio.timeout(5):
        seen = sorted([await got.get(), await got.get()], key=lambda pair: pair[0])
    assert seen == [("count", event), ("trace", event)]
    assert got.empty()


async def test_events_published_before_a_consumer_first_runs_reach_it(
    bus: Bus, run: Run, filed: Filed
) -> None:
    got: asyncio.Queue[Event] = asyncio.Queue()
    event = filed("doc_1")
    await bus.publish([event])

    await run(bus, [Consumer("late", FILED, got.put)])

    async with asyncio.timeout(5):
        assert await got.get() == event


async def test_no_more_is_fetched_than_there_are_free_slots(
    bus: Bus, run: Run, filed: Filed
) -> None:
    release = asyncio.Event()
    working: asyncio.Queue[str] = asyncio.Queue()

    async def work(event: Event) -> None:
        await working.put(event.subject)
        await release.wait()

    await run(bus, [Consumer("work", FILED, work, slots=2)])
    await bus.publish([filed(f"doc_{number}") for number in range(8)])
    async with asyncio.timeout(5):
        await working.get()
        await working.get()

    info = await bus.jetstream.consumer_info(EVENTS, "work")
    assert (info.num_ack_pending, info.num_pending, working.qsize()) == (2, 6, 0)

    release.set()
    async with asyncio.timeout(5):
        rest = [await working.get() for _ in range(6)]
    assert len(rest) == 6


async def test_events_about_one_record_are_handled_one_after_another(
    bus: Bus, run: Run, filed: Filed
) -> None:
    log: asyncio.Queue[str] = asyncio.Queue()

    async def work(event: Event) -> None:
        await log.put(f"begin {event.id}")
        await bus.client.flush()
        await log.put(f"end {event.id}")

    events = [filed("doc_1") for _ in range(3)]
    await bus.publish(events)
    await run(bus, [Consumer("work", FILED, work, slots=3)])

    async with asyncio.timeout(5):
        seen = [await log.get() for _ in range(6)]
    assert seen == [f"{step} {event.id}" for event in events for step in ("begin", "end")]


async def test_work_longer_than_the_ack_wait_is_delivered_once_while_it_lives(
    bus: Bus, run: Run, watch: Watch, filed: Filed
) -> None:
    signals = await watch(f"$JS.ACK.{EVENTS}.slow.>")
    calls: list[str] = []

    async def work(event: Event) -> None:
        calls.append(event.id)
        for _ in range(6):  # three beats are one ack wait
            assert (await _soon(signals)).data == b"+WPI"

    await run(bus, [Consumer("slow", FILED, work)], DeliveryPolicy(ack_wait_s=0.3))
    event = filed("doc_1")
    await bus.publish([event])

    while (await _soon(signals)).data == b"+WPI":
        pass
    assert calls == [event.id]


async def test_a_bad_event_does_not_block_the_good_ones_behind_it(
    bus: Bus, run: Run, filed: Filed
) -> None:
    done: asyncio.Queue[str] = asyncio.Queue()

    async def work(event: Event) -> None:
        if event.subject == "doc_bad":
            raise BackendUnavailableError("not this one")
        await done.put(event.subject)

    policy = DeliveryPolicy(attempts=3, base_delay_s=600)
    await run(bus, [Consumer("documents-file", FILED, work, slots=1)], policy)
    await bus.publish([filed("doc_bad"), filed("doc_1"), filed("doc_2")])

    async with asyncio.timeout(5):
        assert [await done.get(), await done.get()] == ["doc_1", "doc_2"]


async def test_a_handler_that_does_not_end_in_time_gives_its_event_back(
    bus: Bus, run: Run, filed: Filed
) -> None:
    started = asyncio.Event()

    async def hang(_event: Event) -> None:
        started.set()
        await asyncio.Event().wait()

    first = await run(bus, [Consumer("work", FILED, hang)])
    event = filed("doc_1")
    await bus.publish([event])
    async with asyncio.timeout(5):
        await started.wait()
    await first.stop(drain_s=0)

    got: asyncio.Queue[Event] = asyncio.Queue()
    await run(bus, [Consumer("work", FILED, got.put)])
    async with asyncio.timeout(2):  # long before the ack wait of five seconds
        assert await got.get() == event


async def test_consumers_go_on_after_the_broker_was_killed(
    broker: EmbeddedNats, embedded_bus: Bus, run: Run, filed: Filed
) -> None:
    got: asyncio.Queue[str] = asyncio.Queue()

    async def work(event: Event) -> None:
        await got.put(event.subject)

    await run(embedded_bus, [Consumer("work", FILED, work)])
    await embedded_bus.publish([filed("doc_1")])
    async with asyncio.timeout(5):
        assert await got.get() == "doc_1"

    await broker.stop()
    await embedded_bus.publish([filed("doc_2")])

    async with asyncio.timeout(5):
        assert await got.get() == "doc_2"


@pytest.mark.parametrize("name", ["", "Work", "a.b", "a b", "a*", "1st", "x" * 65])
def test_a_name_that_no_broker_takes_is_refused(name: str) -> None:
    async def never(_event: Event) -> None: ...

    with pytest.raises(ValueError, match="no name for a consumer"):
        Consumer(name, FILED, never)
