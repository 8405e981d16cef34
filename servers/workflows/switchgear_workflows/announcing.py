"""What is told of a process, in the transaction that makes it so."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.values import CorrelationId
from switchgear_shared.messaging.outbox import emit
from switchgear_workflows.tables import ProcessRecord

SOURCE = "workflows"

Cause = Event | Caller
"""What moves a process: an event that was delivered, or a call."""


def event_of(record: ProcessRecord, type_: str, cause: Cause, **data: Any) -> Event:
    """Return an event about the process, under the process's own correlation."""
    said = {"process_id": record.id, **data}
    if isinstance(cause, Event):
        return new_event(type_, source=SOURCE, subject=record.id, cause=cause, data=said)
    caller = cause.model_copy(update={"correlation_id": CorrelationId(record.correlation_id)})
    return new_event(type_, source=SOURCE, subject=record.id, caller=caller, data=said)


async def announce(
    session: AsyncSession, record: ProcessRecord, type_: str, cause: Cause, **data: Any
) -> None:
    """Have the event published with the caller's transaction."""
    await emit(session, event_of(record, type_, cause, **data))


async def announce_kind(
    session: AsyncSession, record: ProcessRecord, type_: str, cause: Cause, **data: Any
) -> None:
    """As `announce`, for an event that says what kind of process it is and of which document."""
    named = {"process": record.process, "document_id": record.document_id}
    await announce(session, record, type_, cause, **named, **data)
