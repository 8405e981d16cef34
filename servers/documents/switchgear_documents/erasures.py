"""Erasure on request and disposal by schedule: what must not go is refused, by name."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.erasing import erase_rows
from switchgear_documents.failures import Failures
from switchgear_documents.families import adopted, locked_family
from switchgear_documents.holds import holds_on, refuse_held
from switchgear_documents.kinds import KINDS
from switchgear_documents.models_records import (
    Basis,
    DocumentRetention,
    ErasureReceipt,
    Retention,
    TypeRetention,
)
from switchgear_documents.retention_rules import RetentionRules
from switchgear_documents.rows import find_document, tombstone_of
from switchgear_documents.standing import refuse_unsettled
from switchgear_documents.tables import DocumentRecord
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import TenantId, utc_now
from switchgear_shared.errors import ConflictError
from switchgear_shared.storage.database import Database


class Erasures:
    """Erases documents with what they brought; bytes and other records go right after."""

    def __init__(
        self,
        database: Database,
        failures: Failures,
        retention: RetentionRules,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._failures = failures
        self._retention = retention
        self._clock = now

    async def erasure_facts(self, tenant: TenantId, document_id: str) -> dict[str, str]:
        """See DocumentsBackend."""
        async with self._database.reading() as session:
            gone = await tombstone_of(session, tenant, document_id)
            if gone is not None:
                return {"state": "erased"}
            record = await find_document(session, tenant, document_id)
        named = {"document_type": record.document_type} if record.document_type else {}
        return {"state": record.state, **named}

    async def erase(self, caller: Caller, document_id: str, *, reason: str) -> ErasureReceipt:
        """See DocumentsBackend."""
        async with self._database.writing() as session:
            gone = await tombstone_of(session, caller.tenant, document_id)
            if gone is not None:
                return _receipt(gone.document_id, gone.document_version, (), changed=False)
            family = await locked_family(session, caller.tenant, document_id)
            return await self._erase(session, family, caller, "request", reason)

    async def dispose(self, caller: Caller, document_id: str) -> ErasureReceipt:
        """See DocumentsBackend."""
        async with self._database.writing() as session:
            gone = await tombstone_of(session, caller.tenant, document_id)
            if gone is not None:
                return _receipt(gone.document_id, gone.document_version, (), changed=False)
            family = await locked_family(session, caller.tenant, document_id)
            for record in family:
                self._refuse_early(record)
            period = self._retention.said[family[0].document_type or "other"]
            settled = family[0].settled_at
            since = settled.date().isoformat() if settled else "?"
            reason = f"kept for {period} from {since}"
            return await self._erase(session, family, caller, "retention", reason)

    async def get_retention(self, tenant: TenantId, document_id: str | None) -> Retention:
        """See DocumentsBackend."""
        async with self._database.reading() as session:
            shown = await self._of_one(session, tenant, document_id) if document_id else None
            counts = await self._counts(session, tenant)
        return Retention(
            items=tuple(
                TypeRetention(
                    document_type=name,
                    period=self._retention.said.get(name),
                    settled_count=settled,
                    due_count=due,
                )
                for name in KINDS
                if (name in self._retention.said or name in counts)
                for settled, due in [counts.get(name, (0, 0))]
            ),
            document=shown,
        )

    async def _erase(
        self,
        session: AsyncSession,
        family: list[DocumentRecord],
        caller: Caller,
        basis: Basis,
        reason: str,
    ) -> ErasureReceipt:
        await refuse_held(session, family)
        await refuse_unsettled(session, family, self._failures)
        kept = await adopted(session, family)
        going = [record for record in family if record.id not in kept]
        version = family[0].version
        await erase_rows(session, going, caller, basis=basis, reason=reason)
        return _receipt(going[0].id, version, [record.id for record in going])

    def _refuse_early(self, record: DocumentRecord) -> None:
        due_at = self._retention.due_at(record.document_type, record.settled_at)
        if due_at is None:
            raise ConflictError(
                f"document {record.id} ({record.document_type or 'other'}) is kept for ever, "
                "or its time does not count yet",
                field="document_id",
            )
        if due_at > self._clock():
            raise ConflictError(
                f"document {record.id} is kept until {due_at.isoformat(timespec='seconds')}",
                field="document_id",
            )

    async def _of_one(
        self, session: AsyncSession, tenant: TenantId, document_id: str
    ) -> DocumentRetention:
        record = await find_document(session, tenant, document_id)
        return DocumentRetention(
            id=record.id,
            document_type=record.document_type,  # type: ignore[arg-type]
            settled_at=record.settled_at,
            due_at=self._retention.due_at(record.document_type, record.settled_at),
            hold_ids=tuple(hold.id for hold in await holds_on(session, [record])),
        )

    async def _counts(self, session: AsyncSession, tenant: TenantId) -> dict[str, tuple[int, int]]:
        record = DocumentRecord
        found = await session.execute(
            select(record.document_type, func.count().label("settled"))
            .where(record.tenant == tenant, record.settled_at.is_not(None))
            .group_by(record.document_type)
        )
        settled = {row.document_type or "other": row.settled for row in found}
        due = {name: await self._due_count(session, tenant, name) for name in self._retention.said}
        return {name: (count, due.get(name, 0)) for name, count in settled.items()}

    async def _due_count(self, session: AsyncSession, tenant: TenantId, name: str) -> int:
        now = self._clock()
        record = DocumentRecord
        latest = now - self._retention.periods[name].least()
        found = await session.scalars(
            select(record.settled_at).where(
                record.tenant == tenant, record.document_type == name, record.settled_at <= latest
            )
        )
        ends = (self._retention.due_at(name, settled_at) for settled_at in found)
        return sum(end is not None and end <= now for end in ends)


def _receipt(
    document_id: str, version: int, erased: Sequence[str], *, changed: bool = True
) -> ErasureReceipt:
    return ErasureReceipt(
        id=document_id,
        state="erased",
        version=str(version),
        changed=changed,
        erased_ids=tuple(erased),
    )
