"""What follows a reading happens with it, in one transaction, or later through its consumers."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from documents.room import Room, room
from engines import ENGINES, Engine
from journeys.desk import Samples
from journeys.office import taken
from switchgear_documents.samples import to_cii, to_ubl
from switchgear_documents.tables import ReviewRecord, TraceRecord
from switchgear_documents.trace_keeping import TraceKeeping
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.errors import BackendUnavailableError
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.shared_tables import inbox

pytestmark = pytest.mark.asyncio(loop_scope="session")

TESTS = Path(__file__).parents[1]
FOLLOWING = ["documents.document.classified", "documents.document.extracted"]
NOTHING_KNOWN = b"1 2 3"


async def handled_by(database: Database) -> set[str]:
    async with database.reading() as session:
        return set(await session.scalars(select(inbox.c.consumer)))


async def reviews(database: Database) -> list[str]:
    async with database.reading() as session:
        return [review.document_id for review in await session.scalars(select(ReviewRecord))]


@asynccontextmanager
async def without_reviews(database: Database) -> AsyncGenerator[None]:
    """Have nowhere to ask a person, as where a database fails in the midst of things."""
    await _rename(database, "reviews", "reviews_away")
    yield
    await _rename(database, "reviews_away", "reviews")


async def _rename(database: Database, name: str, to: str) -> None:
    async with database.writing() as session:
        await session.execute(text(f"ALTER TABLE {name} RENAME TO {to}"))


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_document_is_routed_in_the_transaction_that_keeps_its_reading(
    engine: Engine, tmp_path: Path, invoices: Samples
) -> None:
    async with room(engine, tmp_path) as place:
        identifier = await place.submit(to_ubl(invoices.small()), "a.xml")
        (received,) = await taken(place.database)

        await place.stages.classify(received)

        events = await taken(place.database)
        assert [event.type for event in events] == [*FOLLOWING, "documents.document.routed"]
        causes = [received, *events[:-1]]
        assert [event.causation_id for event in events] == [cause.id for cause in causes]
        assert {event.correlation_id for event in events} == {received.correlation_id}
        record = await place.document(identifier)
        assert (record.state, record.version) == ("routed", 4)
        assert await handled_by(place.database) == {
            "documents-classify",
            "documents-extract",
            "documents-route",
        }

        for consumer in place.stages.consumers():
            for event in events:
                if consumer.event_type == event.type:
                    assert consumer.together is not None
                    assert list(await consumer.together([event])) == []
                    await consumer.handle(event)
        assert await taken(place.database) == []
        assert (await place.document(identifier)).version == 4


@pytest.mark.parametrize("engine", ENGINES)
async def test_where_a_step_fails_the_reading_is_kept_and_its_consumer_tries_on(
    engine: Engine, tmp_path: Path
) -> None:
    async with room(engine, tmp_path) as place:
        identifier = await place.submit(NOTHING_KNOWN, "a.txt")
        (received,) = await taken(place.database)

        async with without_reviews(place.database):
            await place.stages.classify(received)

            record = await place.document(identifier)
            assert (record.state, record.version) == ("classified", 2)
            assert record.reading is not None
            assert await handled_by(place.database) == {"documents-classify"}
            (classified,) = await taken(place.database)
            await place.stages.extract(classified)
            (extracted,) = await taken(place.database)
            with pytest.raises(Exception, match=r"reviews|not answer"):
                await place.stages.route(extracted)

        await place.stages.route(extracted)

        assert [classified.type, extracted.type] == FOLLOWING
        assert [event.type for event in await taken(place.database)] == [
            "documents.review.requested"
        ]
        record = await place.document(identifier)
        assert (record.state, record.version) == ("in_review", 4)
        assert await reviews(place.database) == [identifier]


async def test_a_database_that_is_away_for_good_leaves_the_document_as_it_came(
    tmp_path: Path,
) -> None:
    async with room("sqlite", tmp_path) as place:
        identifier = await place.submit(NOTHING_KNOWN, "a.txt")
        (received,) = await taken(place.database)
        await _rename(place.database, "outbox", "outbox_away")

        with pytest.raises(BackendUnavailableError):
            await place.stages.classify(received)

        assert (await place.document(identifier)).state == "received"
        assert await handled_by(place.database) == set()


@pytest.mark.parametrize(
    ("words", "state"),
    [
        ("UPDATE documents", "received"),
        ("INSERT INTO reviews", "received"),
        ("INSERT INTO outbox", "received"),
        ("", "in_review"),
    ],
)
async def test_a_kill_anywhere_leaves_all_of_a_documents_way_or_none(
    tmp_path: Path, words: str, state: str
) -> None:
    async with room("sqlite", tmp_path) as place:
        identifier = await place.submit(NOTHING_KNOWN, "a.txt")
        (received,) = await taken(place.database)

        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "documents.dying_in_a_step", str(tmp_path), words),
            stdin=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(TESTS)},
        )
        await process.communicate(received.to_cloudevent())

        assert process.returncode == -9
        assert (await place.document(identifier)).state == state
        await place.stages.classify(received)  # nobody acknowledged it
        assert await place.deliver(2) == [*FOLLOWING, "documents.review.requested"]
        record = await place.document(identifier)
        assert (record.state, record.version) == ("in_review", 4)
        assert await reviews(place.database) == [identifier]


async def waits_or_ends(place: Room, task: "asyncio.Task[None]") -> None:
    """Wait until the task is at its end, or another transaction is in its way."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    async with asyncio.timeout(20):
        while not task.done():
            async with place.database.reading() as session:
                if await session.scalar(waiting):
                    return


