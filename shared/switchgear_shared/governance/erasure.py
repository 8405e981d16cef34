"""Erasing what the records of governance say of a subject: the chain holds, the words go."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, or_, select, update

from switchgear_shared.contracts.values import TenantId, utc_now
from switchgear_shared.governance.audit import Audit
from switchgear_shared.governance.audit_erasure import Erasure
from switchgear_shared.governance.audit_event import ERASED, AuditEvent
from switchgear_shared.governance.audit_verify import read_body
from switchgear_shared.governance.keys import CheckpointKey
from switchgear_shared.governance.store import ApprovalRow, AuditRow
from switchgear_shared.storage.database import Database

_PAGE = 500
_DIGESTS = 50
_OPEN = "open"
_SAID = "its subject was erased"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom the words are about: under `correlation_id`, wherever one of `ids` stands.

    What `services` did there since `since` is about it without naming it; what others did is not,
    since callers choose correlation IDs. Calls of `tools` since `since` that name one of `ids`, in
    arguments or answer, are found under any correlation ID.
    """

    tenant: TenantId
    correlation_id: str
    services: tuple[str, ...]
    ids: tuple[str, ...]
    tools: tuple[str, ...]
    since: datetime


class GovernanceErasure:
    """Erases arguments and details of audit rows and approvals; who did what, and when, stays."""

    def __init__(
        self, audit: Audit, audit_database: Database, governance: Database, data_dir: Path
    ) -> None:
        self._audit = audit
        self._audit_database = audit_database
        self._governance = governance
        self._key = CheckpointKey(data_dir)

    async def erase(self, subject: Subject, *, by: str) -> int:
        """Erase what is said of the subject, and return of how many audit rows.

        A signed row that names those rows is committed first. Killed after it, the same call ends
        the work. Approvals that are not decided yet stay: they are read by who decides, and
        erased by the same call once they are (`has_open`).
        """
        rows = await self._rows(subject)
        for at in range(0, len(rows), _PAGE):
            await self._erase(subject, rows[at : at + _PAGE], by)
        await self._erase_approvals(subject)
        for database in (self._audit_database, self._governance):
            await database.truncate_log()
        return len(rows)

    async def _erase(self, subject: Subject, rows: list[int], by: str) -> None:
        erasure = Erasure(subject.tenant, subject.correlation_id, utc_now(), rows)
        await self._audit.append(
            AuditEvent(
                tenant=subject.tenant,
                kind=ERASED,
                server="audit",
                principal=by,
                requested_by=by,
                correlation_id=subject.correlation_id,
                outcome="ok",
                time=erasure.time,
                detail=erasure.to_detail(self._key.private),
            )
        )
        async with self._audit_database.writing() as session:
            await session.execute(
                update(AuditRow)
                .where(AuditRow.tenant == subject.tenant, AuditRow.seq.in_(rows))
                .values(payload=None)
            )

    async def _rows(self, subject: Subject) -> list[int]:
        """Return the rows to erase; of calls found by their answer, those of the same arguments."""
        row = AuditRow
        named = _names(row.payload, subject.ids)
        is_ours = and_(row.principal.in_(subject.services), row.time >= subject.since)
        is_here = row.correlation_id == subject.correlation_id
        own = and_(is_here, or_(named, is_ours))
        is_telling = row.tool.in_(subject.tools)
        telling = and_(is_telling, row.time >= subject.since)
        query = select(row.seq, row.payload).where(
            row.tenant == subject.tenant, row.payload.is_not(None), row.kind != ERASED
        )
        async with self._audit_database.reading() as session:
            found = (await session.execute(query.where(or_(own, and_(telling, named))))).all()
            rows = {each.seq for each in found}
            digests = {read_body(each.payload)["arguments_digest"] for each in found} - {None}
            wanted = sorted(digests)
            for at in range(0, len(wanted), _DIGESTS):
                part = tuple(wanted[at : at + _DIGESTS])
                same = query.where(
                    or_(telling, and_(is_telling, is_here)), _names(row.payload, part)
                )
                rows |= {each.seq for each in await session.execute(same)}
        return sorted(rows)

    async def has_open(self, subject: Subject) -> bool:
        """Say whether approvals about the subject wait for a decision, and keep what is asked."""
        row = ApprovalRow
        query = select(row.id).where(_asks_of(subject), row.state == _OPEN)
        async with self._governance.reading() as session:
            found = await session.execute(query.where(row.expires_at > utc_now()).limit(1))
            return found.first() is not None

    async def _erase_approvals(self, subject: Subject) -> None:
        row = ApprovalRow
        async with self._governance.writing() as session:
            await session.execute(
                update(row)
                .where(_asks_of(subject))
                .where(or_(row.state != _OPEN, row.expires_at <= utc_now()))
                .values(summary=_SAID, arguments={}, facts={})
            )


def _asks_of(subject: Subject) -> ColumnElement[bool]:
    """Return the condition that an approval is about the subject."""
    row = ApprovalRow
    named = _names(cast(row.arguments, String), subject.ids)
    is_ours = and_(row.principal_id.in_(subject.services), row.created_at >= subject.since)
    own = and_(row.correlation_id == subject.correlation_id, or_(named, is_ours))
    elsewhere = and_(row.tool.in_(subject.tools), row.created_at >= subject.since, named)
    return and_(row.tenant == subject.tenant, or_(own, elsewhere))


def _names(column: Any, ids: tuple[str, ...]) -> ColumnElement[bool]:
    """Return the condition that one of the ids stands in the text."""
    return or_(*(column.contains(each, autoescape=True) for each in ids))
