"""The composition root: settings become servers with their pipelines, ready for any transport."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from importlib.metadata import version
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.calls.embedded_writes import EmbeddedWrites
from switchgear_shared.calls.idempotency import Writes
from switchgear_shared.calls.pipeline import Governance, Pipeline
from switchgear_shared.calls.remote_writes import RemoteWrites
from switchgear_shared.calls.telling import UnresolvedWrites
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import new_event
from switchgear_shared.errors import NotFoundError
from switchgear_shared.governance.approval import Approval, Approvals
from switchgear_shared.governance.audit import Audit
from switchgear_shared.governance.audit_trail import AuditTrail
from switchgear_shared.governance.budget import Budgets
from switchgear_shared.governance.erasure import GovernanceErasure
from switchgear_shared.governance.identity import (
    DEFAULT_AGENTS,
    INTERNAL_AUDIENCE,
    Agents,
    Authenticator,
    Keys,
    Tokens,
)
from switchgear_shared.governance.policy import Policies
from switchgear_shared.governance.principal import Principal
from switchgear_shared.governance.store import migrate_audit, migrate_governance
from switchgear_shared.governance.taint import Taints
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.consumer import Consumer
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.observability.logs import logger
from switchgear_shared.observability.metrics import Metrics
from switchgear_shared.part import AUDIENCE, Build, Context, Part, installed_servers
from switchgear_shared.resilience.fallback import LastGoodAnswers
from switchgear_shared.resilience.limits import RateLimits
from switchgear_shared.safeguards import protection_of, reading_of
from switchgear_shared.settings import Settings
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.migrate import MESSAGING_MIGRATIONS, migrate
from switchgear_shared.transports.forward import BusForward
from switchgear_shared.transports.front import Front
from switchgear_shared.transports.inprocess import Switchboard
from switchgear_shared.unresolved import add_unresolved
from switchgear_shared.whoami import Seen, add_guide, add_whoami

log = logger(__name__)

_SETTLED = 1.5
"""An attempt of ours is over, whatever is set, at its timeout; other clocks may be off a little."""
ISSUER = "urn:switchgear"


class Server:
    """One server, composed: its part, its pipeline and the front that transports serve."""

    def __init__(self, part: Part, pipeline: Pipeline, front: Front) -> None:
        self.part = part
        self.pipeline = pipeline
        self.front = front


class Host:
    """The servers of one process and all they share."""

    def __init__(self, settings: Settings, bus: Bus) -> None:
        self.settings = settings
        self.bus = bus
        self.public_url = settings.public_url or f"http://{settings.host}:{settings.port}"
        self.switchboard = Switchboard()
        self.servers: dict[str, Server] = {}
        data = settings.data
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        dsn = settings.database_dsn
        self.governance_database = Database.at("governance", data_dir=data, database_url=dsn)
        self.audit_database = Database.at("audit", data_dir=data, database_url=dsn)
        self.agents = Agents(self.governance_database)
        self.tokens = Tokens(Keys(data), ISSUER, settings.token_ttl_s)
        self.remote = BusForward(bus, self.tokens)
        self.switchboard.elsewhere(self.remote)
        self.approvals = Approvals(
            self.governance_database,
            timedelta(hours=settings.approval_hours),
            on_change=_announce_approval,
        )
        self.audit = Audit(self.audit_database, data)
        self.trail = AuditTrail(self.audit_database)
        self.metrics = Metrics()
        self.policies = Policies.load(
            settings.policies, {"approval_limit": settings.approval_limit}
        )
        self._governance = Governance(
            policies=self.policies,
            approvals=self.approvals,
            audit=self.audit,
            budgets=Budgets(self.governance_database),
            taints=Taints(self.governance_database, timedelta(minutes=settings.taint_minutes)),
        )
        self._limits = RateLimits(settings.rate_limit)

    async def open(self, names: Iterable[str], *, demo_data: bool = False) -> None:
        """Build and migrate the named servers; with `demo_data`, fill those that are empty.

        Raises:
            NotFoundError: no server of that name is installed.
        """
        await migrate_governance(self.governance_database)
        await migrate_audit(self.audit_database)
        await self.agents.ensure(DEFAULT_AGENTS)
        context = self.context()
        builds = installed_servers()
        for name in names:
            if name not in builds:
                raise NotFoundError(f"no server {name} is installed, only {', '.join(builds)}")
            build: Build = builds[name].load()
            await self.add(build(context), demo_data=demo_data)

    def context(self) -> Context:
        """Return what this host gives to those who build servers and faces."""
        return Context(
            settings=self.settings,
            switchboard=self.switchboard,
            bus=self.bus,
            agents=self.agents,
            tokens=self.tokens,
            approvals=self.approvals,
            trail=self.trail,
            erasure=GovernanceErasure(
                self.audit, self.audit_database, self.governance_database, self.settings.data
            ),
            policies=self.policies,
            remote=self.remote,
            metrics=self.metrics,
            public_url=self.public_url,
        )

    def authenticator(self, audience: str) -> Authenticator:
        """Return what checks credentials shown for `audience`; suite-wide ones hold everywhere."""
        return Authenticator(self.agents, self.tokens, (AUDIENCE, audience, INTERNAL_AUDIENCE))

    def consumers(self) -> list[Consumer]:
        """Return every consumer of this process's servers."""
        return [c for server in self.servers.values() for c in server.part.consumers]

    def databases(self) -> list[Database]:
        """Return every database of this process that has an outbox."""
        own = [s.part.database for s in self.servers.values() if s.part.database is not None]
        return [self.governance_database, *own]

    async def close(self) -> None:
        """Let go of everything, the audit trail last."""
        for server in self.servers.values():
            if server.part.close is not None:
                await server.part.close()
            if server.part.database is not None:
                await server.part.database.close()
        await self.audit.close()
        await self.governance_database.close()
        await self.audit_database.close()

    async def add(self, part: Part, *, demo_data: bool = False) -> None:
        """Migrate a part's database and serve it through a pipeline of its own."""
        if part.database is not None:
            await migrate(part.database, [*part.migrations, MESSAGING_MIGRATIONS])
            if demo_data and part.load_demo is not None:
                await part.load_demo()
        pipeline = self._pipeline(part)
        front = (
            part.front(pipeline)
            if part.front is not None
            else Front(
                pipeline,
                title=part.title,
                version=version("switchgear-shared"),
                instructions=part.instructions,
            )
        )
        if pipeline.writes is not None:
            await pipeline.writes.prune(older_than=timedelta(days=self.settings.idempotency_days))
        self.servers[part.name] = Server(part, pipeline, front)
        self.switchboard.add(front)

    def _pipeline(self, part: Part) -> Pipeline:
        settings = self.settings
        protection = protection_of(f"{part.name}/{part.backend_name}", settings)
        answers = LastGoodAnswers[dict[str, Any]](
            settings.fallback_answers, settings.fallback_max_age_s
        )
        toolset = part.toolset.copy()
        self.metrics.watch_backend(protection.name, lambda: reading_of(protection, answers))
        seen = Seen(self._governance, protection, answers, settings.rate_limit, tuple(part.caveats))
        add_whoami(toolset, part.name, seen)
        add_guide(toolset, part.name, part.instructions)
        writes = _writes(part, settings)
        if isinstance(writes, RemoteWrites):
            unresolved = UnresolvedWrites(
                part.name, toolset.tools, part.backend, protection, writes, settings.call_timeout_s
            )
            add_unresolved(toolset, part.name, unresolved)
        return Pipeline(
            part.name,
            toolset,
            part.backend,
            governance=self._governance,
            protection=protection,
            limits=self._limits,
            answers=answers,
            writes=writes,
            call_timeout_s=settings.call_timeout_s,
            metrics=self.metrics,
        )


