"""Outbox and inbox: nothing lost, nothing twice, and no lock held while the broker is asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from engines import Place, differences
from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.embedded import EmbeddedNats
from switchgear_shared.messaging.inbox import note, once, prune_inbox, unhandled
from switchgear_shared.messaging.outbox import OutboxRelay, emit, emitting_together
from switchgear_shared.messaging.subjects import EVENTS
from switchgear_shared.storage.database import Database, DuplicateKeyError
from switchgear_shared.storage.shared_tables import inbox, outbox, shared_metadata

Filed = Callable[[str], Event]
Spawn = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def relay(database: Database, bus: Bus) -> AsyncIterator[OutboxRelay]:
    running = OutboxRelay(database, bus)
    yield running
    await running.stop()


async def _subjects(bus: Bus, count: int | None = None) -> list[str]:
    """Return the subjects of what is stored, waiting for `count` events where it is given."""
    if count is None:
        count = (await bus.jetstream.stream_info(EVENTS)).state.messages
    reader = await bus.jetstream.pull_subscribe("events.>", stream=EVENTS)
    bodies: list[bytes] = []
    while len(bodies) < count:
        for message in await reader.fetch(500):
            await message.ack()
            bodies.append(message.data)
    return [Event.from_cloudevent(body).subject for body in bodies]


async def _waiting(database: Database) -> int:
    async with database.reading() as session:
        return (await session.execute(select(func.count()).select_from(outbox))).scalar_one()


async def _emit(database: Database, *events: Event) -> None:
    async with database.writing() as session:
        for event in events:
            await emit(session, event)


async def _emit_together(database: Database, *events: Event, then: Exception | None = None) -> None:
    async with database.writing() as session, emitting_together(session):
        for event in events:
            await emit(session, event)
        if then is not None:
            raise then


async def test_a_committed_event_is_published_without_being_asked(
    database: Database, bus: Bus, relay: OutboxRelay, filed: Filed
) -> None:
    await relay.start()
    await _emit(database, filed("doc_1"))

    assert await _subjects(bus, count=1) == ["doc_1"]


async def test_an_event_of_a_transaction_that_failed_is_never_published(
    database: Database, bus: Bus, relay: OutboxRelay, filed: Filed
) -> None:
    async def fail() -> None:
        async with database.writing() as session:
            await emit(session, filed("doc_1"))
            raise KeyError

    with pytest.raises(KeyError):
        await fail()

    assert await relay.drain() == 0
    assert await _subjects(bus) == []


async def test_events_go_out_in_the_order_of_their_rows_and_leave_the_table(
    database: Database, bus: Bus, relay: OutboxRelay, filed: Filed
) -> None:
    expected = [f"doc_{number}" for number in range(1201)]  # three batches
    await _emit(database, *(filed(subject) for subject in expected))

    assert await relay.drain() == 1201
    assert await _subjects(bus) == expected
    assert await _waiting(database) == 0


async def test_two_relays_publish_each_event_once(
    database: Database, bus: Bus, relay: OutboxRelay, filed: Filed
) -> None:
    other = OutboxRelay(database, bus)
    expected = [f"doc_{number}" for number in range(300)]
    await _emit(database, *(filed(subject) for subject in expected))

    await asyncio.gather(relay.drain(), other.drain())

    assert await _subjects(bus) == expected
    assert await _waiting(database) == 0


async def test_an_event_cannot_be_emitted_twice(database: Database, filed: Filed) -> None:
    event = filed("doc_1")

    with pytest.raises(DuplicateKeyError):
        await _emit(database, event, event)


async def test_the_writer_is_free_and_events_wait_while_the_broker_is_away(
    database: Database, broker: EmbeddedNats, filed: Filed
) -> None:
    bus = Bus(broker.ensure)
    relay = OutboxRelay(database, bus)
    await relay.start()
    async with asyncio.timeout(2):
        await _emit(database, filed("doc_1"))
        await _emit(database, filed("doc_2"))
    assert await _waiting(database) == 2

    await bus.connect()

    assert await _subjects(bus, count=2) == ["doc_1", "doc_2"]
    await relay.stop()
    await bus.close()


async def test_a_relay_killed_at_any_moment_loses_and_doubles_nothing(
    broker: EmbeddedNats, spawn: Spawn, filed: Filed, home: Place, database: Database
) -> None:
    await broker.ensure()
    bus = Bus(broker.ensure)
    await bus.connect()
    arrived = asyncio.Event()

    async def notice(_message: object) -> None:
        arrived.set()

    await bus.subscribe("events.>", "", notice)
    process = await spawn("relay", home.folder, home.name, home.url or "")
    expected = [f"doc_{number}" for number in range(1000)]
    for start in range(0, 1000, 50):
        await _emit(database, *(filed(subject) for subject in expected[start : start + 50]))
        if start == 500:
            await arrived.wait()
            process.kill()

    await process.wait()
    await OutboxRelay(database, bus).drain()

    assert await _subjects(bus) == expected
    await bus.close()


async def test_an_effect_happens_once_however_often_its_event_is_delivered(
    database: Database, filed: Filed
) -> None:
    handled: list[bool] = []

    for _ in range(3):
        async with once(database, "documents-file", "evt_1") as session:
            handled.append(session is not None)
            if session is not None:
                await emit(session, filed("doc_1"))

    assert handled == [True, False, False]
    assert await _waiting(database) == 1


async def test_concurrent_deliveries_have_one_effect(database: Database, filed: Filed) -> None:
    async def handle() -> bool:
        async with once(database, "documents-file", "evt_1") as session:
            if session is not None:
                await emit(session, filed("doc_1"))
            return session is not None

    handled = await asyncio.gather(*(handle() for _ in range(4)))

    assert sorted(handled) == [False, False, False, True]
    assert await _waiting(database) == 1


async def test_a_failed_handler_leaves_its_event_new(database: Database, filed: Filed) -> None:
    async def fail() -> None:
        async with once(database, "documents-file", "evt_1") as session:
            assert session is not None
            await emit(session, filed("doc_1"))
            raise KeyError

    with pytest.raises(KeyError):
        await fail()

    async with once(database, "documents-file", "evt_1") as session:
        assert session is not None
    assert await _waiting(database) == 0


async def test_what_is_emitted_together_keeps_its_order_and_goes_with_its_transaction(
    database: Database, bus: Bus, relay: OutboxRelay, filed: Filed
) -> None:
    events = [filed(f"doc_{number}") for number in range(4)]
    with pytest.raises(KeyError):
        await _emit_together(database, *events, then=KeyError("late"))
    assert await _waiting(database) == 0

    await relay.start()
    await _emit_together(database, *events)

    assert await _subjects(bus, 4) == [event.subject for event in events]


async def test_an_event_noted_with_its_effect_is_handled(database: Database, filed: Filed) -> None:
    first, second, third = (filed(f"doc_{number}") for number in range(3))
    async with database.writing() as session:
        await note(session, [("file", second), ("count", first)])

    assert await unhandled(database, "file", [third, second, first]) == [third, first]
    async with once(database, "file", second.id) as session:
        assert session is None
    async with once(database, "file", first.id) as session:
        assert session is not None


async def test_consumers_do_not_share_an_inbox(database: Database) -> None:
    async with once(database, "documents-file", "evt_1") as first:
        assert first is not None
    async with once(database, "documents-trace", "evt_1") as second:
        assert second is not None


async def test_events_handled_over_thirty_days_ago_are_forgotten(database: Database) -> None:
    now = utc_now()
    async with database.writing() as session:
        for days in (29, 31):
            await session.execute(
                insert(inbox).values(
                    tenant="default",
                    consumer="documents-file",
                    event_id=f"evt_{days}",
                    handled_at=now - timedelta(days=days),
                )
            )

    assert await prune_inbox(database, now=now) == 1

    async with database.reading() as session:
        left = (await session.execute(select(inbox.c.event_id))).scalars().all()
    assert left == ["evt_29"]


async def test_the_migration_makes_the_tables_that_the_code_describes(database: Database) -> None:
    assert await differences(database, shared_metadata) == []
