"""Erase a document's rows in one transaction: what it said goes, a tombstone and its news stay."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.intake import SOURCE
from switchgear_documents.models_records import Basis
from switchgear_documents.tables import (
    DeadLetterDecisionRecord,
    DocumentRecord,
    ErasureRecord,
    LinkRecord,
    ModelCallRecord,
    ReviewRecord,
    TraceRecord,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import new_event
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.storage.shared_tables import idempotency

ERASED = "documents.document.erased"

_TOLD = {
    "document_id",
    "document_type",
    "review_id",
    "process_id",
    "process",
    "step",
    "decision",
    "state",
    "level",
    "hold_id",
    "scope",
    "basis",
    "dead_letter_id",
    "consumer",
    "event_type",
    "outcome",
    "model",
    "task",
    "cost_micro",
    "confidence",
    "classifier",
}
"""What a trace goes on to say of an erased document's events, beside who did what."""
_PEOPLE = "_by"


async def erase_rows(
    session: AsyncSession,
    records: Sequence[DocumentRecord],
    caller: Caller,
    *,
    basis: Basis,
    reason: str,
) -> None:
    """Erase the documents in the caller's transaction and announce it of each."""
    tenant = records[0].tenant
    ids = [record.id for record in records]
    reviews = await _reviews_of(session, tenant, ids)
    correlations = {record.correlation_id for record in records}
    await _forget(session, tenant, ids, correlations)
    await _shorten_traces(session, tenant, ids, correlations)
    named = [*ids, *(review for found in reviews.values() for review in found)]
    await _shorten_outcomes(session, tenant, named)
    for record in records:
        session.add(_tombstone(record, reviews.get(record.id, []), caller, basis, reason))
    document = DocumentRecord
    await session.flush()
    await session.execute(
        delete(document)
        .where(document.tenant == tenant, document.id.in_(ids))
        .execution_options(synchronize_session=False)
    )
    for record in records:
        session.expunge(record)
        await emit(
            session,
            new_event(
                ERASED,
                source=SOURCE,
                subject=record.id,
                caller=caller.model_copy(update={"correlation_id": record.correlation_id}),
                data={
                    "document_id": record.id,
                    "document_type": record.document_type,
                    "basis": basis,
                    "erased_by": caller.requested_by,
                    "reason": reason,
                },
            ),
        )


def told(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a trace says of an event about an erased document: ids, states and people."""
    return {name: value for name, value in data.items() if name in _TOLD or name.endswith(_PEOPLE)}


def is_about(subject: str, data: Mapping[str, Any], ids: Collection[str]) -> bool:
    """Say whether an event is about one of the documents."""
    return subject in ids or data.get("document_id") in ids


async def _reviews_of(
    session: AsyncSession, tenant: str, ids: Sequence[str]
) -> dict[str, list[str]]:
    review = ReviewRecord
    found = await session.execute(
        select(review.document_id, review.id)
        .where(review.tenant == tenant, review.document_id.in_(ids))
        .order_by(review.id)
    )
    reviews: dict[str, list[str]] = {}
    for row in found:
        reviews.setdefault(row.document_id, []).append(row.id)
    return reviews


async def _forget(
    session: AsyncSession, tenant: str, ids: Sequence[str], correlations: Collection[str]
) -> None:
    for table in (ReviewRecord, LinkRecord):
        await session.execute(
            delete(table).where(table.tenant == tenant, table.document_id.in_(ids))
        )
    call, decided = ModelCallRecord, DeadLetterDecisionRecord
    await session.execute(
        update(call).where(call.tenant == tenant, call.document_id.in_(ids)).values(reason=None)
    )
    await session.execute(
        update(decided)
        .where(decided.tenant == tenant, decided.correlation_id.in_(correlations))
        .values(reason=None)
    )


async def _shorten_traces(
    session: AsyncSession, tenant: str, ids: Sequence[str], correlations: Collection[str]
) -> None:
    trace = TraceRecord
    found = await session.execute(
        select(trace.event_id, trace.subject, trace.data).where(
            trace.tenant == tenant, trace.correlation_id.in_(correlations)
        )
    )
    for row in found.all():
        if is_about(row.subject, row.data, ids):
            await session.execute(
                update(trace)
                .where(trace.tenant == tenant, trace.event_id == row.event_id)
                .values(data=told(row.data))
            )


async def _shorten_outcomes(session: AsyncSession, tenant: str, named: Sequence[str]) -> None:
    """Leave of the answers kept for repeated calls what holds no word of the document."""
    table = idempotency
    found = await session.execute(
        select(table.c.tool, table.c.key, table.c.outcome).where(
            table.c.tenant == tenant,
            or_(*(table.c.outcome.contains(each, autoescape=True) for each in named)),
        )
    )
    for row in found.all():
        outcome = {**orjson.loads(row.outcome), "ref": None}
        await session.execute(
            update(table)
            .where(table.c.tenant == tenant, table.c.tool == row.tool, table.c.key == row.key)
            .values(outcome=orjson.dumps(outcome).decode())
        )


def _tombstone(
    record: DocumentRecord, reviews: list[str], caller: Caller, basis: Basis, reason: str
) -> ErasureRecord:
    return ErasureRecord(
        tenant=record.tenant,
        document_id=record.id,
        document_type=record.document_type,
        document_version=record.version,
        correlation_id=record.correlation_id,
        parent_id=record.parent_id,
        record_uri=record.record_uri,
        basis=basis,
        erased_by=caller.requested_by,
        reason=reason,
        received_at=record.received_at,
        settled_at=record.settled_at,
        erased_at=utc_now(),
        sha256=record.sha256,
        review_ids=reviews,
    )
