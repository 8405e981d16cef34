"""One transaction of the audit trail: rows, head and checkpoint together, then the export."""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import AuditUnavailableError, BackendUnavailableError
from switchgear_shared.governance.audit_chain import GENESIS, Checkpoint, Frontier, row_hash
from switchgear_shared.governance.audit_event import AuditEvent, columns_of
from switchgear_shared.governance.keys import CheckpointKey
from switchgear_shared.governance.store import AuditCheckpointRow, AuditHeadRow, AuditRow
from switchgear_shared.storage.database import Database, DuplicateKeyError

_CHECKPOINT_ROWS = 1000
_heads: Any = AuditHeadRow.__table__
_HEAD = select(_heads).where(_heads.c.tenant == bindparam("of_tenant")).with_for_update()
_APPEND = insert(AuditRow.__table__)  # type: ignore[arg-type]
_END = (
    update(_heads)
    .where(_heads.c.tenant == bindparam("of_tenant"))
    .values({name: bindparam(name) for name in ("size", "head", "frontier")})
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """An event ready to be linked: its texts and its moment."""

    tenant: str
    time: datetime
    body: str
    payload: str
    columns: dict[str, str]

    @classmethod
    def of(cls, event: AuditEvent) -> "Line":
        """Return the line of an event."""
        columns = columns_of(
            {
                "kind": event.kind,
                "server": event.server,
                "tool": event.tool,
                "principal": event.principal,
                "correlation_id": event.correlation_id,
            }
        )
        payload = event.to_payload()
        time = event.time.astimezone(UTC)
        return cls(event.tenant, time, event.to_body(payload), payload, columns)


class ChainWriter:
    """Links lines to their tenants' chains under each chain's lock, whoever else is writing.

    A checkpoint goes with the transaction where the last is `interval_s` or a thousand rows old;
    after the commit it is added to `<data>/audit/checkpoints.jsonl`.
    """

    def __init__(
        self,
        database: Database,
        data_dir: Path,
        *,
        interval_s: float,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._key = CheckpointKey(data_dir)
        self._exported_to = data_dir / "audit" / "checkpoints.jsonl"
        self._interval_s = interval_s
        self._now = now
        self._clock = clock
        self._heads: set[str] = set()
        self._signed: dict[str, tuple[int, float]] = {}
        self._unsigned: set[str] = set()
        self._unexported: list[Checkpoint] = []

    @property
    def is_unsigned(self) -> bool:
        """Whether there are rows that no checkpoint of ours covers, or one is not exported."""
        return bool(self._unsigned or self._unexported)

    async def write(self, lines: Sequence[Line]) -> None:
        """Commit all lines, or none.

        Raises:
            AuditUnavailableError: the database does not take them.
        """
        by_tenant: dict[str, list[Line]] = {}
        for line in lines:
            by_tenant.setdefault(line.tenant, []).append(line)
        signed: list[Checkpoint] = []
        try:
            async with self._database.writing() as session:
                for tenant in sorted(by_tenant):
                    signed += await self._link(session, tenant, by_tenant[tenant])
        except (SQLAlchemyError, BackendUnavailableError, DuplicateKeyError, OSError) as error:
            raise AuditUnavailableError(
                "the audit trail cannot be written", retry_after_s=1
            ) from error
        self._heads.update(by_tenant)
        self._unsigned.update(by_tenant)
        await self._export(signed)

    async def sign(self) -> None:
        """Checkpoint every chain that this process has added to since its last checkpoint."""
        signed: list[Checkpoint] = []
        try:
            if self._unsigned:
                async with self._database.writing() as session:
                    for tenant in sorted(self._unsigned):
                        head = await _locked_head(session, tenant)
                        frontier = Frontier.of(head.size, head.frontier)
                        signed.append(await self._sign(session, tenant, frontier, head.head))
        except (SQLAlchemyError, BackendUnavailableError, DuplicateKeyError, OSError) as error:
            raise AuditUnavailableError(
                "the audit trail cannot be written", retry_after_s=1
            ) from error
        await self._export(signed)

    async def _link(
        self, session: AsyncSession, tenant: str, lines: Sequence[Line]
    ) -> list[Checkpoint]:
        if tenant not in self._heads:
            await session.execute(
                self._insert()(AuditHeadRow)
                .values(tenant=tenant, size=0, head=GENESIS, frontier=[])
                .on_conflict_do_nothing()
            )
        row = await _locked_head(session, tenant)
        head, frontier = row.head, Frontier.of(row.size, row.frontier)
        rows: list[dict[str, object]] = []
        for line in lines:
            seq = frontier.size + 1
            head = row_hash(tenant, seq, line.time, head, line.body)
            frontier.add(head)
            link = {"tenant": tenant, "seq": seq, "time": line.time, "hash": head}
            rows.append({**link, "body": line.body, "payload": line.payload, **line.columns})
        await session.execute(_APPEND, rows)
        end = {"size": frontier.size, "head": head, "frontier": frontier.to_hex()}
        await session.execute(_END, {"of_tenant": tenant, **end})
        size, at_s = self._signed.get(tenant, (0, -self._interval_s))
        is_old = self._clock() - at_s >= self._interval_s
        if not is_old and frontier.size - size < _CHECKPOINT_ROWS:
            return []
        return [await self._sign(session, tenant, frontier, head)]

    async def _sign(
        self, session: AsyncSession, tenant: str, frontier: Frontier, head: str
    ) -> Checkpoint:
        now = self._now()
        checkpoint = Checkpoint(
            tenant, frontier.size, frontier.root(), head, now.isoformat()
        ).signed(self._key.private)
        await session.execute(
            self._insert()(AuditCheckpointRow)
            .values(tenant=tenant, size=frontier.size, time=now, note=checkpoint.to_line())
            .on_conflict_do_nothing()
        )
        return checkpoint

    async def _export(self, signed: Sequence[Checkpoint]) -> None:
        """Note and export what has been committed; what cannot be exported waits for the next."""
        for checkpoint in signed:
            self._signed[checkpoint.tenant] = (checkpoint.size, self._clock())
            self._unsigned.discard(checkpoint.tenant)
        self._unexported += signed
        if not self._unexported:
            return
        try:
            await asyncio.to_thread(_append_lines, self._exported_to, list(self._unexported))
        except OSError:
            _log.exception("audit checkpoints cannot be exported to %s", self._exported_to)
        else:
            self._unexported.clear()

    def _insert(self) -> Callable[..., sqlite.Insert | postgresql.Insert]:
        return sqlite.insert if self._database.is_sqlite else postgresql.insert


async def _locked_head(session: AsyncSession, tenant: str) -> Row[Any]:
    return (await session.execute(_HEAD, {"of_tenant": tenant})).one()


def _append_lines(path: Path, checkpoints: Sequence[Checkpoint]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(checkpoint.to_line() + "\n" for checkpoint in checkpoints)
    handle = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
