"""The CRM's tools over a real Tryton, and records of it that tests need."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from live_tryton import over_tryton
from sqlalchemy import select

from switchgear_shared.calls.call import Outcome, Request
from switchgear_shared.contracts.values import CorrelationId, new_correlation_id
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.identity import Agent
from switchgear_shared.runtime import new_host
from switchgear_shared.server import Host
from switchgear_shared.storage.shared_tables import outbox
from switchgear_shared.testing import settings_for

SELLER = Agent("seller", "agent", (), ("crm.*",))
OWNER = "switchgear@works.example"
_NUMBERS = count(1)


@dataclass(frozen=True)
class CrmSuite:
    """A host whose CRM is Tryton's; every call goes through the whole pipeline."""

    host: Host

    async def call(self, tool: str, *, key: str | None = None, **arguments: Any) -> Outcome:
        """Return the outcome of a call."""
        keyed = {"idempotency_key": key} if key else {}
        return await self.host.servers["crm"].pipeline.dispatch(
            Request(
                server="crm",
                tool=f"crm_{tool}",
                arguments={**arguments, **keyed},
                principal=SELLER.principal,
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

    async def events(self) -> list[str]:
        """Return the types of what was announced, in order."""
        database = self.host.servers["crm"].part.database
        assert database is not None
        async with database.reading() as session:
            return list(await session.scalars(select(outbox.c.type).order_by(outbox.c.id)))

    async def account(self, word: str, **fields: Any) -> str:
        """Make an account that nobody else uses, and return its id."""
        made = await self.answer(
            "upsert_account",
            **{"name": f"Works {word}", "domain": f"{word}.example", "currency": "EUR", **fields},
        )
        return made["id"]

    async def opportunity(self, account_id: str, **fields: Any) -> dict[str, Any]:
        """Make an opportunity, and return what the write answers."""
        return await self.answer("create_opportunity", **deal(account_id, **fields))


@asynccontextmanager
async def serving_crm(
    data: Path, connection: dict[str, Any], **changes: Any
) -> AsyncGenerator[CrmSuite]:
    """Open a host whose CRM is a Tryton's, until the block ends."""
    host, _ = new_host(settings_for(data, **over_tryton(connection, "crm"), **changes))
    try:
        await host.open(["crm"])
        yield CrmSuite(host)
    finally:
        await host.close()


def new_word() -> str:
    """Return a word that nobody else uses."""
    return f"t{next(_NUMBERS)}{uuid4().hex[:8]}"


def deal(account_id: str, **fields: Any) -> dict[str, Any]:
    """Return the arguments of a new opportunity."""
    return {
        "account_id": account_id,
        "name": "Hall",
        "amount": {"amount": "1200.50", "currency": "EUR"},
        "close_on": day(30),
        "owner": OWNER,
        **fields,
    }


def day(days: int) -> str:
    """Return the day so many days from today."""
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()
