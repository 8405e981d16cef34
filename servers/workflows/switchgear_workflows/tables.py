"""The tables of the workflows server: one row a process, one row a step."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from switchgear_shared.storage.columns import UtcDateTime


class Base(DeclarativeBase):
    """The metadata of this server."""


class ProcessRecord(Base):
    """One process and all it needs to go on after a kill.

    `begun` is the step whose effect may be there though its end is not written down. `ends_as` is
    the state that a process which is being undone will end in. `attempts` counts for each step how
    often it was begun anew. `open_key` is what only one open process may be about.
    """

    __tablename__ = "processes"
    __table_args__ = (
        Index("processes_by_document", "tenant", "document_id"),
        Index("processes_by_wait", "tenant", "waits_for"),
        Index("processes_by_time", "tenant", "started_at", "id"),
        Index("processes_by_correlation", "tenant", "correlation_id"),
        Index("processes_by_open_key", "tenant", "open_key", unique=True),
    )

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    process: Mapped[str] = mapped_column(String(64))
    process_version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(32))
    step: Mapped[str | None] = mapped_column(String(64))
    begun: Mapped[str | None] = mapped_column(String(64))
    ends_as: Mapped[str | None] = mapped_column(String(32))
    document_id: Mapped[str | None] = mapped_column(String(64))
    waits_for: Mapped[str | None] = mapped_column(String(64))
    open_key: Mapped[str | None] = mapped_column(String(160))
    input: Mapped[dict[str, Any]] = mapped_column(JSON)
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    attempts: Mapped[dict[str, int]] = mapped_column(JSON)
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str | None] = mapped_column(Text)
    requested_by: Mapped[str] = mapped_column(String(128))
    correlation_id: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer)


class StepRecord(Base):
    """One step taken or undone, in order."""

    __tablename__ = "process_steps"

    tenant: Mapped[str] = mapped_column(String(64), primary_key=True)
    process_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
