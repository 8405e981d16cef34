"""Part a file as a person said: its parts become documents, and it is filed as their bundle."""

from switchgear_documents.attachments import ALL_TAKEN, with_brought
from switchgear_documents.duplicates import mark
from switchgear_documents.intake import SOURCE
from switchgear_documents.reading.parts import bundled, named
from switchgear_documents.reading.reading import Reading
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.review_rules import ReviewRules
from switchgear_documents.reviews import ask
from switchgear_documents.routing import announce_route, show
from switchgear_documents.rows import find_document, tombstone_of
from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import UnreadableDocumentError
from switchgear_shared.messaging.consumer import Consumer
from switchgear_shared.messaging.inbox import once
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.files import Files

CLASSIFIER = "parts/review"
_CONSUMER = "documents-part"


class Bundling:
    """The handler of reviews that were decided by parting the file."""

    def __init__(
        self, database: Database, files: Files, reader: Reader, rules: ReviewRules | None = None
    ) -> None:
        self._database = database
        self._files = files
        self._reader = reader
        self._rules = rules or ReviewRules()

    def consumers(self) -> tuple[Consumer, ...]:
        """Return the durable consumer."""
        return (Consumer(_CONSUMER, "documents.review.decided", self.part),)

    async def part(self, event: Event) -> None:
        """Make a document of each part and file the bundle; other decisions change nothing.

        What cannot be cut goes back to a person.
        """
        if event.data["decision"] != "part":
            return
        document_id = event.data["document_id"]
        async with self._database.reading() as session:
            if await tombstone_of(session, event.tenant, document_id):
                return
            record = await find_document(session, event.tenant, document_id)
        reading = Reading.model_validate(record.reading)
        ranges = [(part.first, part.last) for part in reading.parts]
        failure, contents = None, list[bytes]()
        try:
            contents = await self._reader.cut(self._files.path(record.sha256), ranges)
        except UnreadableDocumentError as error:
            failure = f"the file cannot be parted: {error.message}"
        async with once(self._database, _CONSUMER, event.id, tenant=event.tenant) as session:
            if session is None or await tombstone_of(session, event.tenant, document_id):
                return
            record = await find_document(session, event.tenant, document_id, lock=True)
            if failure is None:
                bundle = bundled(reading, reading.parts, contents, CLASSIFIER)
                bundle = named(bundle, record.name)
                bundle = await with_brought(session, record, bundle, event, self._files)
                record.reading = bundle.model_dump(mode="json", exclude={"text"})
                record.corrections = {}
                record.confidence, record.classifier = bundle.confidence, bundle.classifier
                show(record)
                mark(record)
                missing = [check for check in bundle.failed_checks() if check.name == ALL_TAKEN]
                failure = missing[0].detail if missing else None
            record.updated_at = utc_now()
            record.version += 1
            if failure is None:
                await announce_route(session, record, event)
                return
            await ask(session, record, (failure,), asked_by=SOURCE, cause=event, rules=self._rules)
