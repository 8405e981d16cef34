"""A review has a moment by which it is due; one that nobody decides by then is escalated, once."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from documents.room import CALLER, Room, room
from engines import ENGINES, Engine
from journeys.desk import Desk, opened
from switchgear_documents.review_rules import ReviewRules
from switchgear_documents.reviews import Reviews
from switchgear_documents.stages import Stages
from switchgear_documents.tables import ReviewRecord
from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.shared_tables import outbox
from switchgear_shared.testing import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECOND = 1 / 3600


async def timers(place: Room) -> list[Event]:
    """Return the timers that wait in the outbox, which stay there."""
    async with place.database.reading() as session:
        query = select(outbox.c.body).where(outbox.c.due_at.is_not(None)).order_by(outbox.c.id)
        return [Event.from_cloudevent(body.encode()) for body in await session.scalars(query)]


async def asked(place: Room, rules: ReviewRules) -> tuple[Stages, Event]:
    """Ask about a riddle; return the stages and the timer that was set."""
    stages = Stages(place.database, place.files, place.reader, rules)
    await place.submit(b"zxq zxq", "riddle.txt")
    return stages, await _until_timer(place, stages)


async def _until_timer(place: Room, stages: Stages) -> Event:
    asking = Room(place.database, place.intake, stages, place.files, place.reader)
    handlers = {c.event_type: c.handle for c in stages.consumers()}
    while True:
        found = await timers(asking)
        if found:
            return found[0]
        async with place.database.reading() as session:
            rows = list(await session.scalars(select(outbox.c.body).order_by(outbox.c.id)))
        event = Event.from_cloudevent(rows[-1].encode())
        await handlers[event.type](event)


async def review_of(place: Room) -> ReviewRecord:
    async with place.database.reading() as session:
        return (await session.scalars(select(ReviewRecord))).one()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("times", [1, 3])
async def test_each_level_is_raised_once_however_often_its_timer_fires(
    engine: Engine, tmp_path: Path, times: int
) -> None:
    async with room(engine, tmp_path) as place:
        stages, first = await asked(place, ReviewRules(hours=2, escalations=2))
        for _ in range(times):
            await stages.escalate(first)
        after_one = await review_of(place)
        assert after_one.escalation == 1
        (_, second) = await timers(place)
        for event in (second, second, first):
            await stages.escalate(event)

        review = await review_of(place)
        assert (review.escalation, review.state) == (2, "open")
        assert len(await timers(place)) == 2
        assert [e for e in await place.deliver() if e == "documents.review.escalated"] == [
            "documents.review.escalated"
        ] * 2


async def test_a_decided_review_never_escalates(tmp_path: Path) -> None:
    async with room("sqlite", tmp_path) as place:
        stages, due = await asked(place, ReviewRules())
        review = await review_of(place)
        await Reviews(place.database).decide_review(
            CALLER, review.id, decision="reject", document_type=None, fields={}, reason=None
        )
        await stages.escalate(due)

        assert (await review_of(place)).escalation == 0


async def test_without_escalations_no_timer_is_set(tmp_path: Path) -> None:
    async with room("sqlite", tmp_path) as place:
        stages = Stages(place.database, place.files, place.reader, ReviewRules(escalations=0))
        await place.submit(b"zxq zxq", "riddle.txt")
        asking = Room(place.database, place.intake, stages, place.files, place.reader)
        await asking.deliver()

        assert (await review_of(place)).state == "open"
        assert await timers(place) == []


async def test_a_type_may_have_hours_of_its_own() -> None:
    rules = ReviewRules(hours=24, hours_by_type={"invoice": 4})

    assert rules.due_in("invoice") == timedelta(hours=4)
    assert [rules.due_in(name) for name in ("letter", None)] == [timedelta(hours=24)] * 2
    with pytest.raises(InvalidRequestError, match="there is no document type 'invoices'"):
        ReviewRules(hours_by_type={"invoices": 4})


async def test_an_overdue_review_is_escalated_though_the_suite_was_down_when_it_was_due(
    own_data: Path,
) -> None:
    changes: dict[str, Any] = {"review_hours_by_type": {"other": 2 * SECOND}}
    async with opened(own_data, **changes) as desk:
        receipt = await desk.submit(b"zxq zxq", "riddle.txt")
        before = await desk.review(receipt)
        other = await desk.submit(b"zxq zxq zxq", "decided.txt")
        await desk.decide(await desk.review(other), "reject")
    assert before["escalation"] == 0
    await asyncio.sleep(2)
    async with opened(own_data, **changes) as desk:
        escalated = await until(lambda: _escalated(desk, 2))

        (item,) = escalated
        assert (item["id"], item["escalation"]) == (before["id"], 2)
        assert item["due_at"] < utc_now().isoformat()
        steps = await desk.trace(receipt)
        assert [s["detail"]["level"] for s in steps if s["what"] == "documents.review.escalated"]


async def _escalated(desk: Desk, level: int) -> list[dict[str, Any]] | None:
    page = await desk.ask("documents_list_reviews", overdue=True, limit=50)
    return [item for item in page["items"] if item["escalation"] >= level] or None
