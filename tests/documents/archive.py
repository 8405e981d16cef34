"""A room with all that an erasure reaches: bytes, pages, audit, approvals and a broker."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update

import switchgear_shared.governance
from documents.room import CALLER, Room, room
from engines import Engine
from ready_databases import migrated
from switchgear_documents.erasures import Erasures
from switchgear_documents.failures import Failures
from switchgear_documents.holds import Holds
from switchgear_documents.models_records import ErasureReceipt
from switchgear_documents.page_images import PageImages
from switchgear_documents.remains import Remains
from switchgear_documents.retention_rules import RetentionRules
from switchgear_documents.tables import DocumentRecord, ErasureRecord
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.governance.audit import Audit, AuditEvent
from switchgear_shared.governance.audit_trail import AuditTrail
from switchgear_shared.governance.audit_verify import Report, verify
from switchgear_shared.governance.erasure import GovernanceErasure
from switchgear_shared.governance.keys import CheckpointKey
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.dead_letters import DeadLetters
from switchgear_shared.messaging.embedded import EmbeddedNats
from switchgear_shared.messaging.erasure import EventErasure
from switchgear_shared.storage.database import Database

_MIGRATIONS = Path(switchgear_shared.governance.__file__).parent / "migrations"
RULES = RetentionRules.of({"letter": "P1Y", "email": 30})


@dataclass(frozen=True)
class Archive:
    """One tenant's documents and everything that keeps a word of them."""

    room: Room
    bus: Bus
    audit: Audit
    audit_database: Database
    governance_database: Database
    governance: GovernanceErasure
    images: PageImages
    key: CheckpointKey

    @property
    def database(self) -> Database:
        return self.room.database

    @property
    def holds(self) -> Holds:
        return Holds(self.database)

    @property
    def events(self) -> EventErasure:
        return EventErasure(self.bus)

    def erasures(
        self, rules: RetentionRules = RULES, now: Callable[[], datetime] = utc_now
    ) -> Erasures:
        failures = Failures(self.database, DeadLetters(self.bus))
        return Erasures(self.database, failures, rules, now)

    def remains(self) -> Remains:
        return Remains(self.database, self.room.files, self.images, self.governance, self.events)

    async def erase(self, identifier: str) -> ErasureReceipt:
        return await self.erasures().erase(CALLER, identifier, reason="asked to")

    async def settled(self, content: bytes, name: str) -> str:
        """Take a document in, carry its events, and file it whatever it is."""
        identifier = await self.room.submit(content, name)
        await self.room.deliver()
        return identifier

    async def note_call(self, word: str) -> None:
        """Write an audit row of the documents' correlation that says the word."""
        await self.audit.append(
            AuditEvent(
                "intent",
                tenant=CALLER.tenant,
                correlation_id=CALLER.correlation_id,
                principal="workflows",
                arguments={"name": word},
            )
        )

    async def arguments(self) -> list[object]:
        found = await AuditTrail(self.audit_database).find(CALLER.tenant, CALLER.correlation_id)
        return [r.event["arguments"].get("name") for r in found if r.event["kind"] == "intent"]

    async def verified(self) -> Report:
        return await verify(self.audit_database, self.key.public)

    async def ids(self) -> set[str]:
        async with self.database.reading() as session:
            return set(await session.scalars(select(DocumentRecord.id)))

    async def tombstones(self) -> dict[str, ErasureRecord]:
        async with self.database.reading() as session:
            found = await session.scalars(select(ErasureRecord))
            return {record.document_id: record for record in found}

    async def set_settled(self, identifier: str, at: datetime) -> None:
        async with self.database.writing() as session:
            await session.execute(
                update(DocumentRecord).where(DocumentRecord.id == identifier).values(settled_at=at)
            )


@asynccontextmanager
async def archive(engine: Engine, folder: Path) -> AsyncGenerator[Archive]:
    """Give an archive of the test's own."""
    async with AsyncExitStack() as stack:
        broker = EmbeddedNats(folder / "data")
        stack.push_async_callback(broker.stop)
        bus = Bus(broker.ensure)
        stack.push_async_callback(bus.close)
        await bus.connect()
        place = await stack.enter_async_context(room(engine, folder))
        own = [
            await stack.enter_async_context(migrated(engine, name, folder, [_MIGRATIONS / name]))
            for name in ("audit", "governance")
        ]
        audit = Audit(own[0], folder)
        stack.push_async_callback(audit.close)
        yield Archive(
            place,
            bus,
            audit,
            own[0],
            own[1],
            GovernanceErasure(audit, own[0], own[1], folder),
            PageImages(folder / "pages", place.files, place.reader),
            CheckpointKey(folder),
        )
