"""A suite without a broker: the test carries every event by hand, and says what goes wrong."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from switchgear_shared.calls.call import Dispatcher, Outcome, Request
from switchgear_shared.calls.client import ToolClient
from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import DEFAULT_TENANT, new_correlation_id
from switchgear_shared.governance.approval import Approvals
from switchgear_shared.governance.identity import DEFAULT_AGENTS
from switchgear_shared.part import installed_servers
from switchgear_shared.server import Host
from switchgear_shared.serving import hosting
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.shared_tables import outbox
from switchgear_shared.testing import settings_for
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.process import Kinds
from switchgear_workflows.processes import ProcessManager
from switchgear_workflows.server import installed_kinds
from switchgear_workflows.sql import SqlWorkflows

Answer = dict[str, Any]
STARTED = "workflows.process.started"
SERVICE = next(agent.principal for agent in DEFAULT_AGENTS if agent.id == "workflows")


class KilledError(BaseException):
    """What a kill looks like from inside: nothing after it runs."""


@dataclass
class Faulty:
    """A dispatcher that kills its caller, or fails, around the first call of one tool."""

    dispatcher: Dispatcher
    tool: str
    error: BaseException
    after: bool = True
    """Whether the tool has run by then."""
    asked: list[str] = field(default_factory=list[str])

    def again(self) -> Faulty:
        """Return one that fails like this one, from the first call on."""
        return replace(self, asked=[])

    async def dispatch(self, request: Request) -> Outcome:
        """Dispatch, and fail once."""
        is_first = request.tool == self.tool and self.tool not in self.asked
        self.asked.append(request.tool)
        if is_first and not self.after:
            raise self.error
        outcome = await self.dispatcher.dispatch(request)
        if is_first:
            raise self.error
        return outcome


@dataclass(frozen=True)
class Office:
    """The servers, and the events between them as far as the test has carried them."""

    host: Host

    @property
    def database(self) -> Database:
        """The database of the workflows server."""
        database = self.host.servers["workflows"].part.database
        assert database is not None
        return database

    def manager(
        self,
        dispatcher: Dispatcher | None = None,
        approvals: Approvals | None = None,
        kinds: Kinds | None = None,
    ) -> ProcessManager:
        """Return a process manager as a fresh process has it."""
        tools = ToolClient(dispatcher or self.host.switchboard, SERVICE, 10)
        return ProcessManager(
            self.database,
            approvals or self.host.approvals,
            kinds or installed_kinds(tools),
            ProcessTools(tools),
        )

    async def ask(self, tool: str, *, by: str = "assistant", **arguments: Any) -> Answer:
        """Return the answer of a call that must succeed."""
        agent = await self.host.agents.get(by)
        request = Request(
            server=tool.split("_", maxsplit=1)[0],
            tool=tool,
            arguments=arguments,
            principal=agent.principal,
            correlation_id=new_correlation_id(),
        )
        return (await self.host.switchboard.dispatch(request)).unwrap()

    async def started(self, process: str, *, by: str = "back-office", **wanted: Any) -> Event:
        """Start a process by a call; return the event of its start."""
        await self.ask("workflows_start", by=by, process=process, input=wanted)
        (started,) = await self.deliver(hold={STARTED})
        return started

    async def routed(self, content: bytes, *, by: str = "assistant") -> Event:
        """Hand in an invoice and carry its events up to the start of its process."""
        encoded = base64.b64encode(content).decode()
        await self.ask("documents_submit", by=by, name="invoice.xml", content=encoded)
        (started,) = await self.deliver(hold={STARTED})
        return started

    async def deliver(self, *, hold: Collection[str] = (), times: int = 1) -> list[Event]:
        """Carry events to their consumers until none is left; return those held back.

        Each is delivered as many `times`, as a broker may.
        """
        held: list[Event] = []
        while events := [e for database in self.host.databases() for e in await taken(database)]:
            for event in events:
                if event.type in hold:
                    held.append(event)
                    continue
                for consumer in self.host.consumers() * times:
                    if consumer.event_type in (event.type, ">"):
                        await consumer.handle(event)
        return held

    async def process(self, started: Event) -> Answer:
        """Return the process with its steps."""
        backend = self.host.servers["workflows"].part.backend
        assert isinstance(backend, SqlWorkflows)
        process = await backend.get_process(
            DEFAULT_TENANT, process_id=started.subject, correlation_id=None
        )
        return process.model_dump(mode="json")

    async def steps(self, started: Event) -> list[tuple[str, str]]:
        """Return name and outcome of each step taken."""
        process = await self.process(started)
        return [(step["name"], step["outcome"]) for step in process["steps"]]

    async def booked(self, number: str) -> list[str]:
        """Return the state of every invoice in the ERP with this vendor's number."""
        page = await self.ask("erp_list_invoices", query=number, limit=50)
        return [row["state"] for row in page["items"] if row["external_ref"] == number]


async def taken(database: Database) -> list[Event]:
    """Take what is in an outbox out of it; timers are dropped."""
    async with database.writing() as session:
        found = (await session.execute(select(outbox).order_by(outbox.c.id))).all()
        await session.execute(delete(outbox))
    return [Event.from_cloudevent(row.body.encode()) for row in found if row.due_at is None]


def approvals_at(host: Host, now: Callable[[], datetime]) -> Approvals:
    """Return the suite's approvals as they look at another time."""
    return Approvals(host.governance_database, timedelta(0), now=now)


@asynccontextmanager
async def opened_office(data: Path, **changes: Any) -> AsyncGenerator[Office]:
    """Open the suite on a data directory, its messaging side left out."""
    settings = settings_for(data, rate_limit="100000/minute", **changes)
    async with hosting(settings, installed_servers()) as (host, _runtime):
        yield Office(host)
