"""A host with the jars on it, and short words for what tests of the call pipeline do with it."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from switchgear_shared.calls.call import Outcome, Request
from switchgear_shared.calls.pipeline import Pipeline
from switchgear_shared.contracts.values import DEFAULT_TENANT, CorrelationId, new_correlation_id
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.audit_verify import Report, verify
from switchgear_shared.governance.identity import Agent
from switchgear_shared.governance.keys import CheckpointKey
from switchgear_shared.governance.principal import Principal
from switchgear_shared.runtime import new_host
from switchgear_shared.server import Host
from switchgear_shared.testing import settings_for

PARTIES = (
    Agent("saver", "agent", (), ("jars.*", "registry.*")),
    Agent("spouse", "agent", (), ("jars.*", "registry.*")),
    Agent("child", "agent", ("assistant",), ("*.read", "registry.*")),
    Agent("stranger", "agent", (), ("crm.account.read",)),
    Agent("robot", "service", ("service",), ("jars.*",)),
)
RENT = "jar_of_rent"


@dataclass(frozen=True)
class JarsSuite:
    """A host that serves the jars; every call goes through the whole pipeline."""

    host: Host

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline of the jars."""
        return self.host.servers["jars"].pipeline

    @property
    def backend(self) -> Any:
        """The backend of the jars, for its outages."""
        return self.host.servers["jars"].part.backend

    async def principal(self, party: str) -> Principal:
        """Return a registered party as one that has shown a credential."""
        return (await self.host.agents.get(party)).principal

    async def call(
        self,
        tool: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        by: str | Principal = "saver",
        correlation_id: str | None = None,
        taint: Iterable[str] = (),
        timeout_s: float | None = None,
        traceparent: str | None = None,
        is_settling: bool = False,
    ) -> Outcome:
        """Return the outcome of a call."""
        return await self.pipeline.dispatch(
            Request(
                server="jars",
                tool=tool,
                arguments=arguments or {},
                principal=by if isinstance(by, Principal) else await self.principal(by),
                correlation_id=CorrelationId(correlation_id or new_correlation_id()),
                timeout_s=timeout_s,
                traceparent=traceparent,
                taint=frozenset(taint),
                is_settling=is_settling,
            )
        )

    async def answer(self, tool: str, arguments: Mapping[str, Any], **how: Any) -> dict[str, Any]:
        """Return the structured answer of a call that must succeed."""
        return (await self.call(tool, arguments, **how)).unwrap()

    async def refusal(self, tool: str, arguments: Mapping[str, Any], **how: Any) -> SwitchgearError:
        """Return the error of a call that must fail."""
        outcome = await self.call(tool, arguments, **how)
        assert outcome.error is not None, outcome.structured
        return outcome.error

    async def coins(self, jar_id: str = RENT) -> int:
        """Return what is in a jar, as the table has it."""
        return await self._scalar("SELECT coins FROM jars WHERE id = :id", id=jar_id)

    async def drops(self) -> int:
        """Return how many times a write had its effect."""
        return await self._scalar("SELECT count(*) FROM drops")

    async def kept_keys(self) -> int:
        """Return how many idempotency keys are stored."""
        return await self._scalar("SELECT count(*) FROM idempotency")

    async def trail(self, correlation_id: str) -> list[dict[str, Any]]:
        """Return the audit events of a piece of work, oldest first."""
        await self.host.audit.flush()
        found = await self.host.trail.find(DEFAULT_TENANT, correlation_id)
        return [record.event for record in found]

    async def verified(self) -> Report:
        """Verify every audit chain against the exported checkpoints too."""
        data = self.host.settings.data
        await self.host.audit.flush()
        return await verify(self.host.audit_database, CheckpointKey(data).public)

    async def _scalar(self, query: str, **values: Any) -> int:
        database = self.host.servers["jars"].part.database
        assert database is not None
        async with database.reading() as session:
            return int(await session.scalar(text(query), values) or 0)


@asynccontextmanager
async def serving_jars(data: Path, **changes: Any) -> AsyncGenerator[JarsSuite]:
    """Open a host with the jars on a data directory until the block ends."""
    host, _ = new_host(settings_for(data, **{"retry_attempts": 1, **changes}))
    try:
        await host.open(["jars"])
        yield JarsSuite(host)
    finally:
        await host.close()


async def prepare(data: Path) -> None:
    """Make a data directory with the parties, and one jar with a hundred coins."""
    async with serving_jars(data) as suite:
        for party in PARTIES:
            await suite.host.agents.add(party)
        database = suite.host.servers["jars"].part.database
        assert database is not None
        async with database.writing() as session:
            await session.execute(
                text("INSERT INTO jars VALUES (:tenant, :id, 'rent', 100, 1)"),
                {"tenant": DEFAULT_TENANT, "id": RENT},
            )
