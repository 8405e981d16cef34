"""Timers: they fire at their moment, whoever died meanwhile, and not when cancelled."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.consumer import Consumer, ConsumerRunner
from switchgear_shared.messaging.embedded import EmbeddedNats
from switchgear_shared.messaging.outbox import OutboxRelay, emit
from switchgear_shared.messaging.subjects import TIMERS
from switchgear_shared.storage.database import Database

Run = Callable[..., Awaitable[ConsumerRunner]]


def due(timer: str) -> Event:
    return new_event(
        "workflows.timer.due",
        source="workflows",
        subject="prc_1",
        data={"process_id": "prc_1", "timer": timer},
    )


async def _set(database: Database, bus: Bus, event: Event, at: datetime) -> None:
    async with database.writing() as session:
        await emit(session, event, at=at)
    await OutboxRelay(database, bus).drain()


async def _messages(bus: Bus) -> int:
    return (await bus.jetstream.stream_info(TIMERS)).state.messages


async def test_a_timer_comes_to_its_consumer_at_its_moment_and_not_before(
    database: Database, bus: Bus, run: Run
) -> None:
    got: asyncio.Queue[tuple[Event, datetime]] = asyncio.Queue()

    async def note(event: Event) -> None:
        await got.put((event, utc_now()))

    await run(bus, [Consumer("workflows-timer", "workflows.timer.due", note)])
    event = due("reminder")
    at = utc_now() + timedelta(seconds=1.2)
    await _set(database, bus, event, at)

    async with asyncio.timeout(10):
        fired, when = await got.get()
    assert fired == event
    assert when >= at - timedelta(milliseconds=5)


async def test_a_timer_whose_moment_has_passed_fires_at_once(
    database: Database, bus: Bus, run: Run
) -> None:
    got: asyncio.Queue[Event] = asyncio.Queue()
    await run(bus, [Consumer("workflows-timer", "workflows.timer.due", got.put)])
    event = due("overdue")

    await _set(database, bus, event, utc_now() - timedelta(days=1))

    async with asyncio.timeout(10):
        assert await got.get() == event


async def test_a_timer_survives_the_kill_of_the_broker_and_fires_once(
    broker: EmbeddedNats, database: Database, embedded_bus: Bus, run: Run
) -> None:
    got: asyncio.Queue[Event] = asyncio.Queue()
    event = due("reminder")
    await _set(database, embedded_bus, event, utc_now() + timedelta(seconds=1))

    os.kill(broker.server_pid or 0, signal.SIGKILL)
    await run(embedded_bus, [Consumer("workflows-timer", "workflows.timer.due", got.put)])

    async with asyncio.timeout(10):
        assert await got.get() == event
    assert got.empty()


async def test_a_timer_set_again_after_a_doubt_is_one_timer(database: Database, bus: Bus) -> None:
    event = due("reminder")
    at = utc_now() + timedelta(days=3)

    await _set(database, bus, event, at)
    await _set(database, bus, event, at)

    assert await _messages(bus) == 1


async def test_a_cancelled_timer_is_gone(database: Database, bus: Bus) -> None:
    event = due("reminder")
    await _set(database, bus, event, utc_now() + timedelta(days=3))

    await bus.cancel_timer(event.tenant, event.id)
    await bus.cancel_timer(event.tenant, event.id)

    assert await _messages(bus) == 0


async def test_a_moment_without_a_time_zone_is_refused(database: Database) -> None:
    async with database.writing() as session:
        with pytest.raises(ValueError, match="must be aware"):
            await emit(session, due("reminder"), at=datetime.now(UTC).replace(tzinfo=None))
