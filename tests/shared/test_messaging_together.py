"""Taking events together: in order, one failure its own, and what failed before taken alone."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from nats.aio.msg import Msg

from switchgear_shared.contracts.events import Event
from switchgear_shared.errors import BackendUnavailableError, ConflictError
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.consumer import Consumer, ConsumerRunner
from switchgear_shared.messaging.dead_letters import DeadLetters
from switchgear_shared.messaging.subjects import DEAD, EVENTS, REPLAY_FOR

Run = Callable[..., Awaitable[ConsumerRunner]]
Filed = Callable[[str], Event]
Watch = Callable[[str], Awaitable["asyncio.Queue[Msg]"]]

FILED = "documents.document.filed"


class Shelf:
    """A consumer that keeps what it is given, together where it can."""

    def __init__(self, *poison: str, leaves: str | None = None) -> None:
        self._poison = poison
        self._leaves = leaves
        self.taken: list[list[str]] = []
        self.alone: list[str] = []
        self.kept: asyncio.Queue[str] = asyncio.Queue()

    def consumer(self) -> Consumer:
        return Consumer("shelf", FILED, self.handle, slots=1, together=self.take)

    async def take(self, events: Sequence[Event]) -> Sequence[Event]:
        self.taken.append([event.subject for event in events])
        if any(event.subject in self._poison for event in events):
            raise BackendUnavailableError("one of these")
        left = [event for event in events if event.subject == self._leaves]
        for event in events:
            if event not in left:
                await self.kept.put(event.subject)
        return left

    async def handle(self, event: Event) -> None:
        self.alone.append(event.subject)
        if event.subject in self._poison:
            raise ConflictError("never this one")
        await self.kept.put(event.subject)

    async def until_kept(self, count: int) -> list[str]:
        async with asyncio.timeout(10):
            return [await self.kept.get() for _ in range(count)]


async def acknowledged(signals: "asyncio.Queue[Msg]", count: int) -> list[bytes]:
    async with asyncio.timeout(10):
        return [(await signals.get()).data for _ in range(count)]


async def test_events_that_wait_are_taken_together_in_their_order(
    bus: Bus, run: Run, watch: Watch, filed: Filed
) -> None:
    signals = await watch(f"$JS.ACK.{EVENTS}.shelf.>")
    subjects = [f"doc_{number}" for number in range(120)]
    await bus.publish([filed(subject) for subject in subjects])
    shelf = Shelf()

    await run(bus, [shelf.consumer()])

    assert await shelf.until_kept(120) == subjects
    assert [len(taken) for taken in shelf.taken] == [50, 50, 20]
    assert shelf.alone == []
    assert await acknowledged(signals, 120) == [b""] * 120


async def test_an_event_alone_does_not_wait_for_others(bus: Bus, run: Run, filed: Filed) -> None:
    shelf = Shelf()
    await run(bus, [shelf.consumer()])
    for number in range(3):
        await bus.publish([filed(f"doc_{number}")])
        assert await shelf.until_kept(1) == [f"doc_{number}"]

    assert shelf.taken == [["doc_0"], ["doc_1"], ["doc_2"]]


async def test_a_poison_event_among_others_blocks_and_loses_none(
    bus: Bus, run: Run, filed: Filed
) -> None:
    await bus.publish([filed(name) for name in ("doc_1", "doc_bad", "doc_2", "doc_3")])
    shelf = Shelf("doc_bad")

    await run(bus, [shelf.consumer()])

    assert await shelf.until_kept(3) == ["doc_1", "doc_2", "doc_3"]
    assert shelf.alone == ["doc_1", "doc_bad", "doc_2", "doc_3"]
    letters = (await DeadLetters(bus).list()).items
    assert [(each.consumer, each.event_type) for each in letters] == [("shelf", FILED)]


async def test_a_body_that_cannot_be_read_is_buried_and_those_around_it_are_kept(
    bus: Bus, run: Run, filed: Filed
) -> None:
    dead = await bus.jetstream.pull_subscribe("dead.>", stream=DEAD)
    await bus.publish([filed("doc_1")])
    await bus.publish_raw(f"events.default.{FILED}", b"{", {}, message_id="1")
    await bus.publish([filed("doc_2")])
    shelf = Shelf()

    await run(bus, [shelf.consumer()])

    assert await shelf.until_kept(2) == ["doc_1", "doc_2"]
    assert shelf.taken == [["doc_1", "doc_2"]]
    (letter,) = await dead.fetch(1, timeout=10)
    assert letter.data == b"{"


async def test_what_is_left_is_handled_one_by_one(bus: Bus, run: Run, filed: Filed) -> None:
    await bus.publish([filed(name) for name in ("doc_1", "doc_2", "doc_3")])
    shelf = Shelf(leaves="doc_2")

    await run(bus, [shelf.consumer()])

    assert await shelf.until_kept(3) == ["doc_1", "doc_3", "doc_2"]
    assert shelf.alone == ["doc_2"]


async def test_what_was_delivered_before_is_handled_alone(bus: Bus, run: Run, filed: Filed) -> None:
    """What a process died of must not take its neighbours to the grave."""
    hung = asyncio.Event()

    async def hang(events: Sequence[Event]) -> Sequence[Event]:
        hung.set()
        await asyncio.Event().wait()
        return events

    await bus.publish([filed("doc_1"), filed("doc_2")])
    shelf = Shelf()
    first = await run(bus, [Consumer("shelf", FILED, shelf.handle, slots=1, together=hang)])
    async with asyncio.timeout(10):
        await hung.wait()
    await first.stop(drain_s=0)  # gives both back
    await bus.publish([filed("doc_3")])

    await run(bus, [shelf.consumer()])

    assert sorted(await shelf.until_kept(3)) == ["doc_1", "doc_2", "doc_3"]
    assert sorted(shelf.alone) == ["doc_1", "doc_2"]


async def test_a_replay_for_another_consumer_is_passed_over(
    bus: Bus, run: Run, watch: Watch, filed: Filed
) -> None:
    signals = await watch(f"$JS.ACK.{EVENTS}.shelf.>")
    event = filed("doc_1")
    await bus.publish_raw(
        f"events.default.{FILED}", event.to_cloudevent(), {REPLAY_FOR: "other"}, message_id="1"
    )
    await bus.publish([filed("doc_2")])
    shelf = Shelf()

    await run(bus, [shelf.consumer()])

    assert await shelf.until_kept(1) == ["doc_2"]
    assert await acknowledged(signals, 2) == [b""] * 2
    assert (shelf.taken, shelf.alone) == ([["doc_2"]], [])


def test_a_consumer_that_takes_events_together_has_one_slot() -> None:
    shelf = Shelf()
    with pytest.raises(ValueError, match="has one slot"):
        Consumer("shelf", FILED, shelf.handle, together=shelf.take)
