"""Reading the audit trail: by correlation ID, newest first, and as a file."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import and_, func, select

from switchgear_shared.contracts.values import TenantId
from switchgear_shared.governance.audit_chain import Checkpoint
from switchgear_shared.governance.audit_verify import read_body
from switchgear_shared.governance.store import AuditCheckpointRow, AuditHeadRow, AuditRow
from switchgear_shared.storage.database import Database

_PAGE = 500
_HEADLESS = "the head of the chain is gone"
_GONE: dict[str, Any] = {
    "arguments_digest": None,
    "arguments": {},
    "idempotency_key": None,
    "detail": {},
    "is_erased": True,
}


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One row of the trail; `event` has the fields of `AuditEvent`.

    Of one whose payload was erased they are empty, and `is_erased` is true.
    """

    tenant: TenantId
    seq: int
    time: datetime
    hash: str
    event: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AuditState:
    """Where a tenant's chain ends and how far it is signed, without reading it whole.

    `problem` is None where head, last row and newest checkpoint agree; that every row before them
    is as it was written is for `verify` to say.
    """

    rows: int
    last_at: datetime | None
    signed_rows: int
    signed_at: datetime | None
    problem: str | None


class AuditTrail:
    """The rows in the database called audit."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self, tenant: TenantId, correlation_id: str, limit: int = 200
    ) -> tuple[AuditRecord, ...]:
        """Return what happened under a correlation ID, oldest first."""
        query = (
            select(AuditRow)
            .where(AuditRow.tenant == tenant, AuditRow.correlation_id == correlation_id)
            .order_by(AuditRow.seq)
            .limit(limit)
        )
        async with self._database.reading() as session:
            return tuple(_record(row) for row in await session.scalars(query))

    async def find_recent(
        self,
        tenant: TenantId,
        *,
        limit: int = 50,
        before_seq: int | None = None,
        kind: str | None = None,
    ) -> tuple[AuditRecord, ...]:
        """Return the newest rows, newest first; `before_seq` of the last row leads on."""
        query = select(AuditRow).where(AuditRow.tenant == tenant)
        if before_seq is not None:
            query = query.where(AuditRow.seq < before_seq)
        if kind is not None:
            query = query.where(AuditRow.kind == kind)
        query = query.order_by(AuditRow.seq.desc()).limit(limit)
        async with self._database.reading() as session:
            return tuple(_record(row) for row in await session.scalars(query))

    async def state(self, tenant: TenantId) -> AuditState:
        """Return how the end of a tenant's chain is."""
        last = select(func.max(AuditRow.seq)).where(AuditRow.tenant == tenant).scalar_subquery()
        ends = (
            select(AuditHeadRow, AuditRow.time, AuditRow.hash, last.label("last"))
            .outerjoin(AuditRow, and_(AuditRow.tenant == tenant, AuditRow.seq == AuditHeadRow.size))
            .where(AuditHeadRow.tenant == tenant)
        )
        signed = (
            select(AuditCheckpointRow, AuditRow.hash)
            .outerjoin(
                AuditRow, and_(AuditRow.tenant == tenant, AuditRow.seq == AuditCheckpointRow.size)
            )
            .where(AuditCheckpointRow.tenant == tenant)
            .order_by(AuditCheckpointRow.size.desc())
            .limit(1)
        )
        async with self._database.reading() as session:
            checkpoint = (await session.execute(signed)).one_or_none()
            end = (await session.execute(ends)).one_or_none()
        if end is None:
            return AuditState(0, None, 0, None, None if checkpoint is None else _HEADLESS)
        head: AuditHeadRow = end[0]
        problem = None
        if end.last != head.size or end.hash != head.head:
            problem = f"the head says {head.size} rows and the last row is another"
        elif checkpoint is not None and not _is_of(checkpoint[0].note, checkpoint.hash):
            problem = f"row {checkpoint[0].size} is not the one that was signed"
        return AuditState(
            rows=head.size,
            last_at=end.time,
            signed_rows=checkpoint[0].size if checkpoint else 0,
            signed_at=checkpoint[0].time if checkpoint else None,
            problem=problem,
        )

    async def export(
        self, tenant: TenantId, *, since: datetime | None = None
    ) -> AsyncGenerator[bytes]:
        """Yield the rows as lines of JSON, oldest first: seq, hash, body as hashed, payload."""
        seq = 0
        while True:
            query = select(AuditRow).where(AuditRow.tenant == tenant, AuditRow.seq > seq)
            if since is not None:
                query = query.where(AuditRow.time >= since)
            async with self._database.reading() as session:
                rows = list(await session.scalars(query.order_by(AuditRow.seq).limit(_PAGE)))
            if not rows:
                return
            for row in rows:
                line = {"tenant": row.tenant, "seq": row.seq, "hash": row.hash}
                line |= {"body": row.body, "payload": row.payload}
                yield orjson.dumps(line) + b"\n"
            seq = rows[-1].seq


def _is_of(note: str, row_hash: str | None) -> bool:
    """Say whether a checkpoint speaks of the row with this hash."""
    try:
        return Checkpoint.from_line(note).head == row_hash
    except ValueError:
        return False


def _record(row: AuditRow) -> AuditRecord:
    body = read_body(row.body)
    if "payload_digest" in body:
        payload = read_body(row.payload) if row.payload is not None else _GONE
        body = {**body, **{name: value for name, value in payload.items() if name != "salt"}}
    return AuditRecord(TenantId(row.tenant), row.seq, row.time, row.hash, body)
