"""The table of writes and their outcomes, by idempotency key."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, String, Table, Text

from switchgear_shared.storage.columns import UtcDateTime
from switchgear_shared.storage.shared_metadata import shared_metadata

idempotency = Table(
    "idempotency",
    shared_metadata,
    Column("tenant", String(64), primary_key=True),
    Column("tool", String(64), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("outcome", Text, nullable=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime, nullable=True),
    Column("claimed_by", String(64), nullable=True),
    Column("claimed_at", UtcDateTime, nullable=True),
    Column("reference", String(32), nullable=True),
    Column("claim", Text, nullable=True),
    Column("looks_count", Integer, nullable=True),
    Column("looked_at", UtcDateTime, nullable=True),
    Column("why", Text, nullable=True),
    Column("told", Text, nullable=True),
    CheckConstraint("state IN ('in_flight', 'done')", name="ck_idempotency_state"),
    Index("ix_idempotency_created_at", "created_at"),
    Index("ix_idempotency_reference", "tenant", "reference"),
)
"""`outcome` is the JSON that a repeated call is answered with.

A write to a system outside is claimed here before it is sent: by whom, and when last. `reference`
is our name for it over there; while nobody knows its end, `claim` holds the call as JSON, and
`why` what its last look ended with. `told` is what a person said of it, as JSON.
"""
