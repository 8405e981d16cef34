"""The pipeline's handlers: classify, extract, route, and what comes back from processes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents import duplicates
from switchgear_documents.asking.second_opinion import Opinion, SecondOpinion
from switchgear_documents.asking.spending import Subject
from switchgear_documents.attachments import is_part, with_brought
from switchgear_documents.erasing import ERASED, told
from switchgear_documents.intake import SOURCE
from switchgear_documents.reading.own_document import BUNDLE
from switchgear_documents.reading.reading import Reading
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.review_rules import ReviewRules
from switchgear_documents.reviews import ask, cancel, escalate
from switchgear_documents.routing import announce_route, doubts, process_of, show
from switchgear_documents.rows import as_told, find_document, reading_of, storable, tombstone_of
from switchgear_documents.tables import DocumentRecord, ReviewRecord, TraceRecord
from switchgear_shared.contracts.event_data import DocumentModelAsked
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.values import TenantId, utc_now
from switchgear_shared.errors import UnreadableDocumentError
from switchgear_shared.messaging.consumer import Consumer
from switchgear_shared.messaging.inbox import once
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.observability.logs import logger
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.files import Files

log = logger(__name__)


class Stages:
    """Handlers whose effect happens once an event, however often it is delivered."""

    def __init__(
        self,
        database: Database,
        files: Files,
        reader: Reader,
        rules: ReviewRules | None = None,
        second_opinion: SecondOpinion | None = None,
    ) -> None:
        """Without a `second_opinion` what is in doubt goes to a person as it was read."""
        self._database = database
        self._files = files
        self._reader = reader
        self._rules = rules or ReviewRules()
        self._second_opinion = second_opinion

    def consumers(self) -> tuple[Consumer, ...]:
        """Return the durable consumers of this server."""
        return (
            Consumer("documents-classify", "documents.document.received", self.classify, slots=2),
            Consumer("documents-extract", "documents.document.classified", self.extract),
            Consumer("documents-route", "documents.document.extracted", self.route),
            Consumer("documents-review", "workflows.review.requested", self.review),
            Consumer("documents-escalate", "documents.review.due", self.escalate),
            Consumer("documents-file", "workflows.process.completed", self.file),
            Consumer("documents-reject", "workflows.process.failed", self.reject),
            Consumer("documents-trace", ">", self.trace),
        )

    async def classify(self, event: Event) -> None:
        """Read the document in the sandbox and keep what was read and what it is."""
        async with self._database.reading() as session:
            if await tombstone_of(session, event.tenant, event.data["document_id"]):
                return
            record = await find_document(session, event.tenant, event.data["document_id"])
            of_bundle = await is_part(session, record)
        try:
            reading = await self._reader.read(self._files.path(record.sha256), record.name)
        except UnreadableDocumentError as error:
            await self._cannot_read(event, error)
            return
        opinion = await self._heard(record, as_told(reading, record, is_part=of_bundle))
        reading = opinion.reading
        async with self._once("documents-classify", event) as session:
            if session is None:
                return
            record = await self._locked(session, event)
            record.document_type = reading.document_type
            reading = await with_brought(session, record, reading, event, self._files)
            record.reading = reading.model_dump(mode="json", exclude={"text"})
            record.text = storable(reading.text)
            record.media_type = reading.media_type
            record.pages = reading.pages
            record.confidence = reading.confidence
            record.classifier = reading.classifier
            _move(record, "classified")
            for decision in opinion.decisions:
                await emit(session, _asked(record, decision, event))
            await emit(
                session,
                new_event(
                    "documents.document.classified",
                    source=SOURCE,
                    subject=record.id,
                    cause=event,
                    data={
                        "document_id": record.id,
                        "document_type": reading.document_type,
                        "confidence": reading.confidence,
                        "classifier": reading.classifier,
                    },
                ),
            )

    async def extract(self, event: Event) -> None:
        """Show the fields read and say which checks failed."""
        async with self._once("documents-extract", event) as session:
            if session is None:
                return
            record = await self._locked(session, event)
            reading = reading_of(record)
            failed = reading.failed_checks() if reading else ()
            show(record)
            duplicates.mark(record)
            _move(record, "extracted")
            await emit(
                session,
                new_event(
                    "documents.document.extracted",
                    source=SOURCE,
                    subject=record.id,
                    cause=event,
                    data={
                        "document_id": record.id,
                        "document_type": record.document_type or "other",
                        "confidence": record.confidence or 0.0,
                        "checks_failed": tuple(check.name for check in failed),
                    },
                ),
            )

    async def route(self, event: Event) -> None:
        """Send the document on, or to a person where there is doubt."""
        async with self._once("documents-route", event) as session:
            if session is None:
                return
            record = await self._locked(session, event)
            reading = reading_of(record)
            reasons = doubts(record, reading) if reading else ("nothing was read",)
            if process_of(record) is not None:
                reasons += await duplicates.doubts_of_another(session, record)
            if reasons:
                await ask(session, record, reasons, asked_by=SOURCE, cause=event, rules=self._rules)
                return
            _move(record, "routed")
            await announce_route(session, record, event)

    async def review(self, event: Event) -> None:
        """Ask a person on behalf of a process."""
        async with self._once("documents-review", event) as session:
            if session is None:
                return
            record = await self._locked(session, event)
            if record.state == "rejected":  # the process is over: its end came before its question
                return
            await ask(
                session,
                record,
                tuple(event.data["reasons"]),
                asked_by="workflows",
                cause=event,
                rules=self._rules,
            )

    async def escalate(self, event: Event) -> None:
        """Raise a review that is still open when it is due."""
        async with self._once("documents-escalate", event) as session:
            if session is None:
                return
            await self._locked(session, event)
            review = await session.get(ReviewRecord, (event.tenant, event.data["review_id"]))
            if review is not None:
                await escalate(session, review, event, self._rules)

    async def file(self, event: Event) -> None:
        """File the document with the record that its process made."""
        async with self._once("documents-file", event) as session:
            if session is None or not event.data.get("document_id"):
                return
            record = await self._locked(session, event)
            record.record_uri = event.data["result"].get("record_uri")
            _move(record, "filed")
            await emit(
                session,
                new_event(
                    "documents.document.filed",
                    source=SOURCE,
                    subject=record.id,
                    cause=event,
                    data={"document_id": record.id},
                ),
            )

    async def reject(self, event: Event) -> None:
        """Close the document whose process ended without a record.

        One that a reviewer gave another type meanwhile goes where that goes; a bundle files itself.
        """
        async with self._once("documents-reject", event) as session:
            if session is None or not event.data.get("document_id"):
                return
            record = await self._locked(session, event)
            if record.document_type == BUNDLE:
                return
            await cancel(session, record, event.data["reason"], event)
            if record.state != "rejected" and process_of(record) != event.data["process"]:
                _move(record, "routed")
                await announce_route(session, record, event)
                return
            _move(record, "rejected")

    async def trace(self, event: Event) -> None:
        """Keep every event that passes, for the trace of its correlation ID."""
        async with once(
            self._database, "documents-trace", event.id, tenant=event.tenant
        ) as session:
            if session is None:
                return
            data = event.data
            document_id = data.get("document_id", event.subject)
            if event.type != ERASED and await tombstone_of(session, event.tenant, document_id):
                data = told(data)
            session.add(
                TraceRecord(
                    tenant=event.tenant,
                    event_id=event.id,
                    correlation_id=event.correlation_id,
                    type=event.type,
                    source=event.source,
                    subject=event.subject,
                    at=event.time,
                    data=data,
                )
            )

    async def _heard(self, record: DocumentRecord, reading: Reading) -> Opinion:
        """Hear the models outside of any transaction: they take their time."""
        if self._second_opinion is None:
            return Opinion(reading)
        subject = Subject(TenantId(record.tenant), record.id, record.correlation_id)
        today = utc_now().date()
        return await self._second_opinion.hear(subject, reading, reading.text, today)

    @staticmethod
    async def _locked(session: AsyncSession, event: Event) -> DocumentRecord:
        return await find_document(session, event.tenant, event.data["document_id"], lock=True)

    @asynccontextmanager
    async def _once(self, consumer: str, event: Event) -> AsyncGenerator[AsyncSession | None]:
        """Give the session of the event's effects, None also where its document was erased."""
        async with once(self._database, consumer, event.id, tenant=event.tenant) as session:
            document_id = event.data.get("document_id")
            is_gone = False
            if session is not None and document_id is not None:
                is_gone = await tombstone_of(session, event.tenant, document_id) is not None
            yield None if is_gone else session

    async def _cannot_read(self, event: Event, error: UnreadableDocumentError) -> None:
        log.warning("document cannot be read", error=error.message)
        async with self._once("documents-classify", event) as session:
            if session is None:
                return
            record = await self._locked(session, event)
            reason = f"the document cannot be read: {error.message}"
            await ask(session, record, (reason,), asked_by=SOURCE, cause=event, rules=self._rules)


def _asked(record: DocumentRecord, decision: DocumentModelAsked, cause: Event) -> Event:
    return new_event(
        "documents.model.asked",
        source=SOURCE,
        subject=record.id,
        cause=cause,
        data=decision.model_dump(mode="json"),
    )


def _move(record: DocumentRecord, state: str) -> None:
    record.state = state
    record.updated_at = utc_now()
    record.version += 1