def _writes(part: Part, settings: Settings) -> Writes | None:
    if part.database is None:
        return None
    if part.is_remote:
        settle_s = max(settings.settle_s, _SETTLED * settings.attempt_timeout_s)
        return RemoteWrites(part.database, settle_s)
    return EmbeddedWrites(part.database)


def local_principal(settings: Settings) -> Principal:
    """Return who a stdio caller without a credential is: this machine's user, in a set role."""
    agent = next((agent for agent in DEFAULT_AGENTS if settings.stdio_role in agent.roles), None)
    if agent is None:
        raise NotFoundError(f"no role {settings.stdio_role} is known")
    return Principal(id="local", kind="agent", roles=agent.roles, scopes=agent.scopes)


async def _announce_approval(session: AsyncSession, approval: Approval) -> None:
    """Emit what happened to an approval, in the transaction in which it happened."""
    if approval.state == "used":
        return
    asked = approval.state == "open"
    event = new_event(
        "governance.approval.requested" if asked else "governance.approval.decided",
        source="governance",
        subject=approval.id,
        caller=Caller(
            tenant=approval.tenant,
            principal_id=approval.principal_id,
            requested_by=approval.requested_by,
            correlation_id=approval.correlation_id,
        ),
        data={"approval_id": approval.id, "tool": approval.tool}
        if asked
        else {
            "approval_id": approval.id,
            "decision": approval.state,
            "decided_by": approval.decided_by or "expiry",
        },
    )
    await emit(session, event)
