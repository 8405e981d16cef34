"""A host that serves the small inventory; every call goes through the whole pipeline."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inventory.small_inventory import Clock, fill
from switchgear_inventory.sql import SqlInventory
from switchgear_shared.calls.call import Outcome, Request
from switchgear_shared.contracts.values import DEFAULT_TENANT, new_correlation_id
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.identity import Agent
from switchgear_shared.governance.principal import Principal
from switchgear_shared.runtime import new_host
from switchgear_shared.server import Host
from switchgear_shared.storage.database import Database
from switchgear_shared.testing import settings_for

KEEPER = Agent("keeper", "agent", (), ("inventory.*",))


@dataclass(frozen=True)
class Counter:
    """Where the keeper of the stock calls the tools."""

    host: Host
    keeper: Principal
    clock: Clock

    @property
    def database(self) -> Database:
        """The inventory's own."""
        database = self.host.servers["inventory"].part.database
        assert database is not None
        return database

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> Outcome:
        """Return the outcome of a call."""
        return await self.host.servers["inventory"].pipeline.dispatch(
            Request(
                server="inventory",
                tool=f"inventory_{tool}",
                arguments=arguments,
                principal=self.keeper,
                correlation_id=new_correlation_id(),
            )
        )

    async def answer(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return the structured answer of a call that must succeed."""
        return (await self.call(tool, arguments)).unwrap()

    async def refusal(self, tool: str, **arguments: Any) -> SwitchgearError:
        """Return the error of a call that must fail."""
        outcome = await self.call(tool, arguments)
        assert outcome.error is not None, outcome.structured
        return outcome.error


@asynccontextmanager
async def serving(data: Path, **changes: Any) -> AsyncGenerator[Counter]:
    """Open the counter on an empty data directory until the block ends."""
    host, _ = new_host(settings_for(data, **{"retry_attempts": 1, **changes}))
    clock = Clock()
    try:
        await host.open(["inventory"])
        await host.agents.add(KEEPER)
        backend = host.servers["inventory"].part.backend
        assert isinstance(backend, SqlInventory)
        backend._clock = clock  # pyright: ignore[reportPrivateUsage] - the server builds its own
        keeper = (await host.agents.get(KEEPER.id)).principal
        counter = Counter(host, keeper, clock)
        await fill(counter.database, [DEFAULT_TENANT])
        yield counter
    finally:
        await host.close()