@pytest.mark.service
async def test_of_two_alike_in_two_transactions_at_once_one_is_asked_about(
    tmp_path: Path, invoices: Samples
) -> None:
    spec = invoices.small()
    async with room("postgresql", tmp_path) as place:
        one, other = [await place.submit(to(spec), "a.xml") for to in (to_ubl, to_cii)]
        first, second = await taken(place.database)

        async with place.database.unit_of_work():
            await place.stages.classify(first)
            task = asyncio.create_task(place.stages.classify(second), context=Context())
            await waits_or_ends(place, task)
        await task

        states = [(await place.document(each)).state for each in (one, other)]
        assert states == ["routed", "in_review"]


async def test_events_kept_together_are_kept_once_and_of_an_erased_document_less(
    tmp_path: Path,
) -> None:
    async with room("sqlite", tmp_path) as place:
        keeping = TraceKeeping(place.database)
        events = [_filed(f"doc_{number}") for number in range(3)]
        await keeping.keep(events[1])

        assert await keeping.keep_all([*events, events[0]]) == ()
        assert await keeping.keep_all(events) == ()

        async with place.database.reading() as session:
            kept = list(await session.scalars(select(TraceRecord).order_by(TraceRecord.subject)))
        assert [row.event_id for row in kept] == [event.id for event in events]
        assert [row.data for row in kept] == [event.data for event in events]


@pytest.mark.service
async def test_an_event_that_cannot_be_kept_leaves_none_of_those_with_it_half_kept(
    tmp_path: Path,
) -> None:
    """The column takes 64 characters; the runner then gives each on its own."""
    async with room("postgresql", tmp_path) as place:
        keeping = TraceKeeping(place.database)
        long: dict[str, Any] = {"correlation_id": "c" * 100}
        bad = _filed("doc_bad").model_copy(update=long)
        good = [_filed("doc_1"), _filed("doc_2")]

        with pytest.raises(Exception, match="too long"):
            await keeping.keep_all([good[0], bad, good[1]])
        assert await handled_by(place.database) == set()
        for event in good:
            await keeping.keep(event)

        async with place.database.reading() as session:
            kept = set(await session.scalars(select(TraceRecord.subject)))
        assert kept == {"doc_1", "doc_2"}


def _filed(document_id: str) -> Event:
    return new_event(
        "documents.document.filed",
        source="documents",
        subject=document_id,
        data={"document_id": document_id},
    )
