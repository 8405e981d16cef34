"""The embedded documents backend: rows in SQL, bytes in the file store, failures on the bus."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import and_, or_, select

from switchgear_documents import duplicates
from switchgear_documents.erasures import Erasures
from switchgear_documents.failures import Failures
from switchgear_documents.holds import Holds
from switchgear_documents.intake import Intake
from switchgear_documents.kinds import KINDS
from switchgear_documents.links import Links, links_of
from switchgear_documents.models import (
    Document,
    DocumentPage,
    DocumentStatus,
    DocumentTypes,
    Duplicates,
    Extraction,
    Submission,
    TextPart,
    Trace,
)
from switchgear_documents.page_images import PageImages
from switchgear_documents.reading.reading import DOCUMENT_TYPES, DocumentType
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.retention_rules import RetentionRules
from switchgear_documents.review_claims import MayDecide, ReviewClaims
from switchgear_documents.review_details import ReviewDetails
from switchgear_documents.review_queue import ReviewQueue
from switchgear_documents.review_rules import ReviewRules
from switchgear_documents.reviews import Reviews
from switchgear_documents.rows import (
    fields_of,
    find_document,
    newest_of,
    open_review_of,
    reading_of,
    to_document,
    to_row,
)
from switchgear_documents.tables import DocumentRecord
from switchgear_documents.teaching import Teaching
from switchgear_documents.tracing import Tracing
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.pages import decode_cursor, encode_cursor
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.governance.audit_trail import AuditTrail
from switchgear_shared.messaging.dead_letters import DeadLetters
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.files import Files

_SNIPPET_CHARS = 80


class SqlDocuments(
    Links, ReviewQueue, ReviewDetails, ReviewClaims, Reviews, Failures, Holds, Erasures, Teaching
):
    """DocumentsBackend on this server's own database, file store and dead letter stream."""

    def __init__(
        self,
        database: Database,
        files: Files,
        trail: AuditTrail,
        dead_letters: DeadLetters,
        *,
        images: PageImages,
        rules: ReviewRules,
        may_decide: MayDecide,
        retention: RetentionRules,
        reader: Reader,
        templates: Path | None,
    ) -> None:
        Links.__init__(self, database)
        ReviewQueue.__init__(self, database)
        ReviewDetails.__init__(self, database, images)
        ReviewClaims.__init__(self, database, rules, may_decide)
        Reviews.__init__(self, database)
        Failures.__init__(self, database, dead_letters)
        Holds.__init__(self, database)
        Erasures.__init__(self, database, self, retention)
        Teaching.__init__(self, database, files, templates, reader)
        self._files = files
        self._intake = Intake(database, files)
        self._tracing = Tracing(database, trail)

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
        return await self._intake.submit(
            caller,
            name=name,
            content=content,
            uploaded_sha256=uploaded_sha256,
            sha256=sha256,
            document_type=document_type,
        )

    async def get_status(
        self, tenant: TenantId, *, document_id: str | None, correlation_id: str | None
    ) -> DocumentStatus:
        """See DocumentsBackend."""
        async with self._database.reading() as session:
            if document_id is not None:
                record = await find_document(session, tenant, document_id)
            elif correlation_id is not None:
                found = await session.execute(newest_of(tenant, correlation_id))
                record = found.scalar_one_or_none()
                if record is None:
                    raise NotFoundError(
                        f"no document under {correlation_id}", field="correlation_id"
                    )
            else:
                raise InvalidRequestError("give document_id or correlation_id")
            review = await open_review_of(session, tenant, record.id)
            links = await links_of(session, record)
        return DocumentStatus.model_validate(
            {
                "id": record.id,
                "correlation_id": record.correlation_id,
                "name": record.name,
                "state": record.state,
                "document_type": record.document_type,
                "confidence": record.confidence,
                "process": record.process,
                "open_review_id": review.id if review else None,
                "parent_id": record.parent_id,
                "record_uri": record.record_uri,
                "links": links,
                "version": str(record.version),
                "updated_at": record.updated_at,
            }
        )

    async def trace(self, tenant: TenantId, correlation_id: str) -> Trace:
        """See DocumentsBackend."""
        return await self._tracing.trace(tenant, correlation_id)

    async def search(
        self,
        tenant: TenantId,
        *,
        query: str | None,
        document_type: DocumentType | None,
        state: str | None,
        party: str | None,
        since: datetime | None,
        cursor: str | None,
        limit: int,
    ) -> DocumentPage:
        """See DocumentsBackend."""
        record = DocumentRecord
        where: list[Any] = [record.tenant == tenant]
        if query:
            where.append(
                or_(
                    *(
                        column.icontains(query, autoescape=True)
                        for column in (record.name, record.number, record.party, record.text)
                    )
                )
            )
        if document_type:
            where.append(record.document_type == document_type)
        if state:
            where.append(record.state == state)
        if party:
            where.append(record.party.icontains(party, autoescape=True))
        if since:
            where.append(record.received_at >= since)
        async with self._database.reading() as session:
            if cursor is not None:
                (last_id,) = decode_cursor("documents", cursor, str)
                last = await session.get(record, (tenant, last_id))
                if last is None:
                    raise InvalidRequestError("the cursor is not one of ours", field="cursor")
                where.append(
                    or_(
                        record.received_at < last.received_at,
                        and_(record.received_at == last.received_at, record.id < last.id),
                    )
                )
            found = (
                await session.execute(
                    select(record)
                    .where(*where)
                    .order_by(record.received_at.desc(), record.id.desc())
                    .limit(limit + 1)
                )
            ).scalars()
            rows = list(found)
        has_more = len(rows) > limit
        items = tuple(to_row(row, _snippet(row, query)) for row in rows[:limit])
        return DocumentPage(
            items=items,
            next_cursor=encode_cursor("documents", [items[-1].id]) if has_more else None,
            truncated=has_more,
        )

    async def get_document(self, tenant: TenantId, document_id: str) -> Document:
        """See DocumentsBackend."""
        async with self._database.reading() as session:
            record = await find_document(session, tenant, document_id)
            return await to_document(session, record, await links_of(session, record))

    async def read_text(
        self, tenant: TenantId, document_id: str, *, offset: int, max_chars: int
    ) -> TextPart:
        """See DocumentsBackend."""
        async with self._database.reading() as session:
            record = await find_document(session, tenant, document_id)
        text = record.text or ""
        part = text[offset : offset + max_chars]
        end = offset + len(part)
        return TextPart(
            id=record.id,
            offset=offset,
            text=part,
            next_offset=end if end < len(text) else None,
            total_chars=len(text),
        )

    async def read_file(self, tenant: TenantId, document_id: str) -> tuple[bytes, str]:
        """See DocumentsBackend."""
        async with self._database.reading() as session:
            record = await find_document(session, tenant, document_id)
        content = await asyncio.to_thread(self._files.path(record.sha256).read_bytes)
        return content, record.media_type

    async def find_duplicates(self, tenant: TenantId, document_id: str) -> Duplicates:
        """See DocumentsBackend."""
        async with self._database.reading() as session:
            record = await find_document(session, tenant, document_id)
            return Duplicates(id=record.id, items=await duplicates.find(session, record))

    async def get_extraction(self, tenant: TenantId, document_id: str) -> Extraction:
        """See DocumentsBackend."""
        async with self._database.reading() as session:
            record = await find_document(session, tenant, document_id)
        reading = reading_of(record)
        return Extraction.model_validate(
            {
                "id": record.id,
                "document_type": record.document_type,
                "confidence": record.confidence,
                "fields": fields_of(record),
                "lines": reading.lines if reading else (),
                "entries": reading.entries if reading else (),
                "checks": reading.checks if reading else (),
                "is_corrected": bool(record.corrections),
            }
        )

    async def list_types(self) -> DocumentTypes:
        """See DocumentsBackend."""
        return DocumentTypes(items=tuple(KINDS[name] for name in DOCUMENT_TYPES))


def _snippet(record: DocumentRecord, query: str | None) -> str | None:
    if not query or not record.text:
        return None
    at = record.text.lower().find(query.lower())
    if at < 0:
        return None
    start = max(0, at - _SNIPPET_CHARS // 2)
    return " ".join(record.text[start : start + _SNIPPET_CHARS].split())
