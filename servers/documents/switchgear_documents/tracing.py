"""Put one correlation ID's events and audited calls together, in order."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_documents.links import links_of
from switchgear_documents.models import Trace, TraceStep
from switchgear_documents.rows import newest_of
from switchgear_documents.tables import DocumentRecord, ErasureRecord, TraceRecord
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import NotFoundError
from switchgear_shared.governance.audit_trail import AuditTrail
from switchgear_shared.storage.database import Database

_DETAIL_CHARS = 300
_ACTORS = (
    *(
        "erased_by",
        "placed_by",
        "decided_by",
        "linked_by",
        "assigned_by",
        "claimed_by",
        "released_by",
        "submitted_by",
        "requested_by",
    ),
)
_FOLLOWING = ("documents_trace", "documents_get_status")
"""Calls that only look at the trace are no part of it."""


class Tracing:
    """Reads the events kept here and the audit trail."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def trace(self, tenant: TenantId, correlation_id: str) -> Trace:
        """See DocumentsBackend."""
        async with self._database.reading() as session:
            record = (await session.execute(newest_of(tenant, correlation_id))).scalar_one_or_none()
            events = (
                await session.execute(
                    select(TraceRecord).where(
                        TraceRecord.tenant == tenant,
                        TraceRecord.correlation_id == correlation_id,
                    )
                )
            ).scalars()
            links = await links_of(session, record) if record else ()
            tombstone = None if record else await _tombstone(session, tenant, correlation_id)
            steps = [
                TraceStep(
                    at=event.at,
                    source="event",
                    what=event.type,
                    server=event.source,
                    by=actor_of(event.data),
                    subject=event.subject,
                    outcome=None,
                    detail=_short(event.data),
                )
                for event in events
            ]
        steps.extend(
            _called(record_.time, record_.event)
            for record_ in await self._trail.find(tenant, correlation_id)
            if record_.event["tool"] not in _FOLLOWING
        )
        if record is None and tombstone is None and not steps:
            raise NotFoundError(f"nothing is known of {correlation_id}", field="correlation_id")
        return Trace.model_validate(
            {
                "correlation_id": correlation_id,
                **_place(record, tombstone),
                "links": links,
                "steps": sorted(steps, key=lambda step: step.at),
            }
        )


async def _tombstone(
    session: AsyncSession, tenant: TenantId, correlation_id: str
) -> ErasureRecord | None:
    erasure = ErasureRecord
    query = (
        select(erasure)
        .where(erasure.tenant == tenant, erasure.correlation_id == correlation_id)
        .order_by(erasure.parent_id.is_not(None), erasure.received_at.desc())
    )
    return (await session.scalars(query.limit(1))).first()


def _place(record: DocumentRecord | None, tombstone: ErasureRecord | None) -> dict[str, Any]:
    if record is not None:
        named = ("parent_id", "state", "record_uri")
        return {"document_id": record.id, **{name: getattr(record, name) for name in named}}
    if tombstone is not None:
        named = ("document_id", "parent_id", "record_uri")
        return {"state": "erased", **{name: getattr(tombstone, name) for name in named}}
    return dict.fromkeys(("document_id", "parent_id", "state", "record_uri"))


def _called(at: datetime, event: dict[str, Any]) -> TraceStep:
    named = ("requested_by", "policy_ids", "approval_id", "idempotency_key")
    return TraceStep(
        at=at,
        source="call",
        what=f"{event['tool']} {event['kind']}",
        server=event["server"],
        by=event["principal"],
        subject=None,
        outcome=event["outcome"],
        detail=_short({**event["detail"], **{name: event[name] for name in named}}),
    )


def actor_of(data: dict[str, Any]) -> str | None:
    """Return who is behind an event, as far as its data says."""
    actor = next((data[name] for name in _ACTORS if data.get(name)), None)
    return str(actor) if actor else None


def _short(data: dict[str, Any]) -> dict[str, Any]:
    return {key: _cut(value) for key, value in data.items() if value not in (None, [], {}, "")}


def _cut(value: Any) -> Any:
    return value[:_DETAIL_CHARS] if isinstance(value, str) else value
