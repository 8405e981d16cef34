"""What is not wanted any more: a key tells what came of it, and if nothing did nothing will."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jars_suite import RENT, JarsSuite, serving_jars
from till_server import Till, TillSuite, serving_till

from switchgear_shared.contracts.values import new_correlation_id

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


async def test_what_may_be_done_outside_in_part_is_finished_once_it_can_be_told(
    tmp_path: Path,
) -> None:
    """Whoever settles it takes it back; half of it could be neither found nor taken back."""
    async with serving_till(tmp_path, Till("silent_before")) as suite:
        await suite.refusal()
        suite.till.mood = "well"

        soon = await suite.refusal(is_settling=True)
        assert (soon.code, soon.outcome, suite.till.taken) == ("backend_unavailable", "unknown", [])
        assert soon.retry_after_s is not None
        await asyncio.sleep(soon.retry_after_s)

        assert (await settled(suite))["state"] == "taken"
        assert len(suite.till.taken) == 1


async def test_what_was_refused_outside_was_not_done(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("refusing")) as suite:
        assert (await suite.refusal()).outcome == "not_done"
        suite.till.mood = "well"

        assert (await suite.refusal(is_settling=True)).code == "not_found"
        assert suite.till.taken == []
