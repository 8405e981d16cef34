"""Take a document in once: its bytes in the store, its row and its event in one transaction."""

import hashlib
import mimetypes
import unicodedata

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.models import Submission
from switchgear_documents.reading.reading import DocumentType
from switchgear_documents.rows import hold
from switchgear_documents.tables import DocumentRecord
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.values import new_id, utc_now
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.files import Files, StoredFile

SOURCE = "documents"

_KNOWN = select(DocumentRecord).where(
    DocumentRecord.tenant == bindparam("of_tenant"), DocumentRecord.sha256 == bindparam("of_sha256")
)


class Intake:
    """The first step of every document, whichever door it came by."""

    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files

    async def submit(
        self,
        caller: Caller,
        *,
        name: str,
        content: bytes | None,
        uploaded_sha256: str | None,
        sha256: str | None,
        document_type: DocumentType | None,
    ) -> Submission:
        """See DocumentsBackend."""
        actual = uploaded_sha256 if content is None else hashlib.sha256(content).hexdigest()
        if actual is None:
            raise InvalidRequestError("give content or resource_uri", field="content")
        if content is not None and uploaded_sha256 not in (None, actual):
            raise InvalidRequestError("give content or resource_uri, not both", field="content")
        if sha256 is not None and sha256.lower() != actual:
            raise InvalidRequestError(
                f"the content's SHA-256 is {actual}, not {sha256}", field="sha256"
            )
        async with self._database.writing() as session:
            await lock_bytes(session, actual)  # first: who lost a race sees the winner's row
            known = (
                await session.scalars(_KNOWN, {"of_tenant": caller.tenant, "of_sha256": actual})
            ).one_or_none()
            if known is not None:
                return _receipt(known, is_duplicate=True)
            stored = self._files.keep(actual) if content is None else await self._files.put(content)
            record = new_record(
                stored,
                tenant=caller.tenant,
                name=name,
                document_type=document_type,
                correlation_id=caller.correlation_id,
                submitted_by=caller.requested_by,
            )
            await add_record(session, record, caller=caller)
            return _receipt(record, is_duplicate=False)


async def lock_bytes(session: AsyncSession, sha256: str) -> None:
    """Keep others from removing or taking in these bytes until the transaction ends."""
    await hold(session, sha256)


def new_record(
    stored: StoredFile,
    *,
    tenant: str,
    name: str,
    document_type: str | None,
    correlation_id: str,
    submitted_by: str,
) -> DocumentRecord:
    """Return the row of a document that was just stored."""
    now = utc_now()
    name = _clean(name)
    return DocumentRecord(
        tenant=tenant,
        id=new_id("doc"),
        sha256=stored.sha256,
        name=name,
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        size_bytes=stored.size_bytes,
        state="received",
        given_type=document_type,
        corrections={},
        correlation_id=correlation_id,
        submitted_by=submitted_by,
        received_at=now,
        updated_at=now,
        version=1,
    )


async def add_record(
    session: AsyncSession,
    record: DocumentRecord,
    *,
    caller: Caller | None = None,
    cause: Event | None = None,
) -> None:
    """Insert the row and announce it; IntegrityError if its bytes are a document already."""
    session.add(record)
    await session.flush()
    await emit(
        session,
        new_event(
            "documents.document.received",
            source=SOURCE,
            subject=record.id,
            caller=caller,
            cause=cause,
            data={
                "document_id": record.id,
                "name": record.name,
                "media_type": record.media_type,
                "sha256": record.sha256,
                "size_bytes": record.size_bytes,
                "submitted_by": record.submitted_by,
            },
        ),
    )


def _receipt(record: DocumentRecord, *, is_duplicate: bool) -> Submission:
    return Submission(
        id=record.id,
        ref=record.number,
        state=record.state,
        version=str(record.version),
        changed=not is_duplicate,
        correlation_id=record.correlation_id,
        sha256=record.sha256,
        is_duplicate=is_duplicate,
    )


def _clean(name: str) -> str:
    """Return the name as metadata: its last part, without control and direction characters."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(c for c in last if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    return kept.strip()[:200] or "document"
