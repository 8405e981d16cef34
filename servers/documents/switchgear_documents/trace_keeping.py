"""Keep every event that passes, for the trace of its correlation ID."""

from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select

from switchgear_documents.erasing import ERASED, told
from switchgear_documents.tables import ErasureRecord, TraceRecord
from switchgear_shared.contracts.events import Event
from switchgear_shared.messaging.consumer import Consumer
from switchgear_shared.messaging.inbox import note, unhandled
from switchgear_shared.storage.database import Database

_CONSUMER = "documents-trace"
_KEEP = insert(TraceRecord.__table__)  # type: ignore[arg-type]
_ERASED = select(ErasureRecord.tenant, ErasureRecord.document_id).where(
    ErasureRecord.tenant.in_(bindparam("tenants", expanding=True)),
    ErasureRecord.document_id.in_(bindparam("ids", expanding=True)),
)


class TraceKeeping:
    """The handler of every event there is."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def consumers(self) -> tuple[Consumer, ...]:
        """Return the durable consumer."""
        return (Consumer(_CONSUMER, ">", self.keep, slots=1, together=self.keep_all),)

    async def keep(self, event: Event) -> None:
        """Keep the event; of one about an erased document ids, states and people only."""
        await self.keep_all([event])

    async def keep_all(self, events: Sequence[Event]) -> Sequence[Event]:
        """Keep the events in one transaction, those that are kept already once; leaves none."""
        async with self._database.writing() as session:
            new = list({(event.tenant, event.id): event for event in events}.values())
            new = await unhandled(self._database, _CONSUMER, new)
            if not new:
                return ()
            found = await session.execute(
                _ERASED,
                {
                    "tenants": list({event.tenant for event in new}),
                    "ids": list({_document_of(event) for event in new}),
                },
            )
            gone = {(row.tenant, row.document_id) for row in found}
            await note(session, [(_CONSUMER, event) for event in new])
            await session.execute(
                _KEEP,
                [_row(event, is_gone=(event.tenant, _document_of(event)) in gone) for event in new],
            )
        return ()


def _document_of(event: Event) -> str:
    return event.data.get("document_id") or event.subject


def _row(event: Event, *, is_gone: bool) -> dict[str, object]:
    return {
        "tenant": event.tenant,
        "event_id": event.id,
        "correlation_id": event.correlation_id,
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "at": event.time,
        "data": told(event.data) if is_gone and event.type != ERASED else event.data,
    }
