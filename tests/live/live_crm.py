"""The CRM's tools over a real Tryton or our own tables, and records that tests need."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from live_tryton import over_tryton
from sqlalchemy import func, select

from switchgear_crm.tables import AccountRow
from switchgear_shared.calls.call import Outcome, Request
from switchgear_shared.contracts.values import DEFAULT_TENANT, CorrelationId, new_correlation_id
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.identity import Agent
from switchgear_shared.runtime import new_host
from switchgear_shared.server import Host
from switchgear_shared.spelling import fold
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.shared_tables import outbox
from switchgear_shared.storage.tryton.client import TrytonClient
from switchgear_shared.testing import settings_for

SELLER = Agent("seller", "agent", (), ("crm.*",))
OWNER = "switchgear@works.example"
_NUMBERS = count(1)


@dataclass(frozen=True)
class CrmSuite:
    """A host with a CRM; every call goes through the whole pipeline."""

    host: Host
    first_event: int = 0

    async def from_now(self) -> "CrmSuite":
        """Return the same suite, whose events are those to come."""
        async with self.database.reading() as session:
            last = await session.scalar(select(func.max(outbox.c.id)))
        return replace(self, first_event=last or 0)

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

    async def caveats(self) -> list[str]:
        """Return what whoami says that the system behind does not promise."""
        return (await self.answer("whoami"))["backend"]["caveats"]

    async def answer_unless(self, caveat: str, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return the answer of a call; "{}" where whoami says by `caveat` that it is refused.

        What it says is so: there, and only there, nothing is done and the error says why.
        """
        outcome = await self.call(tool, **arguments)
        if caveat not in await self.caveats():
            return outcome.unwrap()
        error = outcome.error
        assert error is not None, outcome.structured
        assert (error.code, error.outcome) == ("backend_rejected", "not_done")
        assert "Tryton" in error.message or "ERP" in error.message
        return {}

    async def events(self) -> list[str]:
        """Return the types of what was announced since this host was opened, in order."""
        ours = outbox.c.id > self.first_event
        async with self.database.reading() as session:
            types = select(outbox.c.type).where(ours).order_by(outbox.c.id)
            return list(await session.scalars(types))

    @property
    def database(self) -> Database:
        """Our own database, beside the Tryton or with the whole CRM in it."""
        database = self.host.servers["crm"].part.database
        assert database is not None
        return database

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
    data: Path, connection: dict[str, Any] | None = None, **changes: Any
) -> AsyncGenerator[CrmSuite]:
    """Open a host whose CRM is a Tryton's, or our own, until the block ends."""
    told = over_tryton(connection, "crm") if connection else {}
    host, _ = new_host(settings_for(data, **{"taint_minutes": 0, **told, **changes}))
    try:
        await host.open(["crm"])
        yield await CrmSuite(host).from_now()
    finally:
        await host.close()


class CrmWorld(Protocol):
    """A CRM to which tests add what they count on."""

    @property
    def suite(self) -> CrmSuite:
        """The host, for calls."""
        ...

    @property
    def may_refuse_at_once(self) -> bool:
        """Whether of records made at the same moment some may be refused, nothing done."""
        ...

    async def add_account(self, name: str, domain: str) -> str:
        """Have an account that came to be without our upsert, which asks nobody; its id."""
        ...


@dataclass(frozen=True)
class TrytonWorld:
    """The CRM of a Tryton."""

    suite: CrmSuite
    client: TrytonClient
    may_refuse_at_once: bool

    async def add_account(self, name: str, domain: str) -> str:
        """See CrmWorld."""
        website = {"type": "website", "value": f"https://www.{domain}/"}
        party = {"name": name, "contact_mechanisms": [["create", [website]]]}
        [number] = await self.client.call("party.party", "create", [party])
        return f"party-{number}"


@dataclass(frozen=True)
class SqlWorld:
    """The CRM in our own tables."""

    suite: CrmSuite
    may_refuse_at_once: bool = False

    async def add_account(self, name: str, domain: str) -> str:
        """See CrmWorld."""
        mark = uuid4().hex
        empty = ("industry", "email", "phone", "tax_id", "street", "postal_code", "city")
        row = AccountRow(
            **dict.fromkeys((*empty, "country", "owner_email"), ""),
            tenant=DEFAULT_TENANT,
            id=f"acc_{mark}",
            ref=f"I-{mark[:12]}",
            version=1,
            name=name,
            domain=domain,
            is_customer=False,
            is_vendor=False,
            currency="EUR",
            since=datetime.now(UTC).date(),
            search_name=fold(name),
            search_text=fold(f"{name} {domain}"),
        )
        async with self.suite.database.writing() as session:
            session.add(row)
        return f"acc_{mark}"


def new_word() -> str:
    """Return a word that nobody else uses."""
    return f"t{next(_NUMBERS)}{uuid4().hex[:8]}"


def misspelled(word: str) -> str:
    """Return a word with two neighbours in the other order."""
    place = next(at for at in range(2, len(word)) if word[at] != word[at - 1])
    return word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]


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
