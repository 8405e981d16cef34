"""The tables of the documents server."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, Float, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, validates

from switchgear_shared.contracts.values import utc_now
from switchgear_shared.storage.columns import UtcDateTime

SETTLED = ("filed", "rejected")
"""The states that a document stays in by itself; its retention counts from there."""


class Base(DeclarativeBase):
    """The metadata of this server."""


class DocumentRecord(Base):
    """One document, with what was read from it."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("tenant", "sha256"),
        Index("documents_by_time", "tenant", "received_at", "id"),
        Index("documents_by_correlation", "tenant", "correlation_id"),
        Index("documents_by_root", "tenant", "root_id"),
        Index("documents_by_number", "tenant", "number_key"),
        Index("documents_by_settlement", "document_type", "settled_at"),
        *(Index(f"documents_by_band_{n}", "tenant", f"band_{n}") for n in range(4)),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    media_type: Mapped[str] = mapped_column(String(128))
    size_bytes: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(32))
    document_type: Mapped[str | None] = mapped_column(String(32))
    confidence: Mapped[float | None] = mapped_column(Float)
    classifier: Mapped[str | None] = mapped_column(String(64))
    pages: Mapped[int | None] = mapped_column(Integer)
    party: Mapped[str | None] = mapped_column(String(255))
    number: Mapped[str | None] = mapped_column(String(255))
    total_gross: Mapped[str | None] = mapped_column(String(64))
    currency: Mapped[str | None] = mapped_column(String(16))
    number_key: Mapped[str | None] = mapped_column(String(128))
    band_0: Mapped[str | None] = mapped_column(String(4))
    band_1: Mapped[str | None] = mapped_column(String(4))
    band_2: Mapped[str | None] = mapped_column(String(4))
    band_3: Mapped[str | None] = mapped_column(String(4))
    text: Mapped[str | None] = mapped_column(Text)
    reading: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    corrections: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    given_type: Mapped[str | None] = mapped_column(String(32))
    process: Mapped[str | None] = mapped_column(String(64))
    record_uri: Mapped[str | None] = mapped_column(String(255))
    correlation_id: Mapped[str] = mapped_column(String(64))
    submitted_by: Mapped[str] = mapped_column(String(128))
    parent_id: Mapped[str | None] = mapped_column(String(64))
    root_id: Mapped[str | None] = mapped_column(String(64))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)

    @validates("state")
    def _note_settlement(self, _key: str, state: str) -> str:
        if state not in SETTLED:
            self.settled_at = None
        elif self.settled_at is None:
            self.settled_at = utc_now()
        return state


class ReviewRecord(Base):
    """A question for a person."""

    __tablename__ = "reviews"
    __table_args__ = (
        Index("reviews_by_document", "tenant", "document_id", "state"),
        Index("reviews_by_due", "tenant", "state", "due_at", "id"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    asked_by: Mapped[str] = mapped_column(String(16))
    reasons: Mapped[list[str]] = mapped_column(JSON)
    decision: Mapped[str | None] = mapped_column(String(16))
    decided_by: Mapped[str | None] = mapped_column(String(128))
    decision_reason: Mapped[str | None] = mapped_column(Text)
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    escalation: Mapped[int] = mapped_column(Integer, default=0)
    claimed_by: Mapped[str | None] = mapped_column(String(128))
    claimed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    correlation_id: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer, default=1)


class DeadLetterDecisionRecord(Base):
    """What an operator decided on a dead letter; it outlives the letter.

    The broker counts letters anew if it loses its disk, so the moment of death is part of the key.
    """

    __tablename__ = "dead_letter_decisions"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    dead_letter_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    died_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    decision: Mapped[str] = mapped_column(String(16))
    decided_by: Mapped[str] = mapped_column(String(128))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str | None] = mapped_column(Text)
    consumer: Mapped[str] = mapped_column(String(64))
    event_type: Mapped[str | None] = mapped_column(String(128))
    error_code: Mapped[str] = mapped_column(String(128))
    correlation_id: Mapped[str | None] = mapped_column(String(128))


class HoldRecord(Base):
    """A legal hold on one document, or on all under its correlation ID; released ones stay."""

    __tablename__ = "holds"
    __table_args__ = (
        Index("holds_by_document", "tenant", "document_id"),
        Index("holds_by_correlation", "tenant", "correlation_id"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(String(64))
    correlation_id: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[str] = mapped_column(String(128))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    released_by: Mapped[str | None] = mapped_column(String(128))
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    release_reason: Mapped[str | None] = mapped_column(Text)


class ErasureRecord(Base):
    """What is left of an erased document, its tombstone.

    `sha256` names the bytes to remove, and `review_ids` what else was said of it; both go once
    everything is gone, at `finished_at`.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        Index("erasures_by_correlation", "tenant", "correlation_id"),
        Index("erasures_by_finish", "finished_at", "erased_at"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_type: Mapped[str | None] = mapped_column(String(32))
    document_version: Mapped[int] = mapped_column(Integer)
    correlation_id: Mapped[str] = mapped_column(String(64))
    parent_id: Mapped[str | None] = mapped_column(String(64))
    record_uri: Mapped[str | None] = mapped_column(String(255))
    basis: Mapped[str] = mapped_column(String(16))
    erased_by: Mapped[str] = mapped_column(String(128))
    reason: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sha256: Mapped[str | None] = mapped_column(String(64))
    review_ids: Mapped[list[str]] = mapped_column(JSON)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LinkRecord(Base):
    """A record that a document was said to belong to."""

    __tablename__ = "links"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    record_uri: Mapped[str] = mapped_column(String(255), primary_key=True)
    linked_by: Mapped[str] = mapped_column(String(128))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TraceRecord(Base):
    """An event seen on the bus, kept for the trace of its correlation ID."""

    __tablename__ = "trace"
    __table_args__ = (Index("trace_by_correlation", "tenant", "correlation_id", "at"),)

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    correlation_id: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(128))
    source: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class ModelBudgetRecord(Base):
    """A tenant's day of asking language models: whoever reserves money holds its row."""

    __tablename__ = "model_budgets"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)


class ModelCallRecord(Base):
    """A question to a language model; `cost_micro` is what was set aside until it is settled."""

    __tablename__ = "model_calls"
    __table_args__ = (
        Index("model_calls_by_day", "tenant", "day"),
        Index("model_calls_by_document", "tenant", "document_id"),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    document_id: Mapped[str] = mapped_column(String(64))
    correlation_id: Mapped[str] = mapped_column(String(64))
    task: Mapped[str] = mapped_column(String(16))
    model: Mapped[str] = mapped_column(String(64))
    day: Mapped[date] = mapped_column(Date)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(Text)
    cost_micro: Mapped[int] = mapped_column(BigInteger)
    input_tokens: Mapped[int] = mapped_column(Integer)
    output_tokens: Mapped[int] = mapped_column(Integer)
    latency_ms: Mapped[int] = mapped_column(Integer)
