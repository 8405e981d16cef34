"""Writes to a system outside our transactions: one effect, and the truth of what is unknown."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from till_server import SETTLED_S, Till, TillSuite, serving_till

from switchgear_shared.contracts.values import utc_now
from switchgear_shared.storage.remote_write import NotThereError, RemoteWrite
from switchgear_shared.storage.shared_tables import idempotency


async def _events(suite: TillSuite) -> int:
    async with suite.database.reading() as session:
        return int(await session.scalar(text("SELECT count(*) FROM outbox")) or 0)


async def _unresolved(suite: TillSuite) -> int:
    async with suite.database.reading() as session:
        found = await session.execute(idempotency.select())
        return sum(row.state == "in_flight" for row in found)


async def test_a_repeated_write_answers_the_first_result_and_sends_nothing(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till()) as suite:
        first = (await suite.take()).unwrap()
        again = (await suite.take()).unwrap()

        assert (first["replayed"], again) == (False, {**first, "replayed": True})
        assert (len(suite.till.taken), suite.till.looked, await _events(suite)) == (1, 0, 1)


async def test_a_key_used_for_other_arguments_is_a_conflict(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till()) as suite:
        await suite.take(5)
        error = await suite.refusal(6)

        assert (error.code, error.field) == ("conflict", "idempotency_key")
        assert len(suite.till.taken) == 1


async def test_the_same_key_at_once_has_one_effect_in_two_processes_too(tmp_path: Path) -> None:
    till = Till()
    async with serving_till(tmp_path, till) as one, serving_till(tmp_path, till) as other:
        outcomes = await asyncio.gather(*(suite.take() for _ in range(5) for suite in (one, other)))

        replayed = sorted(outcome.unwrap()["replayed"] for outcome in outcomes)
        assert replayed == [False] + [True] * 9
        assert len(till.taken) == 1


async def test_silence_is_told_as_unknown_and_repeating_finds_what_was_done(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_after")) as suite:
        error = await suite.refusal()
        assert (error.code, error.outcome) == ("deadline_exceeded", "unknown")
        assert (await _unresolved(suite), await _events(suite)) == (1, 0)

        suite.till.mood = "well"
        again = (await suite.take()).unwrap()

        assert (again["replayed"], len(suite.till.taken)) == (True, 1)
        assert (await _unresolved(suite), await _events(suite)) == (0, 1)


async def test_what_is_not_found_is_not_sent_again_before_it_settled(tmp_path: Path) -> None:
    """The first attempt may still be under way over there: nothing is sent blindly."""
    async with serving_till(tmp_path, Till("silent_before")) as suite:
        await suite.refusal()
        suite.till.mood = "well"

        soon = await suite.refusal()
        assert (soon.code, soon.outcome, suite.till.taken) == ("backend_unavailable", "unknown", [])
        assert soon.retry_after_s is not None
        assert 0 < soon.retry_after_s <= 1.0

        await asyncio.sleep(soon.retry_after_s)
        later = (await suite.take()).unwrap()
        assert (later["replayed"], len(suite.till.taken), suite.till.looked) == (False, 1, 2)


async def test_an_unknown_outcome_is_resolved_within_the_call_when_time_allows(
    tmp_path: Path,
) -> None:
    async with serving_till(tmp_path, Till("cut_after"), retry_attempts=3) as suite:
        result = (await suite.take()).unwrap()

        assert (result["state"], len(suite.till.taken), suite.till.looked) == ("taken", 1, 1)
        assert await _unresolved(suite) == 0


async def test_what_never_left_us_is_not_done_and_keeps_no_key(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("refusing")) as suite:
        error = await suite.refusal()
        assert (error.code, error.outcome) == ("backend_unavailable", "not_done")

        suite.till.mood = "well"
        assert (await suite.take()).unwrap()["replayed"] is False
        assert (len(suite.till.taken), suite.till.looked) == (1, 0)


async def test_a_refusal_before_the_look_leaves_an_unknown_outcome_unknown(tmp_path: Path) -> None:
    """The rule that refuses now says nothing about the attempt before."""
    async with serving_till(tmp_path, Till("silent_before")) as suite:
        assert (await suite.refusal(5)).outcome == "unknown"
        suite.till.is_closed = True

        refused_before_the_look = await suite.refusal(5)
        assert (refused_before_the_look.code, refused_before_the_look.outcome) == (
            "invalid_request",
            "unknown",
        )
        assert await _unresolved(suite) == 1

        suite.till.is_closed = False
        suite.till.mood = "refusing"
        await asyncio.sleep(SETTLED_S)
        sent_and_refused = await suite.refusal(5)
        assert (sent_and_refused.outcome, await _unresolved(suite)) == ("not_done", 0)


async def test_a_claim_of_a_process_that_died_is_taken_over_once_it_settled(tmp_path: Path) -> None:
    till = Till("silent_after")
    async with serving_till(tmp_path, till) as suite:
        await suite.refusal()
    till.mood = "well"
    async with serving_till(tmp_path, till) as successor:
        result = (await successor.take()).unwrap()

        assert (result["replayed"], len(till.taken)) == (True, 1)
        assert await _events(successor) == 1


async def test_another_process_that_is_at_it_is_waited_for_until_the_deadline(
    tmp_path: Path,
) -> None:
    till = Till("silent_after")
    async with (
        serving_till(tmp_path, till, settle_s=30, attempt_timeout_s=5) as one,
        serving_till(tmp_path, till, settle_s=30) as other,
    ):
        busy = asyncio.create_task(one.take())
        await till.is_asked.wait()
        error = await other.refusal(timeout_s=0.5)
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)

        assert (error.code, error.outcome) == ("deadline_exceeded", "unknown")
        assert len(till.taken) == 1


async def test_an_answer_that_comes_after_another_process_found_it_done_announces_nothing(
    tmp_path: Path,
) -> None:
    till = Till("late")
    async with (
        serving_till(tmp_path, till, attempt_timeout_s=10) as one,
        serving_till(tmp_path, till) as other,
    ):
        late = asyncio.create_task(one.take(timeout_s=10))
        await till.is_asked.wait()
        found = (await other.take()).unwrap()
        till.may_answer.set()
        answered = (await late).unwrap()

        assert (found["replayed"], answered["replayed"]) == (True, True)
        assert (len(till.taken), await _events(one)) == (1, 1)


async def test_what_refuses_a_repetition_does_not_make_an_unknown_write_not_done(
    tmp_path: Path,
) -> None:
    """An open circuit says nothing about the attempt before: an approval stays spent."""
    async with serving_till(tmp_path, Till("silent_after")) as suite:
        await suite.refusal()
        suite.host.servers["till"].pipeline.protection.breaker.isolate()

        refused = await suite.refusal()
        fresh = await suite.refusal(key="k-2")

        assert (refused.code, refused.outcome) == ("circuit_open", "unknown")
        assert (fresh.code, fresh.outcome) == ("circuit_open", "not_done")


async def test_an_approved_write_of_unknown_outcome_is_looked_up_under_the_approval_it_used(
    tmp_path: Path,
) -> None:
    """What was approved looks different now, by the write itself: nobody is asked again."""
    tainted = ("documents",)
    async with serving_till(tmp_path, Till("silent_after")) as suite:
        asked = await suite.refusal(taint=tainted)
        finance = (await suite.host.agents.get("finance")).principal
        await suite.host.approvals.decide(asked.details["approval_id"], "approve", finance)
        assert (await suite.refusal(taint=tainted)).outcome == "unknown"
        suite.till.mood = "well"

        other = await suite.refusal(key="k-2", taint=tainted)
        found = (await suite.take(taint=tainted)).unwrap()

        assert (asked.code, other.code) == ("approval_required", "approval_required")
        assert (found["replayed"], len(suite.till.taken)) == (True, 1)


async def test_a_key_used_again_after_our_database_was_lost_finds_only_its_own_write(
    tmp_path: Path,
) -> None:
    till = Till()
    async with serving_till(tmp_path / "lost", till) as suite:
        await suite.take(5)
    till.mood = "silent_before"
    async with serving_till(tmp_path / "fresh", till) as suite:
        await suite.refusal(6)
        till.mood = "well"
        await asyncio.sleep(SETTLED_S)
        result = (await suite.take(6)).unwrap()

        assert result["replayed"] is False
        assert [coins for _, coins in till.taken] == [5, 6]


async def test_a_repetition_is_held_to_its_preview_too(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_before")) as suite:
        shown = (await suite.take(dry_run=True)).unwrap()
        seen = shown["preview"]["preview_digest"]
        await suite.refusal(preview_digest=seen)
        suite.till.mood = "well"
        await suite.take(7, key="k-2")
        await asyncio.sleep(SETTLED_S)

        moved = await suite.refusal(preview_digest=seen)

        assert (moved.code, moved.field, moved.outcome) == (
            "conflict",
            "preview_digest",
            "not_done",
        )
        assert len(suite.till.taken) == 1


async def test_a_repetition_with_its_preview_finds_what_was_done(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_after")) as suite:
        shown = (await suite.take(dry_run=True)).unwrap()
        seen = shown["preview"]["preview_digest"]
        await suite.refusal(preview_digest=seen)
        suite.till.mood = "well"
        await asyncio.sleep(SETTLED_S)

        result = (await suite.take(preview_digest=seen)).unwrap()

        assert (result["replayed"], len(suite.till.taken), await _events(suite)) == (True, 1, 1)


async def test_a_write_passes_with_the_digest_of_its_preview(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till()) as suite:
        shown = (await suite.take(dry_run=True)).unwrap()
        seen = shown["preview"]["preview_digest"]

        assert (await suite.take(preview_digest=seen)).unwrap()["replayed"] is False
        assert len(suite.till.taken) == 1


def test_an_attempt_that_may_only_look_never_sends() -> None:
    look = RemoteWrite("sg-1", may_be_done=True, is_look=True, settled_at=utc_now())

    with pytest.raises(NotThereError) as refused:
        look.check_may_send()

    assert (refused.value.outcome, refused.value.retry_after_s) == ("unknown", 0.0)
    assert look.is_sent is False


def test_a_write_of_several_steps_has_begun_at_the_second() -> None:
    write = RemoteWrite("sg-1")

    write.check_may_send()
    assert (write.is_sent, write.is_begun) == (True, False)
    write.check_may_send()
    assert (write.is_sent, write.is_begun) == (True, True)


async def test_a_preview_says_what_would_be_sent_and_sends_nothing(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till()) as suite:
        shown = (await suite.take(dry_run=True)).unwrap()

        assert shown["preview"]["effects"] == [
            {"record": "till", "before": {"coins": 0}, "after": {"coins": 5}}
        ]
        assert (suite.till.taken, await _unresolved(suite)) == ([], 0)

        seen = shown["preview"]["preview_digest"]
        await suite.take(7, key="k-2")
        moved = await suite.refusal(preview_digest=seen)
        assert (moved.code, moved.field, len(suite.till.taken)) == ("conflict", "preview_digest", 1)


async def test_whoami_tells_what_the_system_behind_cannot_promise(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till()) as suite:
        backend = (await suite.whoami())["backend"]

        assert backend["caveats"] == ["previews are checked just before the change, not with it"]
        assert (backend["name"], backend["circuit"]) == ("till/till", "closed")
