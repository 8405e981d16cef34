"""Daily budgets: calls and money, counted across processes."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engines import ENGINES, place
from switchgear_shared.errors import PolicyDeniedError
from switchgear_shared.governance.agents import Agent, Agents
from switchgear_shared.governance.budget import BudgetLeft, Budgets
from switchgear_shared.governance.principal import Principal
from switchgear_shared.governance.store import migrate_governance
from switchgear_shared.storage.database import Database

PAYER = Agent("payer", "agent", calls_per_day=5, posted_minor_per_day=100_000)


class Time:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 23, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture(params=ENGINES)
async def databases(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncGenerator[list[Database]]:
    async with place(request.param, "governance", tmp_path) as chosen:
        both = [chosen.open(), chosen.open()]
        await migrate_governance(both[0])
        await Agents(both[0]).add(PAYER)
        yield both


@pytest.fixture
def both(databases: list[Database], time: Time) -> list[Budgets]:
    return [Budgets(database, time, time.seconds) for database in databases]


async def test_calls_are_counted_for_a_day_whoever_counts(both: list[Budgets], time: Time) -> None:
    results = await asyncio.gather(
        *(both[i % 2].charge(PAYER.principal, "crm_search") for i in range(8)),
        return_exceptions=True,
    )

    assert sum(isinstance(result, PolicyDeniedError) for result in results) == 3
    assert await both[0].left(PAYER.principal) == BudgetLeft(calls=0, posted_minor=100_000)
    time.now += timedelta(hours=1)
    await both[0].charge(PAYER.principal, "crm_search")
    assert await both[1].left(PAYER.principal) == BudgetLeft(calls=4, posted_minor=100_000)


async def test_money_over_the_budget_is_refused_and_not_counted(both: list[Budgets]) -> None:
    payer = PAYER.principal
    await both[0].charge(payer, "erp_record_payment", 60_000)

    with pytest.raises(PolicyDeniedError, match="daily budget of 100000 minor units has 60000"):
        await both[0].charge(payer, "erp_record_payment", 40_001)
    with pytest.raises(PolicyDeniedError):
        await both[0].charge(payer, "erp_record_payment", -40_001)
    await both[0].charge(payer, "erp_record_payment", 40_000)
    await both[0].charge(payer, "crm_search")
    assert await both[0].left(payer) == BudgetLeft(calls=2, posted_minor=0)


async def test_an_agent_without_limits_or_without_a_row_has_no_budget(
    both: list[Budgets], databases: list[Database]
) -> None:
    free = replace(PAYER, id="free", calls_per_day=None, posted_minor_per_day=None)
    await Agents(databases[0]).add(free)

    for principal in (free.principal, Principal("stdio", "agent")):
        for _ in range(7):
            await both[0].charge(principal, "erp_record_payment", 10**9)
        assert await both[0].left(principal) == BudgetLeft(None, None)


async def test_a_changed_limit_counts_within_five_seconds(
    both: list[Budgets], databases: list[Database], time: Time
) -> None:
    await both[0].charge(PAYER.principal, "crm_search")
    await Agents(databases[0]).change(replace(PAYER, calls_per_day=1))

    time.now += timedelta(seconds=5)
    with pytest.raises(PolicyDeniedError, match="daily budget of 1 calls is spent"):
        await both[0].charge(PAYER.principal, "crm_search")
