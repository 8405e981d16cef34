"""What is not wanted any more: a key tells what came of it, and if nothing did nothing will."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jars_suite import RENT, JarsSuite, serving_jars
from sqlalchemy import text
from till_server import SETTLED_S, Till, TillSuite, serving_till

from switchgear_shared.calls.call import Call, Outcome, Request
from switchgear_shared.contracts.values import new_correlation_id
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.transports.forward import BusForward, BusService

PUT = "jars_put_coins"
FIVE: dict[str, Any] = {"jar_id": RENT, "coins": 5, "idempotency_key": "k-1"}


async def test_what_was_done_is_answered_by_its_first_result(suite: JarsSuite) -> None:
    first = await suite.answer(PUT, FIVE)

    settled = await suite.answer(PUT, FIVE, is_settling=True)

    assert settled == {**first, "replayed": True}
    assert (await suite.drops(), await suite.coins()) == (1, 105)


async def test_what_never_came_is_not_done_then_nor_later(suite: JarsSuite) -> None:
    for _ in range(2):
        error = await suite.refusal(PUT, FIVE, is_settling=True)
        assert (error.code, error.message, error.outcome) == (
            "not_found",
            "jars_put_coins was not done under this key",
            "not_done",
        )
    late = await suite.refusal(PUT, FIVE)

    assert (late.code, late.field) == ("conflict", "idempotency_key")
    assert late.message == "jars_put_coins was given up under this idempotency_key"
    assert (await suite.drops(), await suite.coins()) == (0, 100)
    assert (await suite.answer(PUT, {**FIVE, "idempotency_key": "k-2"}))["replayed"] is False


async def test_settling_with_other_arguments_is_a_conflict(suite: JarsSuite) -> None:
    await suite.answer(PUT, FIVE)

    error = await suite.refusal(PUT, {**FIVE, "coins": 6}, is_settling=True)

    assert (error.code, error.field) == ("conflict", "idempotency_key")


@pytest.mark.parametrize("settles_first", [True, False])
async def test_a_write_and_its_settling_at_once_agree(
    suite: JarsSuite, jars_data: Path, settles_first: bool
) -> None:
    """In two processes: either it is done and answered to both, or it is given up by both."""
    async with serving_jars(jars_data) as other:

        async def slowly() -> None:
            await asyncio.sleep(0.05)

        suite.backend.outage = slowly
        order = (other.call(PUT, FIVE, is_settling=True), suite.call(PUT, FIVE))
        outcomes = await asyncio.gather(*(order if settles_first else reversed(order)))
        settled, written = outcomes if settles_first else reversed(outcomes)

        if settled.error is None:
            assert written.unwrap()["id"] == settled.unwrap()["id"]
        else:
            assert written.error is not None
            assert (settled.error.code, written.error.code) == ("not_found", "conflict")
        assert await suite.drops() == (1 if settled.error is None else 0)


async def test_settling_asks_for_no_approval_and_wants_the_permission(suite: JarsSuite) -> None:
    tainted = {"taint": ("documents",)}
    assert (await suite.refusal(PUT, FIVE, **tainted)).code == "approval_required"

    settled = await suite.refusal(PUT, FIVE, is_settling=True, **tainted)
    stranger = await suite.refusal(PUT, FIVE, is_settling=True, by="stranger")

    assert (settled.code, stranger.code) == ("not_found", "policy_denied")
    assert await suite.kept_keys() == 1


async def test_settling_is_in_the_audit_trail_as_such(suite: JarsSuite) -> None:
    work = new_correlation_id()
    await suite.refusal(PUT, FIVE, is_settling=True, correlation_id=work)

    trail = await suite.trail(work)
    assert [(row["kind"], row["outcome"], row["detail"]["settling"]) for row in trail] == [
        ("intent", None, True),
        ("outcome", "not_found", True),
    ]


async def test_a_key_that_was_given_up_is_forgotten_like_any_other(suite: JarsSuite) -> None:
    await suite.refusal(PUT, FIVE, is_settling=True)
    writes = suite.pipeline.writes
    assert writes is not None

    assert await writes.prune(older_than=timedelta(days=1)) == 0
    assert await writes.prune(older_than=timedelta(0)) == 1
    assert await suite.kept_keys() == 0


async def test_a_read_is_a_read_however_it_is_asked(suite: JarsSuite) -> None:
    shown = await suite.answer("jars_get_jar", {"jar_id": RENT}, is_settling=True)

    assert shown["id"] == RENT


async def settled(suite: TillSuite) -> dict[str, Any]:
    return (await suite.take(is_settling=True)).unwrap()


async def test_what_never_left_for_a_system_outside_never_will(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till()) as suite:
        for _ in range(2):
            assert (await suite.refusal(is_settling=True)).code == "not_found"
        assert (await suite.refusal()).code == "conflict"
        assert (suite.till.taken, suite.till.looked) == ([], 0)


async def test_what_was_done_outside_in_silence_is_found(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_after")) as suite:
        assert (await suite.refusal()).outcome == "unknown"
        suite.till.mood = "well"

        found = await settled(suite)

        assert (found["state"], found["replayed"], len(suite.till.taken)) == ("taken", True, 1)
        assert await settled(suite) == found


async def test_what_was_begun_outside_is_never_sent_by_who_settles_it(tmp_path: Path) -> None:
    """While the attempt may be under way nobody knows; once it is over what is not there is not."""
    async with serving_till(tmp_path, Till("silent_before")) as suite:
        await suite.refusal()
        suite.till.mood = "well"

        soon = await suite.refusal(is_settling=True)
        assert (soon.code, soon.outcome) == ("backend_unavailable", "unknown")
        assert soon.retry_after_s is not None
        await asyncio.sleep(soon.retry_after_s)

        for _ in range(2):
            over = await suite.refusal(is_settling=True)
            assert (over.code, over.message) == (
                "not_found",
                "till_take_coins was not done under this key",
            )
        assert (await suite.refusal()).code == "conflict"
        assert suite.till.taken == []


async def test_what_may_be_there_in_part_stays_unknown_to_who_settles_it(tmp_path: Path) -> None:
    """Its key is not given up: who repeats the write itself may finish it."""
    async with serving_till(tmp_path, Till("silent_before", is_vague=True)) as suite:
        await suite.refusal()
        suite.till.mood = "well"
        await asyncio.sleep(SETTLED_S)

        for _ in range(2):
            error = await suite.refusal(is_settling=True)
            assert (error.code, error.outcome, error.message) == (
                "backend_unavailable",
                "unknown",
                "till_take_coins was begun under this key, and what came of it is not known",
            )
        assert suite.till.taken == []
        assert (await suite.take()).unwrap()["replayed"] is False
        assert len(suite.till.taken) == 1


async def test_a_check_that_refuses_after_the_look_does_not_keep_the_key_in_flight(
    tmp_path: Path,
) -> None:
    """While the attempt may be under way the look proves nothing, whatever the check says."""
    async with serving_till(tmp_path, Till("silent_before")) as suite:
        await suite.refusal()
        suite.till.mood, suite.till.is_full = "well", True

        soon = await suite.refusal(is_settling=True)
        assert (soon.code, soon.outcome) == ("conflict", "unknown")
        await asyncio.sleep(SETTLED_S)

        for _ in range(2):
            over = await suite.refusal(is_settling=True)
            assert (over.code, over.message, over.outcome) == (
                "not_found",
                "till_take_coins was not done under this key",
                "not_done",
            )
        suite.till.is_full = False
        assert (await suite.refusal()).code == "conflict"
        assert suite.till.taken == []


async def test_a_check_that_refuses_proves_nothing_where_a_part_may_be_there(
    tmp_path: Path,
) -> None:
    async with serving_till(tmp_path, Till("silent_before", is_vague=True)) as suite:
        await suite.refusal()
        suite.till.mood, suite.till.is_full = "well", True
        await asyncio.sleep(SETTLED_S)

        for _ in range(2):
            error = await suite.refusal(is_settling=True)
            assert (error.code, error.outcome) == ("conflict", "unknown")
        suite.till.is_full = False
        assert (await suite.take()).unwrap()["replayed"] is False


async def test_what_a_silent_attempt_did_is_found_and_announced_by_who_settles_it(
    tmp_path: Path,
) -> None:
    async with serving_till(tmp_path, Till("silent_after")) as suite:
        await suite.refusal()
        suite.till.mood = "well"

        await settled(suite)

        async with suite.database.reading() as session:
            assert await session.scalar(text("SELECT count(*) FROM outbox")) == 1


async def test_a_settling_that_comes_second_settles_when_the_first_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes: the claim it waits for goes away under it, and it does the write no more."""
    till = Till("refusing_late")
    async with (
        serving_till(tmp_path, till, attempt_timeout_s=10) as one,
        serving_till(tmp_path, till, attempt_timeout_s=10) as other,
    ):
        has_come, may_settle, has_seen = asyncio.Event(), asyncio.Event(), asyncio.Event()
        writes = other.host.servers["till"].pipeline.writes
        assert writes is not None
        settle, find = writes.settle, writes.find

        async def held(*given: Any) -> Outcome:
            has_come.set()
            await may_settle.wait()
            return await settle(*given)

        async def seen(call: Call) -> Outcome | None:
            if may_settle.is_set():
                has_seen.set()
            return await find(call)

        monkeypatch.setattr(writes, "settle", held)
        monkeypatch.setattr(writes, "find", seen)
        settling = asyncio.create_task(other.take(is_settling=True))
        await has_come.wait()
        writing = asyncio.create_task(one.take())
        await till.is_asked.wait()
        may_settle.set()
        await has_seen.wait()
        till.may_answer.set()
        outcomes = [(await task).error for task in (writing, settling)]

        assert [error and error.code for error in outcomes] == ["backend_unavailable", "not_found"]
        assert (await one.refusal()).code == "conflict"
        assert till.taken == []


async def test_what_was_refused_outside_was_not_done(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("refusing")) as suite:
        assert (await suite.refusal()).outcome == "not_done"
        suite.till.mood = "well"

        assert (await suite.refusal(is_settling=True)).code == "not_found"
        assert suite.till.taken == []


async def test_a_write_is_settled_in_another_process_too(
    suite: JarsSuite, embedded_bus: Bus
) -> None:
    served = suite.host.servers["jars"].front
    service = BusService(served, embedded_bus, suite.host.tokens)
    await service.start()
    forward = BusForward(embedded_bus, suite.host.tokens)
    request = Request(
        server="jars",
        tool=PUT,
        arguments=FIVE,
        principal=await suite.principal("saver"),
        correlation_id=new_correlation_id(),
        timeout_s=5,
    )

    settled_there = await forward.dispatch(replace(request, is_settling=True))
    late = await forward.dispatch(request)
    await service.stop()

    assert settled_there.error is not None
    assert late.error is not None
    assert (settled_there.error.code, late.error.code) == ("not_found", "conflict")
    assert await suite.drops() == 0
