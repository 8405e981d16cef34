"""Failing: delayed retries with counted attempts, and what ends as a dead letter."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from switchgear_shared.contracts.events import Event
from switchgear_shared.errors import (
    BackendUnavailableError,
    ConflictError,
    ThrottledError,
)
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.consumer import Consumer, ConsumerRunner, DeliveryPolicy
from switchgear_shared.messaging.dead_letters import DeadLetter, DeadLetters
from switchgear_shared.messaging.embedded import EmbeddedNats
from switchgear_shared.messaging.subjects import DEAD

Run = Callable[..., Awaitable[ConsumerRunner]]
Filed = Callable[[str], Event]
Spawn = Callable[..., Awaitable[asyncio.subprocess.Process]]

FILED = "documents.document.filed"


async def _dead_letter(bus: Bus) -> DeadLetter:
    """Wait until a dead letter is stored and return it."""
    reader = await bus.jetstream.pull_subscribe("dead.>", stream=DEAD)
    await reader.fetch(1, timeout=20)
    return (await DeadLetters(bus).list()).items[0]


async def test_a_retryable_failure_is_tried_again_and_the_attempts_are_counted(
    bus: Bus, run: Run, filed: Filed
) -> None:
    calls: list[str] = []

    async def fail(event: Event) -> None:
        calls.append(event.id)
        raise BackendUnavailableError(f"the ERP is away, call {len(calls)}")

    await run(bus, [Consumer("documents-file", FILED, fail)])
    event = filed("doc_1")
    await bus.publish([event])

    letter = await _dead_letter(bus)
    assert calls == [event.id] * 3
    assert (letter.reason, letter.error_code, letter.error_message, letter.attempts) == (
        "exhausted",
        "backend_unavailable",
        "the ERP is away, call 3",
        3,
    )


async def test_a_foreign_exception_is_tried_again_until_it_passes(
    bus: Bus, run: Run, filed: Filed
) -> None:
    attempts: asyncio.Queue[str] = asyncio.Queue()

    async def fail_twice(event: Event) -> None:
        await attempts.put(event.id)
        if attempts.qsize() < 3:
            raise KeyError("missing")
        done.set()

    done = asyncio.Event()
    await run(bus, [Consumer("documents-file", FILED, fail_twice)])
    await bus.publish([filed("doc_1")])

    async with asyncio.timeout(5):
        await done.wait()
    assert (await DeadLetters(bus).list()).items == ()


async def test_a_permanent_failure_is_a_dead_letter_at_once(
    bus: Bus, run: Run, filed: Filed
) -> None:
    calls: list[str] = []

    async def refuse(event: Event) -> None:
        calls.append(event.id)
        raise ConflictError("account A-1 is at version 7")

    await run(bus, [Consumer("documents-file", FILED, refuse)])
    event = filed("doc_1")
    await bus.publish([event])

    letter = await _dead_letter(bus)
    assert (letter.reason, letter.attempts, letter.event, calls) == (
        "permanent",
        1,
        event,
        [event.id],
    )


@pytest.mark.parametrize("body", [b"", b"\xff\xfe not json", b'{"specversion":"1.0"}'])
async def test_a_body_that_cannot_be_read_is_a_dead_letter_with_the_body_kept(
    bus: Bus, run: Run, body: bytes
) -> None:

    async def never(_event: Event) -> None:
        raise AssertionError

    await run(bus, [Consumer("documents-file", FILED, never)])
    await bus.publish_raw(f"events.default.{FILED}", body, {}, message_id="m-1")

    letter = await _dead_letter(bus)
    assert (letter.reason, letter.body, letter.event, letter.event_type) == (
        "undecodable",
        body,
        None,
        FILED,
    )


async def test_an_event_whose_handler_kills_its_process_each_time_is_a_dead_letter(
    broker: EmbeddedNats,
    embedded_bus: Bus,
    run: Run,
    spawn: Spawn,
    filed: Filed,
    tmp_path: Path,
) -> None:
    await broker.ensure()
    event = filed("doc_1")
    await embedded_bus.publish([event])

    workers = await asyncio.gather(*(spawn("poison", tmp_path / "data") for _ in range(2)))
    deaths = await asyncio.gather(*(worker.wait() for worker in workers))
    await run(embedded_bus, [])

    letter = await _dead_letter(embedded_bus)
    assert deaths == [9, 9]
    assert (letter.reason, letter.error_code, letter.attempts, letter.event) == (
        "poison",
        "handler_died",
        2,
        event,
    )


def test_delays_grow_fourfold_up_to_fifteen_minutes() -> None:
    policy = DeliveryPolicy(base_delay_s=1)

    delays = [policy.delay_s(attempt, None, draw=0.5) for attempt in (1, 2, 3, 5, 6, 1000)]

    assert delays == [1, 4, 16, 256, 900, 900]


def test_jitter_moves_a_delay_by_a_fifth_at_most() -> None:
    policy = DeliveryPolicy(base_delay_s=10)

    delays = [policy.delay_s(1, None, draw) for draw in (0, 0.5, 1)]

    assert delays == pytest.approx([8, 10, 12])


def test_a_delay_is_never_shorter_than_the_error_asks_for() -> None:
    policy = DeliveryPolicy(base_delay_s=1)
    asked = ThrottledError("60 calls a minute are spent", retry_after_s=30).retry_after_s

    assert [policy.delay_s(attempt, asked, draw=0.5) for attempt in (1, 4)] == [30, 64]
