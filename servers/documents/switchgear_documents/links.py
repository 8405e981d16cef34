"""Records that a person says a document belongs to, beside the one that its process made of it."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.intake import SOURCE
from switchgear_documents.rows import find_document
from switchgear_documents.tables import DocumentRecord, LinkRecord
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import new_event
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.storage.database import Database

MOST_LINKS = 50
"""How many records one document is linked to at most."""


class Links:
    """Links documents to records; whether the record exists is its own server's to say."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def link(self, caller: Caller, document_id: str, record_uri: str) -> WriteResult:
        """See DocumentsBackend."""
        async with self._database.writing() as session:
            record = await find_document(session, caller.tenant, document_id, lock=True)
            linked = await links_of(session, record)
            is_new = record_uri not in (*linked, record.record_uri)
            if is_new:
                if len(linked) >= MOST_LINKS:
                    raise InvalidRequestError(
                        f"document {document_id} has {MOST_LINKS} links already", field="record_uri"
                    )
                await _add(session, record, record_uri, caller)
            return WriteResult(
                id=record.id,
                ref=record.name,
                state=record.state,
                version=str(record.version),
                changed=is_new,
            )


async def links_of(session: AsyncSession, record: DocumentRecord) -> tuple[str, ...]:
    """Return the records that the document is linked to, in the order in which they were named."""
    found = await session.scalars(
        select(LinkRecord.record_uri)
        .where(LinkRecord.tenant == record.tenant, LinkRecord.document_id == record.id)
        .order_by(LinkRecord.linked_at, LinkRecord.record_uri)
    )
    return tuple(found)


async def _add(
    session: AsyncSession, record: DocumentRecord, record_uri: str, caller: Caller
) -> None:
    now = utc_now()
    session.add(
        LinkRecord(
            tenant=record.tenant,
            document_id=record.id,
            record_uri=record_uri,
            linked_by=caller.requested_by,
            linked_at=now,
        )
    )
    record.updated_at = now
    record.version += 1
    data = {
        "document_id": record.id,
        "record_uri": record_uri,
        "linked_by": caller.requested_by,
    }
    await emit(
        session,
        new_event(
            "documents.document.linked",
            source=SOURCE,
            subject=record.id,
            caller=caller.model_copy(update={"correlation_id": record.correlation_id}),
            data=data,
        ),
    )
