"""The tables of governance, in two databases that every process shares: governance and audit."""

from datetime import date, datetime
from pathlib import Path

from sqlalchemy import (
    JSON,
    BigInteger,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from switchgear_shared.storage.columns import UtcDateTime
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.migrate import MESSAGING_MIGRATIONS, migrate

_MIGRATIONS = Path(__file__).parent / "migrations"


class GovernanceTables(DeclarativeBase):
    """The tables of the database called governance."""


class AuditTables(DeclarativeBase):
    """The tables of the database called audit."""


class AgentRow(GovernanceTables):
    """A party that may show a credential; the limits are null where there is none."""

    __tablename__ = "agents"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    roles: Mapped[list[str]] = mapped_column(JSON)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    is_disabled: Mapped[bool]
    calls_per_day: Mapped[int | None] = mapped_column(Integer)
    posted_minor_per_day: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ApiKeyRow(GovernanceTables):
    """An API key: its id in clear, its secret as a hash."""

    __tablename__ = "api_keys"
    __table_args__ = (
        ForeignKeyConstraint(["tenant", "agent_id"], ["agents.tenant", "agents.id"]),
        UniqueConstraint("id", name="uq_api_keys_id"),
        Index("ix_api_keys_agent", "agent_id"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(128))
    secret_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ApprovalRow(GovernanceTables):
    """A request for another person's approval, and the single-use grant it becomes.

    `open_digest` repeats `digest` while the request is undecided, and is null after: its unique
    key is what keeps two processes from asking twice. `asked_under` is the idempotency key that
    the first call to ask for it brought.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        UniqueConstraint("tenant", "open_digest", name="uq_approvals_open"),
        Index("ix_approvals_digest", "digest"),
        Index("ix_approvals_state", "tenant", "state", "created_at", "id"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    open_digest: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    server: Mapped[str] = mapped_column(String(64))
    tool: Mapped[str] = mapped_column(String(128))
    kinds: Mapped[list[str]] = mapped_column(JSON)
    summary: Mapped[str] = mapped_column(Text)
    arguments: Mapped[dict[str, object]] = mapped_column(JSON)
    facts: Mapped[dict[str, object]] = mapped_column(JSON)
    principal_id: Mapped[str] = mapped_column(String(128))
    requested_by: Mapped[str] = mapped_column(String(128))
    correlation_id: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(128))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(Text)
    asked_under: Mapped[str | None] = mapped_column(String(128))
    used_by: Mapped[str | None] = mapped_column(String(256))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BudgetRow(GovernanceTables):
    """What an agent has spent of its budget on one day (UTC)."""

    __tablename__ = "budgets"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    agent_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    calls: Mapped[int] = mapped_column(Integer)
    posted_minor: Mapped[int] = mapped_column(BigInteger)


class TaintRow(GovernanceTables):
    """Until when a party counts as having read untrusted text of a server."""

    __tablename__ = "taints"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    principal_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class AuditRow(AuditTables):
    """One link of a tenant's chain: `body` is the text that was hashed, byte for byte.

    `payload` is tied to it by its digest and may be erased. The other columns repeat the body
    for queries; verification holds them to it.
    """

    __tablename__ = "audit_rows"
    __table_args__ = (Index("ix_audit_rows_correlation", "tenant", "correlation_id", "seq"),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    time: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(32))
    server: Mapped[str] = mapped_column(String(64))
    tool: Mapped[str] = mapped_column(String(128))
    principal: Mapped[str] = mapped_column(String(128))
    correlation_id: Mapped[str] = mapped_column(String(128))
    hash: Mapped[str] = mapped_column(String(64))
    body: Mapped[str] = mapped_column(Text)
    payload: Mapped[str | None] = mapped_column(Text)


class AuditHeadRow(AuditTables):
    """The end of a tenant's chain; whoever appends holds this row's lock."""

    __tablename__ = "audit_heads"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[str] = mapped_column(String(64))
    frontier: Mapped[list[str]] = mapped_column(JSON)


class AuditCheckpointRow(AuditTables):
    """A signed statement of how long a tenant's chain was and what its Merkle root was."""

    __tablename__ = "audit_checkpoints"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    time: Mapped[datetime] = mapped_column(UtcDateTime)
    note: Mapped[str] = mapped_column(Text)


async def migrate_governance(database: Database) -> None:
    """Bring the database called governance to its newest tables, the outbox included."""
    folders = [_MIGRATIONS / "governance"]
    if MESSAGING_MIGRATIONS.is_dir():
        folders.append(MESSAGING_MIGRATIONS)
    await migrate(database, folders)


async def migrate_audit(database: Database) -> None:
    """Bring the database called audit to its newest tables."""
    await migrate(database, [_MIGRATIONS / "audit"])
