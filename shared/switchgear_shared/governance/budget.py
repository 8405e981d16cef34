"""What an agent may do in a day: so many calls, so much money posted."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import PolicyDeniedError
from switchgear_shared.governance.agents import Agent, Agents
from switchgear_shared.governance.lru import Lru
from switchgear_shared.governance.principal import Principal
from switchgear_shared.governance.store import BudgetRow
from switchgear_shared.storage.database import Database

_KNOWN_S = 5.0
_CACHED = 4096


@dataclass(frozen=True, slots=True)
class BudgetLeft:
    """What is left of today's budget; None where there is no limit."""

    calls: int | None
    posted_minor: int | None


class Budgets:
    """Daily budgets (UTC days), counted in the database called governance.

    An agent without limits costs no query: limits stay known for five seconds.
    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._agents = Agents(database, now)
        self._now = now
        self._clock = clock
        self._limits: Lru[tuple[str, str], tuple[Agent, float]] = Lru(_CACHED)

    async def charge(
        self, principal: Principal, tool: str, amount_company_minor: int | None = None
    ) -> None:
        """Count a call, and the money it posts, in minor units of the company's currency.

        Raises:
            PolicyDeniedError: today's budget does not cover it; nothing was counted.
        """
        agent = await self._limited(principal)
        if agent.calls_per_day is None and agent.posted_minor_per_day is None:
            return
        amount = abs(amount_company_minor or 0)
        async with self._database.writing() as session:
            spent = await self._today(session, principal)
            if _is_over(spent.calls + 1, agent.calls_per_day):
                raise PolicyDeniedError(
                    f"daily budget of {agent.calls_per_day} calls is spent: {tool} was not called"
                )
            if amount and _is_over(spent.posted_minor + amount, agent.posted_minor_per_day):
                raise PolicyDeniedError(
                    f"daily budget of {agent.posted_minor_per_day} minor units has "
                    f"{spent.posted_minor} spent: {tool} would post {amount}"
                )
            spent.calls += 1
            spent.posted_minor += amount

    async def left(self, principal: Principal) -> BudgetLeft:
        """Return what is left of today's budget."""
        agent = await self._limited(principal)
        async with self._database.reading() as session:
            spent = await session.get(BudgetRow, (*_key(principal), self._now().date()))
        return BudgetLeft(
            calls=_left(agent.calls_per_day, spent.calls if spent else 0),
            posted_minor=_left(agent.posted_minor_per_day, spent.posted_minor if spent else 0),
        )

    async def _limited(self, principal: Principal) -> Agent:
        known = self._limits.get(_key(principal))
        if known and known[1] > self._clock():
            return known[0]
        found = await self._agents.find(principal.id, principal.tenant)
        agent = found or Agent(principal.id, principal.kind, tenant=principal.tenant)
        self._limits.put(_key(principal), (agent, self._clock() + _KNOWN_S))
        return agent

    async def _today(self, session: AsyncSession, principal: Principal) -> BudgetRow:
        tenant, agent_id = _key(principal)
        day = self._now().date()
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        fresh = insert(BudgetRow).values(
            tenant=tenant, agent_id=agent_id, day=day, calls=0, posted_minor=0
        )
        await session.execute(fresh.on_conflict_do_nothing())
        query = (
            select(BudgetRow)
            .where(BudgetRow.tenant == tenant, BudgetRow.agent_id == agent_id, BudgetRow.day == day)
            .with_for_update()
        )
        return (await session.scalars(query)).one()


def _key(principal: Principal) -> tuple[str, str]:
    return principal.tenant, principal.id


def _is_over(wanted: int, limit: int | None) -> bool:
    return limit is not None and wanted > limit


def _left(limit: int | None, spent: int) -> int | None:
    return None if limit is None else max(0, limit - spent)
