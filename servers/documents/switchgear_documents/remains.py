"""What is left of an erased document outside of its rows: bytes, pages, audit, the broker."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.erasing import ERASED
from switchgear_documents.intake import lock_bytes
from switchgear_documents.learning.example_folder import ExampleFolder
from switchgear_documents.page_images import PageImages
from switchgear_documents.tables import DocumentRecord, ErasureRecord
from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import CorrelationId, TenantId, utc_now
from switchgear_shared.governance.erasure import GovernanceErasure, Subject
from switchgear_shared.messaging.consumer import Consumer
from switchgear_shared.messaging.erasure import EventErasure
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.files import Files

_TELLING_TOOLS = (
    "documents_submit",
    "documents_decide_review",
    "documents_claim_review",
    "registry_call_tool",
)
"""Tools whose arguments or answers say more of a document than ids, under any correlation ID."""
_SERVICES = ("documents", "workflows")
"""Whose events and calls under the document's correlation ID are about the document."""
_KEPT = (ERASED, "documents.hold.placed", "documents.hold.released")


class Remains:
    """Ends erasures whose rows are gone; each step may be repeated, and a kill leaves them due."""

    def __init__(
        self,
        database: Database,
        files: Files,
        images: PageImages,
        governance: GovernanceErasure,
        events: EventErasure,
        examples: ExampleFolder | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._files = files
        self._images = images
        self._governance = governance
        self._events = events
        self._examples = examples
        self._now = now

    def consumers(self) -> tuple[Consumer, ...]:
        """Return the durable consumer that ends an erasure as soon as it is known."""
        return (Consumer("documents-erase", ERASED, self.follow),)

    async def follow(self, event: Event) -> None:
        """End the erasure that the event tells of."""
        await self.finish(event.tenant, event.data["document_id"])

    async def finish(self, tenant: str, document_id: str) -> bool:
        """Remove all that is left; returns False where nothing was, or an open approval is left.

        Such an erasure stays pending until the approval is decided or expires.
        """
        async with self._database.reading() as session:
            tombstone = await session.get(ErasureRecord, (tenant, document_id))
            if tombstone is None or tombstone.finished_at is not None:
                return False
            subject = await _subject(session, tombstone)
        if tombstone.sha256 is not None:
            await self._remove_bytes(tombstone.sha256)
        if self._examples is not None:
            await asyncio.to_thread(self._examples.remove, document_id)
        has_open = await self._governance.has_open(subject)  # first: one decided meanwhile is left
        await self._governance.erase(subject, by=tombstone.erased_by)
        await self._events.erase(
            TenantId(tenant),
            CorrelationId(tombstone.correlation_id),
            ids=(document_id,),
            sources=_SERVICES,
            since=tombstone.received_at,
            kept=_KEPT,
        )
        await self._database.truncate_log()
        if has_open or await self._governance.has_open(subject):  # one asked meanwhile is left too
            return False
        await self._mark(tombstone)
        return True

    async def has_open(self, tenant: str, document_id: str) -> bool:
        """Say whether the erasure waits for an approval that is neither decided nor expired."""
        async with self._database.reading() as session:
            tombstone = await session.get(ErasureRecord, (tenant, document_id))
            if tombstone is None or tombstone.finished_at is not None:
                return False
            subject = await _subject(session, tombstone)
        return await self._governance.has_open(subject)

    async def pending(self) -> list[tuple[str, str]]:
        """Return tenant and document of erasures that are not at their end, oldest first."""
        erasure = ErasureRecord
        query = (
            select(erasure.tenant, erasure.document_id)
            .where(erasure.finished_at.is_(None))
            .order_by(erasure.erased_at, erasure.document_id)
        )
        async with self._database.reading() as session:
            return [(row.tenant, row.document_id) for row in await session.execute(query)]

    async def _remove_bytes(self, sha256: str) -> None:
        """Remove the file and its pages unless a living document, of any tenant, has the bytes."""
        async with self._database.writing() as session:
            await lock_bytes(session, sha256)
            living = await session.scalar(
                select(func.count())
                .select_from(DocumentRecord)
                .where(DocumentRecord.sha256 == sha256)
            )
            if not living:
                self._files.remove(sha256)  # first: who draws a page meanwhile sees it gone
                self._images.forget(sha256)

    async def _mark(self, tombstone: ErasureRecord) -> None:
        erasure = ErasureRecord
        async with self._database.writing() as session:
            await session.execute(
                update(erasure)
                .where(
                    erasure.tenant == tombstone.tenant,
                    erasure.document_id == tombstone.document_id,
                )
                .values(sha256=None, review_ids=[], finished_at=self._now())
            )


async def _subject(session: AsyncSession, tombstone: ErasureRecord) -> Subject:
    is_alone = not await _has_company(session, tombstone)
    digests = () if tombstone.sha256 is None else (tombstone.sha256,)
    return Subject(
        tenant=TenantId(tombstone.tenant),
        correlation_id=tombstone.correlation_id,
        services=_SERVICES if is_alone else (),
        ids=(tombstone.document_id, *tombstone.review_ids, *digests),
        tools=_TELLING_TOOLS,
        since=tombstone.received_at,
    )


async def _has_company(session: AsyncSession, tombstone: ErasureRecord) -> bool:
    """Say whether a living document shares the correlation ID."""
    found = await session.execute(
        select(DocumentRecord.id)
        .where(
            DocumentRecord.tenant == tombstone.tenant,
            DocumentRecord.correlation_id == tombstone.correlation_id,
        )
        .limit(1)
    )
    return found.first() is not None
