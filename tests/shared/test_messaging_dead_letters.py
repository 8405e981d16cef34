"""Dead letters: list, inspect, replay, edit, discard, and all of it twice."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.messaging import dead_letters
from switchgear_shared.messaging.burial import DIED, Delivered, bury, failure_group
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.consumer import Consumer, ConsumerRunner
from switchgear_shared.messaging.dead_letters import DeadLetter, DeadLetters
from switchgear_shared.messaging.envelope import Envelope
from switchgear_shared.messaging.inbox import once
from switchgear_shared.messaging.subjects import DEAD, EVENTS
from switchgear_shared.storage.database import Database

Run = Callable[..., Awaitable[ConsumerRunner]]
Filed = Callable[[str], Event]

FILED = "documents.document.filed"


async def _bury(
    bus: Bus, event: Event, *, sequence: int = 1, consumer: str = "documents-file"
) -> DeadLetter:
    envelope = Envelope.of(event)
    await bury(
        bus,
        Delivered(sequence, envelope.subject, envelope.body, consumer, 3, envelope.headers),
        reason="exhausted",
        error_code="backend_unavailable",
        error_message="the ERP is away",
    )
    return (await DeadLetters(bus).list(limit=50)).items[-1]


async def _stored(bus: Bus) -> int:
    """Return how many filed documents the stream holds; announcements of deaths stand beside."""
    return len(await _events(bus, FILED))


async def _events(bus: Bus, event_type: str) -> list[Event]:
    info = await bus.jetstream.stream_info(EVENTS)
    messages = [await bus.jetstream.get_msg(EVENTS, n + 1) for n in range(info.state.last_seq)]
    return [
        Event.from_cloudevent(message.data or b"")
        for message in messages
        if str(message.subject).endswith(event_type)
    ]


async def test_a_dead_letter_says_what_failed_where_how_often_and_keeps_the_body(
    bus: Bus, filed: Filed
) -> None:
    event = filed("doc_1")
    letter = await _bury(bus, event)

    assert await DeadLetters(bus).get(letter.id) == letter
    assert letter.event == event
    assert letter.model_dump(exclude={"died_at"}) == {
        "id": "1",
        "tenant": "default",
        "reason": "exhausted",
        "error_code": "backend_unavailable",
        "error_message": "the ERP is away",
        "attempts": 3,
        "consumer": "documents-file",
        "subject": f"events.default.{FILED}",
        "headers": {
            "event-id": event.id,
            "correlation-id": event.correlation_id,
            "content-type": "application/cloudevents+json",
        },
        "event_id": event.id,
        "event_type": FILED,
        "correlation_id": event.correlation_id,
        "failure_group": failure_group("documents-file", "backend_unavailable", "the ERP is away"),
        "body": event.to_cloudevent(),
    }


async def test_burying_again_after_a_crash_keeps_one_letter(bus: Bus, filed: Filed) -> None:
    event = filed("doc_1")
    await _bury(bus, event)
    await _bury(bus, event)

    assert len((await DeadLetters(bus).list()).items) == 1


async def test_a_death_is_announced_once_under_the_work_that_stands_still(
    bus: Bus, filed: Filed
) -> None:
    event = filed("doc_1")
    letter = await _bury(bus, event)
    await _bury(bus, event)

    (died,) = await _events(bus, DIED)
    assert (died.subject, died.correlation_id, died.causation_id, died.tenant) == (
        "doc_1",
        event.correlation_id,
        event.id,
        event.tenant,
    )
    assert died.data == {
        "dead_letter_id": letter.id,
        "event_id": event.id,
        "event_type": FILED,
        "consumer": "documents-file",
        "cause": "exhausted",
        "error_code": "backend_unavailable",
        "failure_group": letter.failure_group,
        "attempts": 3,
    }


async def test_the_death_of_an_announcement_is_not_announced(bus: Bus, filed: Filed) -> None:
    await _bury(bus, filed("doc_1"))
    (died,) = await _events(bus, DIED)

    await _bury(bus, died, sequence=2, consumer="documents-trace")

    assert len(await _events(bus, DIED)) == 1
    assert len((await DeadLetters(bus).list()).items) == 2


async def test_filters_find_a_group_a_consumer_and_a_type(bus: Bus, filed: Filed) -> None:
    first = await _bury(bus, filed("doc_1"))
    await _bury(bus, filed("doc_2"), sequence=2, consumer="documents-trace")
    await _bury(bus, filed("doc_3"), sequence=3)
    letters = DeadLetters(bus)

    async def found(**filters: Any) -> list[str]:
        return [letter.id for letter in (await letters.list(**filters)).items]

    assert await found(failure_group=first.failure_group) == ["1", "3"]
    assert await found(failure_group="none") == []
    assert await found(consumer="documents-trace") == ["2"]
    assert await found(event_type=FILED, limit=2) == ["1", "2"]
    assert await found(event_type="erp.invoice.posted") == []
    with pytest.raises(InvalidRequestError):
        await letters.list(consumer="documents.*")


@pytest.mark.parametrize(("looked_at", "shown"), [(1, 0), (2, 0), (3, 1), (4, 1)])
async def test_a_listing_looks_at_so_many_letters_and_leads_on(
    bus: Bus, filed: Filed, monkeypatch: pytest.MonkeyPatch, looked_at: int, shown: int
) -> None:
    for number in range(1, 3):
        await _bury(bus, filed(f"doc_{number}"), sequence=number, consumer="documents-trace")
    wanted = await _bury(bus, filed("doc_3"), sequence=3)
    monkeypatch.setattr(dead_letters, "LOOKED_AT", looked_at)
    letters = DeadLetters(bus)

    page = await letters.list(failure_group=wanted.failure_group)
    seen = len(page.items)
    while page.next_cursor is not None:
        page = await letters.list(failure_group=wanted.failure_group, cursor=page.next_cursor)
        seen += len(page.items)

    first = await letters.list(failure_group=wanted.failure_group)
    assert (len(first.items), seen) == (shown, 1)
    assert first.truncated is (looked_at <= 3)


async def test_an_error_message_of_any_characters_can_be_kept(bus: Bus, filed: Filed) -> None:
    envelope = Envelope.of(filed("doc_1"))
    await bury(
        bus,
        Delivered(1, envelope.subject, envelope.body, "documents-file", 1, envelope.headers),
        reason="permanent",
        error_code="conflict",
        error_message='line\r\nNats-Msg-Id: x "\N{SNOWMAN}" \ud800' + "y" * 5000,
    )

    letter = (await DeadLetters(bus).list()).items[0]
    assert letter.error_message.startswith('line\r\nNats-Msg-Id: x "\N{SNOWMAN}" ?yyy')
    assert len(letter.error_message) == 1000


async def test_letters_are_listed_oldest_first_in_pages_and_by_consumer(
    bus: Bus, filed: Filed
) -> None:
    for number in range(1, 6):
        consumer = "documents-file" if number % 2 else "documents-trace"
        await _bury(bus, filed(f"doc_{number}"), sequence=number, consumer=consumer)
    letters = DeadLetters(bus)

    first = await letters.list(limit=3)
    second = await letters.list(limit=3, cursor=first.next_cursor)
    odd = await letters.list(consumer="documents-file")

    assert [letter.id for letter in first.items] == ["1", "2", "3"]
    assert [letter.id for letter in second.items] == ["4", "5"]
    assert (first.truncated, second.truncated, second.next_cursor) == (True, False, None)
    assert [letter.id for letter in odd.items] == ["1", "3", "5"]


async def test_a_tenant_sees_and_touches_only_its_own_letters(bus: Bus, filed: Filed) -> None:
    acme, other = TenantId("acme.example"), TenantId("other")
    letter = await _bury(bus, filed("doc_1").model_copy(update={"tenant": acme}))
    letters = DeadLetters(bus)

    assert (await letters.list(tenant=acme)).items == (letter,)
    assert (await letters.list(tenant=other)).items == ()
    with pytest.raises(NotFoundError):
        await letters.get(letter.id, tenant=other)
    assert await letters.discard(letter.id, tenant=other) is False
    assert await letters.replay(letter.id, tenant=other) is False
    assert await letters.get(letter.id, tenant=acme) == letter


async def test_a_replayed_letter_reaches_only_the_consumer_that_failed(
    database: Database, bus: Bus, run: Run, filed: Filed
) -> None:
    effects: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
    is_mended = asyncio.Event()

    async def file(event: Event) -> None:
        async with once(database, "documents-file", event.id) as session:
            if session is not None:
                if not is_mended.is_set():
                    raise NotFoundError("there is no such folder")
                await effects.put(("file", event.id))

    async def trace(event: Event) -> None:
        async with once(database, "documents-trace", event.id) as session:
            if session is not None:
                await effects.put(("trace", event.id))

    await run(
        bus, [Consumer("documents-file", FILED, file), Consumer("documents-trace", FILED, trace)]
    )
    event = filed("doc_1")
    await bus.publish([event])
    reader = await bus.jetstream.pull_subscribe("dead.>", stream=DEAD)
    await reader.fetch(1, timeout=20)
    async with asyncio.timeout(5):
        assert await effects.get() == ("trace", event.id)

    is_mended.set()
    letters = DeadLetters(bus)
    letter = (await letters.list()).items[0]
    assert await letters.replay(letter.id) is True

    async with asyncio.timeout(5):
        assert await effects.get() == ("file", event.id)
    assert effects.empty()
    assert (await letters.list()).items == ()


async def test_an_edited_replay_has_new_data_under_the_same_event_id(
    bus: Bus, run: Run, filed: Filed
) -> None:
    got: asyncio.Queue[Event] = asyncio.Queue()
    others: asyncio.Queue[Event] = asyncio.Queue()
    event = filed("doc_1")
    letter = await _bury(bus, event)
    await run(
        bus,
        [
            Consumer("documents-file", FILED, got.put),
            Consumer("documents-trace", FILED, others.put),
        ],
    )

    await DeadLetters(bus).replay(letter.id, {"document_id": "doc_2"})

    async with asyncio.timeout(5):
        replayed = await got.get()
    assert replayed == event.model_copy(update={"data": {"document_id": "doc_2"}})
    assert others.empty()


async def test_edits_that_make_no_valid_event_leave_the_letter_as_it_is(
    bus: Bus, filed: Filed
) -> None:
    letter = await _bury(bus, filed("doc_1"))

    with pytest.raises(InvalidRequestError):
        await DeadLetters(bus).replay(letter.id, {"document_id": 7})

    assert await DeadLetters(bus).get(letter.id) == letter
    assert await _stored(bus) == 0


async def test_an_unreadable_letter_cannot_be_edited_but_replayed(bus: Bus) -> None:
    await bury(
        bus,
        Delivered(1, f"events.default.{FILED}", b"\xff", "documents-file", 1),
        reason="undecodable",
        error_code="invalid_request",
        error_message="the event is not JSON",
    )
    letters = DeadLetters(bus)

    with pytest.raises(InvalidRequestError, match="no readable event"):
        await letters.replay("1", {"document_id": "doc_2"})
    assert await letters.replay("1") is True
    assert (await bus.jetstream.get_msg(EVENTS, 1)).data == b"\xff"


async def test_a_replay_that_crashed_before_dropping_the_letter_is_stored_once(
    bus: Bus, filed: Filed, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = await _bury(bus, filed("doc_1"))
    letters = DeadLetters(bus)

    async def crash(*_arguments: object, **_options: object) -> bool:
        raise SystemError

    with monkeypatch.context() as patch:
        patch.setattr(Bus, "discard", crash)
        with pytest.raises(SystemError):
            await letters.replay(letter.id)
    outcomes = [await letters.replay(letter.id), await letters.replay(letter.id)]

    assert outcomes == [True, False]
    assert await _stored(bus) == 1


async def test_a_letter_is_discarded_once(bus: Bus, filed: Filed) -> None:
    letter = await _bury(bus, filed("doc_1"))
    letters = DeadLetters(bus)

    assert [await letters.discard(letter.id), await letters.discard(letter.id)] == [True, False]
    assert await _stored(bus) == 0
    with pytest.raises(NotFoundError):
        await letters.get(letter.id)


async def test_deleting_what_another_just_deleted_changes_nothing(bus: Bus, filed: Filed) -> None:
    await bus.publish([filed("doc_1"), filed("doc_2")])

    assert [await bus.discard(EVENTS, 1), await bus.discard(EVENTS, 1)] == [True, False]
    assert await bus.discard(EVENTS, 99) is False


@pytest.mark.parametrize("letter_id", ["7", "0", "-1", "x", "", "9" * 40, "\N{SUPERSCRIPT TWO}"])
async def test_a_letter_that_never_was_is_not_found(bus: Bus, letter_id: str) -> None:
    letters = DeadLetters(bus)

    with pytest.raises(NotFoundError):
        await letters.get(letter_id)
    with pytest.raises(NotFoundError):
        await letters.discard(letter_id)
    with pytest.raises(NotFoundError):
        await letters.replay(letter_id)


def test_failures_of_one_cause_are_one_group_whatever_they_name() -> None:
    one = failure_group("documents-file", "conflict", "account A-1 is at version 7")
    two = failure_group("documents-file", "conflict", "account A-22 is at version 19")
    other = failure_group("documents-file", "conflict", "the period is closed")

    assert one == two
    assert one != other
