"""The tables that every server has beside its own: outbox, inbox, idempotency."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from switchgear_shared.storage.columns import UtcDateTime
from switchgear_shared.storage.idempotency_table import idempotency
from switchgear_shared.storage.shared_metadata import shared_metadata

__all__ = ["idempotency", "inbox", "outbox", "shared_metadata"]

RowId = BigInteger().with_variant(Integer(), "sqlite")

outbox = Table(
    "outbox",
    shared_metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("tenant", String(64), nullable=False),
    Column("event_id", String(64), nullable=False),
    Column("type", String(128), nullable=False),
    Column("body", Text, nullable=False),
    Column("due_at", UtcDateTime, nullable=True),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("tenant", "event_id", name="uq_outbox_event"),
)
"""Events committed and not yet in the broker; `due_at` makes one a timer."""

inbox = Table(
    "inbox",
    shared_metadata,
    Column("tenant", String(64), primary_key=True),
    Column("consumer", String(64), primary_key=True),
    Column("event_id", String(64), primary_key=True),
    Column("handled_at", UtcDateTime, nullable=False),
    Index("ix_inbox_handled_at", "handled_at"),
)
"""Events whose effect is committed, by consumer."""
