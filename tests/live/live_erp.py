"""The ERP's tools over a real Tryton or our own tables, each call through the whole pipeline."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from live_tryton import over_tryton
from sqlalchemy import func, select

from open_policies import permitting_all
from switchgear_shared.calls.call import Outcome, Request
from switchgear_shared.contracts.values import CorrelationId, new_correlation_id
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.identity import Agent
from switchgear_shared.runtime import new_host
from switchgear_shared.server import Host
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.shared_tables import outbox
from switchgear_shared.testing import settings_for

CLERK = Agent("clerk", "agent", (), ("erp.*",))


@dataclass(frozen=True)
class ErpSuite:
    """A host with an ERP; every call goes through the whole pipeline."""

    host: Host
    first_event: int = 0

    async def from_now(self) -> "ErpSuite":
        """Return the same suite, whose events are those to come."""
        async with self.database.reading() as session:
            last = await session.scalar(select(func.max(outbox.c.id)))
        return replace(self, first_event=last or 0)

    async def call(self, tool: str, *, key: str | None = None, **arguments: Any) -> Outcome:
        """Return the outcome of a call."""
        keyed = {"idempotency_key": key} if key else {}
        return await self.host.servers["erp"].pipeline.dispatch(
            Request(
                server="erp",
                tool=f"erp_{tool}",
                arguments={**arguments, **keyed},
                principal=CLERK.principal,
                correlation_id=CorrelationId(new_correlation_id()),
            )
        )

    async def answer(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return the structured answer of a call that must succeed."""
        return (await self.call(tool, **arguments)).unwrap()

    async def refusal(self, tool: str, **arguments: Any) -> SwitchgearError:
        """Return the error of a call that must fail."""
        outcome = await self.call(tool, **arguments)
        assert outcome.error is not None, outcome.structured
        return outcome.error

    async def party(self, name: str) -> str:
        """Return the id of a party that `init` made."""
        page = await self.answer("find_party", query=name)
        return page["items"][0]["id"]

    async def completions(self, argument: str, typed: str) -> list[str]:
        """Return what is proposed for an argument."""
        pipeline = self.host.servers["erp"].pipeline
        return await pipeline.complete(CLERK.principal, argument, typed)

    async def confirmed(self, kind: str, party_id: str, lines: dict[str, str]) -> dict[str, Any]:
        """Return a confirmed order as the write of its confirmation answers it."""
        price = {"unit_price": "5"} if kind == "purchase" else {}
        wanted = [{"sku": sku, "quantity": quantity, **price} for sku, quantity in lines.items()]
        made = await self.answer("create_order", kind=kind, party_id=party_id, lines=wanted)
        await self.answer("advance_order", order_id=made["id"], to="quoted")
        return await self.answer("advance_order", order_id=made["id"], to="confirmed")

    async def events(self) -> list[str]:
        """Return the types of what was announced of this suite, in order."""
        ours = outbox.c.id > self.first_event
        async with self.database.reading() as session:
            types = select(outbox.c.type).where(ours).order_by(outbox.c.id)
            return list(await session.scalars(types))

    async def has_caveat(self, words: str) -> bool:
        """Return whether the ERP tells its callers so, in a caveat that begins with the words."""
        caveats = (await self.answer("whoami"))["backend"]["caveats"]
        return any(caveat.startswith(words) for caveat in caveats)

    @property
    def database(self) -> Database:
        """Our own database, beside the Tryton or with the whole ERP in it."""
        database = self.host.servers["erp"].part.database
        assert database is not None
        return database


@asynccontextmanager
async def serving_erp(
    data: Path, connection: dict[str, Any] | None = None, **changes: Any
) -> AsyncGenerator[ErpSuite]:
    """Open a host whose ERP is a Tryton's, or our own, until the block ends."""
    told = over_tryton(connection, "erp") if connection else {}
    host, _ = new_host(settings_for(data, **{**told, "policies": permitting_all(data), **changes}))
    try:
        await host.open(["erp"])
        yield ErpSuite(host)
    finally:
        await host.close()
