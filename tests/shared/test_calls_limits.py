"""Limits, budgets, deadlines, faults and correlation: the rest of what stands round a call."""

import asyncio
from pathlib import Path

import pytest
from jars_suite import RENT, JarsSuite, serving_jars
from sqlalchemy import text

from switchgear_shared.governance.identity import Agent

GET, PUT, PAY = "jars_get_jar", "jars_put_coins", "erp_record_payment"
OF_RENT = {"jar_id": RENT}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


async def test_an_agent_over_its_rate_is_throttled_and_told_for_how_long(jars_data: Path) -> None:
    async with serving_jars(jars_data, rate_limit="3/minute") as suite:
        for _ in range(3):
            await suite.answer(GET, OF_RENT)

        error = await suite.refusal(GET, {"jar_id": "jar_other"})

        assert (error.code, error.retryable) == ("throttled", True)
        assert 0 < (error.retry_after_s or 0) <= 60
        assert (await suite.answer(GET, OF_RENT, by="spouse"))["coins"] == 100


async def test_a_heavy_tool_weighs_as_much_as_five_calls(jars_data: Path) -> None:
    async with serving_jars(jars_data, rate_limit="6/minute") as suite:
        await suite.answer(PUT, {**OF_RENT, "coins": 1})
        await suite.answer(GET, OF_RENT)

        assert (await suite.refusal(GET, {"jar_id": "jar_other"})).code == "throttled"


async def test_refusals_and_replays_weigh_nothing(jars_data: Path) -> None:
    async with serving_jars(jars_data, rate_limit="5/minute") as suite:
        keyed = {**OF_RENT, "coins": 1, "idempotency_key": "k-1"}
        await suite.refusal(GET, {"unknown": 1})
        await suite.refusal(PUT, keyed, by="child")
        await suite.answer(PUT, keyed)

        assert (await suite.answer(PUT, keyed))["replayed"] is True


async def test_our_own_services_are_not_throttled(jars_data: Path) -> None:
    async with serving_jars(jars_data, rate_limit="1/minute") as suite:
        for _ in range(3):
            await suite.answer(GET, OF_RENT, by="robot")


async def test_a_daily_budget_of_calls_bounds_writes(suite: JarsSuite) -> None:
    await suite.host.agents.change(Agent("saver", "agent", (), ("jars.*",), calls_per_day=2))
    for coins in (1, 2):
        await suite.answer(PUT, {**OF_RENT, "coins": coins})
    whoami = await suite.answer("jars_whoami", {})

    error = await suite.refusal(PUT, {**OF_RENT, "coins": 3})

    assert whoami["calls_left_today"] == 0
    assert (error.code, error.message) == (
        "policy_denied",
        "daily budget of 2 calls is spent: jars_put_coins was not called",
    )
    assert await suite.drops() == 2


async def test_a_daily_budget_of_money_counts_what_the_facts_say(suite: JarsSuite) -> None:
    await suite.host.agents.change(
        Agent("saver", "agent", (), ("jars.*",), posted_minor_per_day=150)
    )
    await suite.answer(PAY, OF_RENT)
    await suite.answer(PUT, {**OF_RENT, "coins": 51})

    error = await suite.refusal(PAY, OF_RENT)

    assert (error.code, await suite.coins()) == ("policy_denied", 51)
    assert "would post 51" in error.message


async def test_a_preview_costs_no_budget(suite: JarsSuite) -> None:
    await suite.host.agents.change(Agent("saver", "agent", (), ("jars.*",), calls_per_day=1))
    for _ in range(3):
        await suite.answer(PUT, {**OF_RENT, "coins": 1, "dry_run": True})

    assert (await suite.answer(PUT, {**OF_RENT, "coins": 1}))["replayed"] is False


@pytest.mark.parametrize("timeout_s", [0, -1])
async def test_a_call_without_time_left_is_not_begun(suite: JarsSuite, timeout_s: float) -> None:
    error = await suite.refusal(PUT, {**OF_RENT, "coins": 1}, timeout_s=timeout_s)

    assert (error.code, error.outcome) == ("deadline_exceeded", "not_done")
    assert (await suite.drops(), suite.backend.asked) == (0, 0)


async def test_a_write_over_its_time_is_undone_and_may_be_repeated(suite: JarsSuite) -> None:
    async def hang() -> None:
        await asyncio.Event().wait()

    keyed = {**OF_RENT, "coins": 1, "idempotency_key": "k-1"}
    suite.backend.outage = hang
    error = await suite.refusal(PUT, keyed, timeout_s=0.6)
    suite.backend.outage = None

    assert (error.code, error.outcome) == ("deadline_exceeded", "unknown")
    assert await suite.drops() == 0
    assert (await suite.answer(PUT, keyed))["replayed"] is False


async def test_a_fault_of_ours_is_masked_under_the_correlation_id(
    suite: JarsSuite, capsys: pytest.CaptureFixture[str]
) -> None:
    async def crash() -> None:
        raise RuntimeError("password=hunter2 at /srv/secret.py")

    suite.backend.outage = crash
    error = await suite.refusal(PUT, {**OF_RENT, "coins": 1}, correlation_id="cor_1")

    assert error.to_body("cor_1") == {
        "code": "internal",
        "message": "an internal fault; quote cor_1 to the operator",
        "field": None,
        "retryable": False,
        "retry_after_s": None,
        "outcome": "unknown",
        "correlation_id": "cor_1",
    }
    assert "cor_1" in "".join(capsys.readouterr())
    assert await suite.drops() == 0


async def test_an_unknown_tool_is_not_found(suite: JarsSuite) -> None:
    error = await suite.refusal("jars_\ud800" + "x" * 100, {})

    assert error.code == "not_found"
    error.message.encode()
    assert len(error.message) < 120


async def dropped(suite: JarsSuite, column: str) -> str:
    database = suite.host.servers["jars"].part.database
    assert database is not None
    async with database.reading() as session:
        return str(await session.scalar(text(f"SELECT {column} FROM drops")))  # noqa: S608 - the test's own


async def test_the_correlation_id_and_the_trace_reach_the_backend(suite: JarsSuite) -> None:
    await suite.answer(PUT, {**OF_RENT, "coins": 1}, correlation_id="cor_1", traceparent=TRACE)

    trace = await dropped(suite, "traceparent")
    assert await dropped(suite, "correlation_id") == "cor_1"
    assert (trace[:36], trace[36:52] != TRACE[36:52], trace[-2:]) == (TRACE[:36], True, "01")


async def test_a_malformed_trace_begins_a_new_one(suite: JarsSuite) -> None:
    await suite.answer(PUT, {**OF_RENT, "coins": 1}, traceparent="00-zz-b7ad6b7169203331-01")

    trace = await dropped(suite, "traceparent")
    assert len(trace) == len(TRACE)
    assert "zz" not in trace
