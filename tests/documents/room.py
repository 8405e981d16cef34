"""The documents server's parts on a bare database: the test carries the events."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import switchgear_documents
from engines import Engine
from journeys.office import taken
from ready_databases import migrated
from switchgear_documents.bundling import Bundling
from switchgear_documents.intake import Intake
from switchgear_documents.reading.reading import DocumentType
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.stages import Stages
from switchgear_documents.tables import DocumentRecord
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import CorrelationId, TenantId
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.files import Files

MIGRATIONS = Path(switchgear_documents.__file__).parent / "migrations"
CALLER = Caller(
    tenant=TenantId("acme"),
    principal_id="agent",
    requested_by="agent",
    correlation_id=CorrelationId("cor_1"),
)


@dataclass(frozen=True)
class Room:
    """The stages of one database, and the events between them as far as the test carries them."""

    database: Database
    intake: Intake
    stages: Stages
    files: Files
    reader: Reader

    @property
    def bundling(self) -> Bundling:
        """What parts a file as a person said."""
        return Bundling(self.database, self.files, self.reader)

    async def submit(
        self, content: bytes, name: str, document_type: DocumentType | None = None
    ) -> str:
        """Take a document in; return its id."""
        receipt = await self.intake.submit(
            CALLER,
            name=name,
            content=content,
            uploaded_sha256=None,
            sha256=None,
            document_type=document_type,
        )
        return receipt.id

    async def deliver(self, times: int = 1) -> list[str]:
        """Carry every event to the stages; return their types in order."""
        seen: list[str] = []
        while events := await taken(self.database):
            for event in events:
                seen.append(event.type)
                for consumer in (*self.stages.consumers(), *self.bundling.consumers()) * times:
                    if consumer.event_type in (event.type, ">"):
                        await consumer.handle(event)
        return seen

    async def document(self, identifier: str) -> DocumentRecord:
        """Return the document's row."""
        async with self.database.reading() as session:
            found = await session.get(DocumentRecord, ("acme", identifier))
        assert found is not None
        return found


_shared: list[Reader] = []


@asynccontextmanager
async def reading() -> AsyncGenerator[None]:
    """Have the rooms within read with one reader, whose processes take a second to start."""
    reader = Reader(workers=1)
    _shared.append(reader)
    try:
        yield
    finally:
        _shared.remove(reader)
        await reader.close()


@asynccontextmanager
async def room(engine: Engine, folder: Path) -> AsyncGenerator[Room]:
    """Give the stages on a migrated database; within `reading` only."""
    async with migrated(engine, "documents", folder, [MIGRATIONS]) as database:
        files = Files(folder / "files", max_bytes=1_000_000)
        (reader,) = _shared
        yield Room(
            database, Intake(database, files), Stages(database, files, reader), files, reader
        )
