"""The pipeline's handlers: classify, extract, route, and what comes back from processes."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.asking.second_opinion import Opinion, SecondOpinion
from switchgear_documents.asking.spending import Subject
from switchgear_documents.attachments import is_part, with_brought
from switchgear_documents.intake import SOURCE
from switchgear_documents.reading.own_document import BUNDLE
from switchgear_documents.reading.reading import Reading
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.review_rules import ReviewRules
from switchgear_documents.reviews import ask, cancel, escalate
from switchgear_documents.routing import announce_route, process_of
from switchgear_documents.rows import as_told, living_document, storable
from switchgear_documents.steps import extract, model_asked, move, route
from switchgear_documents.tables import DocumentRecord, ReviewRecord
from switchgear_documents.trace_keeping import TraceKeeping
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.values import TenantId, utc_now
from switchgear_shared.errors import UnreadableDocumentError
from switchgear_shared.governance.lru import Lru
from switchgear_shared.messaging.consumer import Consumer
from switchgear_shared.messaging.inbox import note, once, unhandled
from switchgear_shared.messaging.outbox import emit, emitting_together
from switchgear_shared.observability.logs import logger
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.files import Files

log = logger(__name__)


_EXTRACT, _ROUTE = "documents-extract", "documents-route"
_REMEMBERED = 2000

_Turn = tuple[AsyncSession, DocumentRecord]


class _HeldUpError(Exception):
    """What follows the reading could not be done with it."""


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
        self._gone_ahead = Lru[str, bool](_REMEMBERED)

    def consumers(self) -> tuple[Consumer, ...]:
        """Return the durable consumers of this server."""
        return (
            Consumer("documents-classify", "documents.document.received", self.classify, slots=2),
            self._unless_done(_EXTRACT, "documents.document.classified", self.extract),
            self._unless_done(_ROUTE, "documents.document.extracted", self.route),
            Consumer("documents-review", "workflows.review.requested", self.review),
            Consumer("documents-escalate", "documents.review.due", self.escalate),
            Consumer("documents-file", "workflows.process.completed", self.file),
            Consumer("documents-reject", "workflows.process.failed", self.reject),
            *TraceKeeping(self._database).consumers(),
        )

    def _unless_done(
        self, name: str, event_type: str, handle: Callable[[Event], Awaitable[None]]
    ) -> Consumer:
        """Return a consumer of events whose effects mostly came with them."""
        return Consumer(name, event_type, handle, slots=1, together=partial(self._not_done, name))

    async def _not_done(self, consumer: str, events: Sequence[Event]) -> Sequence[Event]:
        """Return the events whose effects did not come with them, as far as we remember or read."""
        events = [event for event in events if not self._gone_ahead.get(event.id)]
        return await unhandled(self._database, consumer, events) if events else ()

    async def classify(self, event: Event) -> None:
        """Read the document in the sandbox and keep what was read and what it is.

        What follows needs the row alone and is done in the same transaction. Where that fails the
        reading is kept without it, and the consumers of its events try on.
        """
        async with self._database.reading() as session:
            record = await living_document(session, event.tenant, event.data["document_id"])
            if record is None:
                return
            of_bundle = await is_part(session, record)
        try:
            reading = await self._reader.read(self._files.path(record.sha256), record.name)
        except UnreadableDocumentError as error:
            await self._cannot_read(event, error)
            return
        opinion = await self._heard(record, as_told(reading, record, is_part=of_bundle))
        try:
            ahead = await self._keep(event, opinion, goes_on=True)
        except _HeldUpError as held_up:
            # by its name alone: what a database says of a failure quotes the document
            log.warning("document is held up", error=type(held_up.__cause__).__name__)
            ahead = await self._keep(event, opinion, goes_on=False)
        for done in ahead:
            self._gone_ahead.put(done.id, value=True)

    async def extract(self, event: Event) -> None:
        """Show the fields read and say which checks failed."""
        async with self._turn(_EXTRACT, event) as turn:
            if turn is not None:
                await extract(*turn, event)

    async def route(self, event: Event) -> None:
        """Send the document on, or to a person where there is doubt."""
        async with self._turn(_ROUTE, event) as turn:
            if turn is not None:
                await route(*turn, event, self._rules)

    async def review(self, event: Event) -> None:
        """Ask a person on behalf of a process."""
        async with self._turn("documents-review", event) as turn:
            if turn is None:
                return
            session, record = turn
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
        async with self._turn("documents-escalate", event) as turn:
            if turn is None:
                return
            session, _ = turn
            review = await session.get(ReviewRecord, (event.tenant, event.data["review_id"]))
            if review is not None:
                await escalate(session, review, event, self._rules)

    async def file(self, event: Event) -> None:
        """File the document with the record that its process made."""
        async with self._turn("documents-file", event) as turn:
            if turn is None:
                return
            session, record = turn
            record.record_uri = event.data["result"].get("record_uri")
            move(record, "filed")
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
        async with self._turn("documents-reject", event) as turn:
            if turn is None:
                return
            session, record = turn
            if record.document_type == BUNDLE:
                return
            await cancel(session, record, event.data["reason"], event)
            if record.state != "rejected" and process_of(record) != event.data["process"]:
                move(record, "routed")
                await announce_route(session, record, event)
                return
            move(record, "rejected")

    async def _heard(self, record: DocumentRecord, reading: Reading) -> Opinion:
        """Hear the models outside of any transaction: they take their time."""
        if self._second_opinion is None:
            return Opinion(reading)
        subject = Subject(TenantId(record.tenant), record.id, record.correlation_id)
        today = utc_now().date()
        return await self._second_opinion.hear(subject, reading, reading.text, today)

    @asynccontextmanager
    async def _turn(self, consumer: str, event: Event) -> AsyncGenerator[_Turn | None]:
        """Give the session of the event's effects and its document, locked.

        Gives None where they happened before, or where the document was erased or there is none.
        """
        async with once(self._database, consumer, event.id, tenant=event.tenant) as session:
            document_id = event.data.get("document_id")
            record = None
            if session is not None and document_id:
                record = await living_document(session, event.tenant, document_id, lock=True)
            yield None if session is None or record is None else (session, record)

    async def _keep(self, event: Event, opinion: Opinion, *, goes_on: bool) -> tuple[Event, ...]:
        """Keep what was read; returns the events that are handled with it, once it committed."""
        reading = opinion.reading
        async with self._turn("documents-classify", event) as turn:
            if turn is None:
                return ()
            session, record = turn
            record.document_type = reading.document_type
            reading = await with_brought(session, record, reading, event, self._files)
            record.reading = reading.model_dump(mode="json", exclude={"text"})
            record.text = storable(reading.text)
            record.media_type = reading.media_type
            record.pages = reading.pages
            record.confidence = reading.confidence
            record.classifier = reading.classifier
            move(record, "classified")
            async with emitting_together(session):
                for decision in opinion.decisions:
                    await emit(session, model_asked(record, decision, event))
                classified = new_event(
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
                )
                await emit(session, classified)
                if not goes_on:
                    return ()
                extracted = await self._go_on(session, record, classified)
        return classified, extracted

    async def _go_on(
        self, session: AsyncSession, record: DocumentRecord, classified: Event
    ) -> Event:
        """Do what the consumers of the next events would, and note it as done by them."""
        try:
            with session.no_autoflush:  # the row is written once, with all that is new in it
                extracted = await extract(session, record, classified)
                await route(session, record, extracted, self._rules)
                await note(session, [(_EXTRACT, classified), (_ROUTE, extracted)])
            await session.flush()
        except Exception as error:
            raise _HeldUpError from error
        return extracted

    async def _cannot_read(self, event: Event, error: UnreadableDocumentError) -> None:
        log.warning("document cannot be read", error=error.message)
        async with self._turn("documents-classify", event) as turn:
            if turn is None:
                return
            session, record = turn
            reason = f"the document cannot be read: {error.message}"
            await ask(session, record, (reason,), asked_by=SOURCE, cause=event, rules=self._rules)
