"""The register of the parties that may call: agents, people and services, and their keys."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, select

from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId, utc_now
from switchgear_shared.errors import (
    ConflictError,
    NotFoundError,
    PolicyDeniedError,
    UnauthenticatedError,
)
from switchgear_shared.governance.parties import DEFAULT_AGENTS, Agent, ApiKey, Holder, Kind
from switchgear_shared.governance.scopes import refuse_unbounded
from switchgear_shared.governance.store import AgentRow, ApiKeyRow
from switchgear_shared.storage.database import Database, DuplicateKeyError

__all__ = [
    "DEFAULT_AGENTS",
    "KEY_PREFIX",
    "Agent",
    "Agents",
    "ApiKey",
    "Holder",
    "Kind",
    "key_id_of",
]

KEY_PREFIX = "mcpk_"
_SECRET_BYTES = 32
_KEY_PARTS = 3
_NO_HASH = hashlib.sha256(b"").hexdigest()


class Agents:
    """The register of agents and API keys in the database called governance."""

    def __init__(self, database: Database, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._now = now

    async def add(self, agent: Agent) -> None:
        """Register a party.

        Raises:
            ConflictError: the tenant has a party of that id.
        """
        refuse_unbounded(agent.scopes)
        try:
            async with self._database.writing() as session:
                session.add(AgentRow(created_at=self._now(), **_columns(agent)))
        except DuplicateKeyError as error:
            raise ConflictError(f"agent {agent.id} exists") from error

    async def ensure(self, agents: Iterable[Agent] = DEFAULT_AGENTS) -> None:
        """Register those that are not there yet; the others stay as they are."""
        for agent in agents:
            if await self.find(agent.id, agent.tenant) is None:
                try:
                    await self.add(agent)
                except ConflictError:
                    continue

    async def change(self, agent: Agent) -> None:
        """Give a registered party these roles, scopes, limits and disabled state."""
        refuse_unbounded(agent.scopes)
        async with self._database.writing() as session:
            row = await session.get(AgentRow, (agent.tenant, agent.id), with_for_update=True)
            if row is None:
                raise NotFoundError(f"agent {agent.id} is not registered")
            for name, value in _columns(agent).items():
                setattr(row, name, value)

    async def switch(
        self, agent_id: str, *, is_disabled: bool, tenant: TenantId = DEFAULT_TENANT
    ) -> None:
        """Keep a party out, or let it in again; the rest of its row stays as it is.

        Raises:
            NotFoundError: it is not registered.
        """
        async with self._database.writing() as session:
            row = await session.get(AgentRow, (tenant, agent_id), with_for_update=True)
            if row is None:
                raise NotFoundError(f"agent {agent_id} is not registered")
            row.is_disabled = is_disabled

    async def find(self, agent_id: str, tenant: TenantId = DEFAULT_TENANT) -> Agent | None:
        """Return the party, or None."""
        async with self._database.reading() as session:
            row = await session.get(AgentRow, (tenant, agent_id))
            return _agent(row) if row else None

    async def current(
        self, agent_id: str, tenant: TenantId, api_key_id: str | None
    ) -> Agent | None:
        """Return the party if it may still act: not disabled, nor by a key that has ended."""
        async with self._database.reading() as session:
            agent = await session.get(AgentRow, (tenant, agent_id))
            if agent is None or agent.is_disabled:
                return None
            if api_key_id is not None:
                key = await session.get(ApiKeyRow, (tenant, api_key_id))
                if key is None or key.agent_id != agent_id or self._has_ended(key):
                    return None
            return _agent(agent)

    async def get(self, agent_id: str, tenant: TenantId = DEFAULT_TENANT) -> Agent:
        """Return the party; raises NotFoundError."""
        if (agent := await self.find(agent_id, tenant)) is None:
            raise NotFoundError(f"agent {agent_id} is not registered")
        return agent

    async def get_enabled(self, agent_id: str, tenant: TenantId = DEFAULT_TENANT) -> Agent:
        """Return the party if it may act.

        Raises:
            NotFoundError: it is not registered.
            PolicyDeniedError: it is disabled.
        """
        agent = await self.get(agent_id, tenant)
        if agent.is_disabled:
            raise PolicyDeniedError(f"agent {agent_id} is disabled")
        return agent

    async def list(self, tenant: TenantId = DEFAULT_TENANT) -> tuple[Agent, ...]:
        """Return all parties of a tenant, by id."""
        query = select(AgentRow).where(AgentRow.tenant == tenant).order_by(AgentRow.id)
        async with self._database.reading() as session:
            return tuple(_agent(row) for row in await session.scalars(query))

    async def add_key(
        self,
        agent_id: str,
        tenant: TenantId = DEFAULT_TENANT,
        expires_at: datetime | None = None,
    ) -> str:
        """Make an API key and return it whole, the only time it can be read."""
        await self.get(agent_id, tenant)
        key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(_SECRET_BYTES)
        async with self._database.writing() as session:
            session.add(
                ApiKeyRow(
                    tenant=tenant,
                    id=key_id,
                    agent_id=agent_id,
                    secret_hash=_hash(secret),
                    created_at=self._now(),
                    expires_at=expires_at,
                )
            )
        return f"{KEY_PREFIX}{key_id}_{secret}"

    async def list_keys(
        self, agent_id: str, tenant: TenantId = DEFAULT_TENANT
    ) -> tuple[ApiKey, ...]:
        """Return an agent's keys, oldest first, without their secrets."""
        query = (
            select(ApiKeyRow)
            .where(ApiKeyRow.tenant == tenant, ApiKeyRow.agent_id == agent_id)
            .order_by(ApiKeyRow.created_at, ApiKeyRow.id)
        )
        async with self._database.reading() as session:
            return tuple(
                ApiKey(row.id, row.agent_id, row.created_at, row.expires_at, row.revoked_at)
                for row in await session.scalars(query)
            )

    async def revoke_key(self, key_id: str, tenant: TenantId = DEFAULT_TENANT) -> str:
        """End a key for good and return whose it is; ending it twice changes nothing."""
        async with self._database.writing() as session:
            row = await session.get(ApiKeyRow, (tenant, key_id))
            if row is None:
                raise NotFoundError(f"API key {key_id} is not registered")
            row.revoked_at = row.revoked_at or self._now()
            return row.agent_id

    async def by_key(self, key: str) -> Holder:
        """Return the party whose API key this is; an unknown id costs what a known one does.

        Raises:
            UnauthenticatedError: for every reason the same.
        """
        parts = key.split("_", _KEY_PARTS - 1)
        if len(parts) != _KEY_PARTS or not key.startswith(KEY_PREFIX):
            raise _refused()
        return await self._matching(ApiKeyRow.id == parts[1], parts[2])

    async def by_secret(self, agent_id: str, secret: str) -> Holder:
        """Return the party of this id if the secret is that of one of its keys.

        Raises:
            UnauthenticatedError: for every reason the same.
        """
        return await self._matching(ApiKeyRow.agent_id == agent_id, secret)

    async def _matching(self, condition: ColumnElement[bool], secret: str) -> Holder:
        query = select(ApiKeyRow, AgentRow).join(
            AgentRow,
            (AgentRow.tenant == ApiKeyRow.tenant) & (AgentRow.id == ApiKeyRow.agent_id),
        )
        async with self._database.reading() as session:
            rows = (await session.execute(query.where(condition))).all()
        shown, found = _hash(secret), None
        for key, agent in rows:
            is_current = not agent.is_disabled and not self._has_ended(key)
            if hmac.compare_digest(key.secret_hash, shown) and is_current:
                found = Holder(_agent(agent), key.id)
        if not rows:
            hmac.compare_digest(_NO_HASH, shown)
        if found is None:
            raise _refused()
        return found

    def _has_ended(self, key: ApiKeyRow) -> bool:
        has_expired = key.expires_at is not None and key.expires_at <= self._now()
        return key.revoked_at is not None or has_expired


def key_id_of(key: str) -> str:
    """Return the id of a whole API key: what it is listed and revoked by."""
    return key.split("_", _KEY_PARTS - 1)[1]


def _refused() -> UnauthenticatedError:
    return UnauthenticatedError("the credential is not valid")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _columns(agent: Agent) -> dict[str, object]:
    return {
        "tenant": agent.tenant,
        "id": agent.id,
        "kind": agent.kind,
        "roles": list(agent.roles),
        "scopes": list(agent.scopes),
        "is_disabled": agent.is_disabled,
        "calls_per_day": agent.calls_per_day,
        "posted_minor_per_day": agent.posted_minor_per_day,
    }


def _agent(row: AgentRow) -> Agent:
    return Agent(
        id=row.id,
        kind=cast("Kind", row.kind),
        roles=tuple(row.roles),
        scopes=tuple(row.scopes),
        tenant=TenantId(row.tenant),
        is_disabled=row.is_disabled,
        calls_per_day=row.calls_per_day,
        posted_minor_per_day=row.posted_minor_per_day,
    )
