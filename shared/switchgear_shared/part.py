"""What an installed package contributes to the suite, and what it is given to build it with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from switchgear_shared.calls.client import ToolClient
from switchgear_shared.calls.pipeline import Pipeline
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.governance.approval import Approvals
from switchgear_shared.governance.audit_trail import AuditTrail
from switchgear_shared.governance.erasure import GovernanceErasure
from switchgear_shared.governance.identity import (
    DEFAULT_AGENTS,
    Agents,
    Tokens,
)
from switchgear_shared.governance.policy import Policies
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.consumer import Consumer
from switchgear_shared.observability.logs import logger
from switchgear_shared.observability.metrics import Metrics
from switchgear_shared.settings import Settings
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.http import JsonApi
from switchgear_shared.storage.tryton.client import TrytonClient
from switchgear_shared.toolset import Toolset
from switchgear_shared.transports.forward import BusForward
from switchgear_shared.transports.front import Front
from switchgear_shared.transports.inprocess import Switchboard

log = logger(__name__)

AUDIENCE = "urn:switchgear:suite"
_SERVERS = "switchgear.servers"
_FACES = "switchgear.faces"


@dataclass(kw_only=True)
class Part:
    """What one server contributes; everything around it is the same for all."""

    name: str
    title: str
    instructions: str
    toolset: Toolset[Any]
    backend: Any
    database: Database | None
    migrations: Sequence[Path] = ()
    backend_name: str = "sql"
    is_remote: bool = False
    """Whether another system does the writes; `database` keeps their keys and events then."""
    caveats: Sequence[str] = ()
    """What this backend cannot keep of its port's promises, one sentence each."""
    consumers: Sequence[Consumer] = ()
    background: Sequence[Callable[[], Awaitable[None]]] = ()
    """Each runs as long as messaging does, and again a moment after it failed."""
    load_demo: Callable[[], Awaitable[object]] | None = None
    front: Callable[[Pipeline], Front] | None = None
    apps: Mapping[str, ASGIApp] = field(default_factory=dict[str, ASGIApp])
    """ASGI apps by path prefix, each behind authentication."""
    public_routes: Sequence[BaseRoute] = ()
    """Routes that need no credential: metadata and the token endpoint."""
    measure: Callable[[Metrics], Awaitable[None]] | None = None
    """Brings this server's gauges up to date before a scrape."""
    findings: Callable[[], Sequence[tuple[str, str]]] | None = None
    """Tells `switchgear doctor` what this server needs of the machine and whether it is there."""
    close: Callable[[], Awaitable[None]] | None = None


@dataclass(kw_only=True)
class Face:
    """A web application in front of the whole suite: it has no records, and calls tools by name."""

    prefix: str
    """The path that it is under, such as `/console`."""
    app: ASGIApp
    """It looks after its own authentication: nothing stands before it but the check of Host."""


@dataclass(kw_only=True)
class Context:
    """What a `build` may use."""

    settings: Settings
    switchboard: Switchboard
    bus: Bus
    agents: Agents
    tokens: Tokens
    approvals: Approvals
    trail: AuditTrail
    erasure: GovernanceErasure
    policies: Policies
    remote: BusForward
    metrics: Metrics
    public_url: str

    def database(self, name: str) -> Database:
        """Return the database of the server `name`."""
        return Database.at(
            name, data_dir=self.settings.data, database_url=self.settings.database_dsn
        )

    def tryton(self) -> TrytonClient:
        """Return a client of the Tryton that the settings name.

        Raises:
            InvalidRequestError: a setting is missing.
        """
        url, user = self.settings.tryton_url, self.settings.tryton_user
        password, key = self.settings.tryton_password, self.settings.tryton_key
        if not (url and user and password and key):
            named = {"url": url, "user": user, "password": password, "key": key}
            missing = ", ".join(f"tryton_{name}" for name, value in named.items() if not value)
            raise InvalidRequestError(f"Tryton needs the settings {missing}")
        return TrytonClient(
            JsonApi("Tryton", url),
            user=user,
            password=password,
            key=key,
            company=self.settings.tryton_company,
        )

    def tools_as(self, service: str) -> ToolClient:
        """Return a client that calls other servers' tools as one of our own services."""
        agent = next(agent for agent in DEFAULT_AGENTS if agent.id == service)
        return ToolClient(self.switchboard, agent.principal, self.settings.attempt_timeout_s)


Build = Callable[[Context], Part]
BuildFace = Callable[[Context], Face]


def installed_servers() -> dict[str, EntryPoint]:
    """Return the entry point of every installed server's `build`, by name, not yet loaded."""
    return _installed(_SERVERS)


def installed_faces() -> dict[str, EntryPoint]:
    """Return the entry point of every installed face's `build`, by name, not yet loaded."""
    return _installed(_FACES)


def _installed(group: str) -> dict[str, EntryPoint]:
    found = {point.name: point for point in entry_points(group=group)}
    return {name: found[name] for name in sorted(found)}
