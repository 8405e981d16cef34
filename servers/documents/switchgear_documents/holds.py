"""Legal holds: while one stands, what it is on is neither erased nor disposed of."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from switchgear_documents.intake import SOURCE
from switchgear_documents.models_records import HoldPage, HoldReceipt, HoldRow, HoldScope
from switchgear_documents.rows import find_document
from switchgear_documents.tables import DocumentRecord, HoldRecord
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import new_event
from switchgear_shared.contracts.pages import decode_cursor, encode_cursor
from switchgear_shared.contracts.values import TenantId, new_id, utc_now
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.storage.database import Database


class Holds:
    """Places, lists and releases legal holds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def place_hold(
        self, caller: Caller, document_id: str, *, scope: HoldScope, reason: str
    ) -> HoldReceipt:
        """See DocumentsBackend."""
        async with self._database.writing() as session:
            if scope == "correlation":
                await _lock_correlation(session, caller.tenant, document_id)
            record = await find_document(session, caller.tenant, document_id, lock=True)
            standing = await holds_on(session, [record])
            hold = next((h for h in standing if (h.scope, h.reason) == (scope, reason)), None)
            if hold is not None:
                return _receipt(hold, changed=False)
            hold = HoldRecord(
                tenant=record.tenant,
                id=new_id("hold"),
                document_id=record.id,
                correlation_id=record.correlation_id,
                scope=scope,
                reason=reason,
                placed_by=caller.requested_by,
                placed_at=utc_now(),
            )
            session.add(hold)
            await session.flush()
            await _announce(session, hold, "placed", caller)
            return _receipt(hold)

    async def release_hold(
        self, caller: Caller, document_id: str, *, hold_id: str | None, reason: str
    ) -> HoldReceipt:
        """See DocumentsBackend."""
        async with self._database.writing() as session:
            record = await find_document(session, caller.tenant, document_id, lock=True)
            hold, is_standing = await _chosen(session, record, hold_id)
            if is_standing:
                hold.released_by = caller.requested_by
                hold.released_at = utc_now()
                hold.release_reason = reason
                await _announce(session, hold, "released", caller)
            return _receipt(hold, changed=is_standing)

    async def list_holds(
        self,
        tenant: TenantId,
        *,
        document_id: str | None,
        is_released: bool,
        cursor: str | None,
        limit: int,
    ) -> HoldPage:
        """See DocumentsBackend."""
        hold = HoldRecord
        where = [hold.tenant == tenant, hold.released_at.is_not(None) == is_released]
        async with self._database.reading() as session:
            if document_id is not None:
                where.append(_is_on(await find_document(session, tenant, document_id)))
            if cursor is not None:
                (last_id,) = decode_cursor("holds", cursor, str)
                last = await session.get(hold, (tenant, last_id))
                if last is None:
                    raise InvalidRequestError("the cursor is not one of ours", field="cursor")
                same = and_(hold.placed_at == last.placed_at, hold.id < last.id)
                where.append(or_(hold.placed_at < last.placed_at, same))
            query = select(hold).where(*where).order_by(hold.placed_at.desc(), hold.id.desc())
            found = list(await session.scalars(query.limit(limit + 1)))
        has_more = len(found) > limit
        items = tuple(to_row(one) for one in found[:limit])
        return HoldPage(
            items=items,
            next_cursor=encode_cursor("holds", [items[-1].id]) if has_more else None,
            truncated=has_more,
        )


async def holds_on(session: AsyncSession, records: Sequence[DocumentRecord]) -> list[HoldRecord]:
    """Return the holds that stand on any of the documents, the oldest first."""
    hold = HoldRecord
    query = (
        select(hold)
        .where(hold.tenant == records[0].tenant, hold.released_at.is_(None))
        .where(or_(*(_is_on(record) for record in records)))
        .order_by(hold.placed_at, hold.id)
    )
    return list(await session.scalars(query))


async def refuse_held(session: AsyncSession, records: Sequence[DocumentRecord]) -> None:
    """Raise ConflictError, naming the hold, where one stands on any of the documents."""
    for hold in await holds_on(session, records):
        raise ConflictError(
            f"document {hold.document_id} is under legal hold {hold.id}: {hold.reason}",
            field="document_id",
        )


def to_row(hold: HoldRecord) -> HoldRow:
    """Return the hold as it is shown."""
    return HoldRow.model_validate({name: getattr(hold, name) for name in HoldRow.model_fields})


def _is_on(record: DocumentRecord) -> ColumnElement[bool]:
    hold = HoldRecord
    is_of_all = and_(hold.scope == "correlation", hold.correlation_id == record.correlation_id)
    return or_(hold.document_id == record.id, is_of_all)


async def _lock_correlation(session: AsyncSession, tenant: str, document_id: str) -> None:
    """Wait for erasures of any document of the correlation, and keep others from beginning.

    In the order in which an erasure locks them: messages before what they brought.
    """
    record, named = DocumentRecord, aliased(DocumentRecord)
    correlation = select(named.correlation_id).where(
        named.tenant == tenant, named.id == document_id
    )
    await session.execute(
        select(record.id)
        .where(record.tenant == tenant, record.correlation_id == correlation.scalar_subquery())
        .order_by(record.root_id.is_not(None), record.received_at, record.id)
        .with_for_update()
    )


async def _chosen(
    session: AsyncSession, record: DocumentRecord, hold_id: str | None
) -> tuple[HoldRecord, bool]:
    """Return the hold to release, and whether it stands still."""
    standing = await holds_on(session, [record])
    if hold_id is not None:
        hold = await session.get(HoldRecord, (record.tenant, hold_id))
        is_on = hold is not None and (
            hold.document_id == record.id
            or (hold.scope == "correlation" and hold.correlation_id == record.correlation_id)
        )
        if hold is None or not is_on:
            raise NotFoundError(f"no hold {hold_id} on document {record.id}", field="hold_id")
        return hold, hold in standing
    if not standing:
        raise NotFoundError(f"no hold on document {record.id}", field="document_id")
    if len(standing) > 1:
        names = ", ".join(hold.id for hold in standing)
        raise ConflictError(
            f"document {record.id} has several holds, name one: {names}", field="hold_id"
        )
    return standing[0], True


async def _announce(session: AsyncSession, hold: HoldRecord, what: str, caller: Caller) -> None:
    """Tell of the hold, not of the matter: only who may read holds learns its reason."""
    await emit(
        session,
        new_event(
            f"documents.hold.{what}",
            source=SOURCE,
            subject=hold.document_id,
            caller=caller.model_copy(update={"correlation_id": hold.correlation_id}),
            data={
                "hold_id": hold.id,
                "document_id": hold.document_id,
                "scope": hold.scope,
                f"{what}_by": caller.requested_by,
            },
        ),
    )


def _receipt(hold: HoldRecord, *, changed: bool = True) -> HoldReceipt:
    return HoldReceipt(
        id=hold.id,
        state="standing" if hold.released_at is None else "released",
        version="1" if hold.released_at is None else "2",
        changed=changed,
        document_id=hold.document_id,
        scope="correlation" if hold.scope == "correlation" else "document",
        reason=hold.reason,
    )
