"""Idempotency: one key, one effect, whoever asks again, wherever and whenever."""

import asyncio
from pathlib import Path

from jars_suite import RENT, JarsSuite, serving_jars

from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import BackendRejectedError, BackendUnavailableError
from switchgear_shared.governance.principal import Principal

PUT, OPEN = "jars_put_coins", "jars_open_jar"
FIVE = {"jar_id": RENT, "coins": 5, "idempotency_key": "k-1"}


async def test_a_repeated_write_answers_the_first_result(suite: JarsSuite) -> None:
    first = await suite.answer(PUT, FIVE)
    again = await suite.answer(PUT, FIVE)

    assert first == {
        "id": RENT,
        "ref": "rent",
        "state": "open",
        "version": "2",
        "changed": True,
        "replayed": False,
        "caveat": None,
        "preview": None,
    }
    assert again == {**first, "replayed": True}
    assert (await suite.drops(), await suite.coins()) == (1, 105)


async def test_a_key_used_for_other_arguments_is_a_conflict(suite: JarsSuite) -> None:
    await suite.answer(PUT, FIVE)

    error = await suite.refusal(PUT, {**FIVE, "coins": 6})

    assert (error.code, error.field) == ("conflict", "idempotency_key")
    assert await suite.coins() == 105


async def test_the_same_key_at_once_has_one_effect(suite: JarsSuite) -> None:
    outcomes = await asyncio.gather(*(suite.answer(PUT, FIVE) for _ in range(12)))

    assert sorted(outcome["replayed"] for outcome in outcomes) == [False] + [True] * 11
    assert (await suite.drops(), await suite.coins()) == (1, 105)


async def test_the_same_key_at_once_in_two_processes_has_one_effect(
    suite: JarsSuite, jars_data: Path
) -> None:
    """Two hosts share nothing but the data directory, as two processes would."""
    async with serving_jars(jars_data) as other:
        outcomes = await asyncio.gather(
            *(host.answer(PUT, FIVE) for _ in range(5) for host in (suite, other))
        )

        assert sorted(outcome["replayed"] for outcome in outcomes) == [False] + [True] * 9
        assert (await suite.drops(), await other.coins()) == (1, 105)


async def test_a_key_is_known_after_a_restart(jars_data: Path) -> None:
    async with serving_jars(jars_data) as suite:
        await suite.answer(PUT, FIVE)
    async with serving_jars(jars_data) as suite:
        assert (await suite.answer(PUT, FIVE))["replayed"] is True
        assert await suite.drops() == 1


async def test_a_write_that_fails_keeps_no_key_and_may_be_repeated(suite: JarsSuite) -> None:
    async def refuse() -> None:
        raise BackendRejectedError("the slot is jammed")

    suite.backend.outage = refuse
    assert (await suite.refusal(PUT, FIVE)).code == "backend_rejected"
    assert (await suite.drops(), await suite.coins(), await suite.kept_keys()) == (0, 100, 0)

    suite.backend.outage = None
    assert (await suite.answer(PUT, FIVE))["replayed"] is False
    assert (await suite.drops(), await suite.kept_keys()) == (1, 1)


async def test_a_write_is_attempted_again_and_has_one_effect(jars_data: Path) -> None:
    async with serving_jars(jars_data, retry_attempts=3) as suite:
        attempts = 0

        async def fail_once() -> None:
            nonlocal attempts
            attempts += 1
            if attempts == 1:
                raise BackendUnavailableError("the slot is stuck", outcome="unknown")

        suite.backend.outage = fail_once
        assert (await suite.answer(PUT, FIVE))["replayed"] is False

        assert (attempts, await suite.drops(), await suite.coins()) == (2, 1, 105)


async def test_a_key_never_leaves_its_principal(suite: JarsSuite) -> None:
    await suite.answer(PUT, FIVE, by="saver")

    assert (await suite.answer(PUT, FIVE, by="spouse"))["replayed"] is False
    assert await suite.drops() == 2


async def test_a_key_never_leaves_its_tenant(suite: JarsSuite) -> None:
    saver = await suite.principal("saver")
    elsewhere = Principal(saver.id, saver.kind, TenantId("other"), saver.roles, saver.scopes)
    purpose = {"name": "boat", "idempotency_key": "k-1"}

    assert (await suite.answer(OPEN, purpose))["replayed"] is False
    assert (await suite.answer(OPEN, purpose, by=elsewhere))["replayed"] is False


async def test_a_key_stands_for_one_tool_only(suite: JarsSuite) -> None:
    await suite.answer(PUT, FIVE)

    assert (await suite.answer(OPEN, {"name": "boat", "idempotency_key": "k-1"}))["ref"] == "boat"


async def test_without_a_key_a_piece_of_work_does_a_thing_once(suite: JarsSuite) -> None:
    arguments = {"jar_id": RENT, "coins": 5}

    await suite.answer(PUT, arguments, correlation_id="cor_1")
    again = await suite.answer(PUT, arguments, correlation_id="cor_1")
    elsewhere = await suite.answer(PUT, arguments, correlation_id="cor_2")

    assert (again["replayed"], elsewhere["replayed"]) == (True, False)
    assert await suite.drops() == 2


async def test_a_unique_value_that_is_taken_is_a_conflict(suite: JarsSuite) -> None:
    await suite.answer(OPEN, {"name": "boat"})

    error = await suite.refusal(OPEN, {"name": "boat", "idempotency_key": "k-1"})

    assert (error.code, await suite.kept_keys()) == ("conflict", 1)


async def test_a_write_that_is_cut_short_leaves_nothing_behind(suite: JarsSuite) -> None:
    reached = asyncio.Event()

    async def hang() -> None:
        reached.set()
        await asyncio.Event().wait()

    suite.backend.outage = hang
    call = asyncio.create_task(suite.call(PUT, FIVE))
    await reached.wait()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    suite.backend.outage = None

    assert (await suite.drops(), await suite.kept_keys()) == (0, 0)
    assert (await suite.answer(PUT, FIVE))["replayed"] is False
