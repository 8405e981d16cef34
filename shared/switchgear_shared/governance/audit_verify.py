"""Proof that the audit trail is whole, or the first row that is not as it was written."""

import json
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.errors import NotFoundError
from switchgear_shared.governance.audit_chain import GENESIS, Checkpoint, Frontier, row_hash
from switchgear_shared.governance.audit_erasure import erased_rows
from switchgear_shared.governance.audit_event import ERASED, columns_of, payload_digest
from switchgear_shared.governance.store import AuditCheckpointRow, AuditHeadRow, AuditRow
from switchgear_shared.storage.database import Database

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class BadRow:
    """The first row of a tenant's chain that is not as it was written."""

    tenant: str
    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """What verification found; `rows` is how many were read, `erased` those without payload."""

    ok: bool
    rows: int
    first_bad: BadRow | None
    erased: int = 0


async def verify(
    database: Database, key: Ed25519PublicKey, checkpoints: Path | None = None
) -> Report:
    """Verify every chain against itself, its stored checkpoints and those of an exported file.

    Only a file kept outside shows that a chain was cut or written anew with everything beside it.

    Raises:
        NotFoundError: there is no such file.
    """
    exported = _read_checkpoints(checkpoints) if checkpoints else []
    async with database.reading() as session:
        if not database.is_sqlite:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        stored = await session.scalars(select(AuditCheckpointRow))
        known: dict[str, list[Checkpoint]] = {}
        bad: list[BadRow] = []
        for row in stored:
            _sort_in(known, bad, key, row.note, (row.tenant, row.size))
        for line in exported:
            _sort_in(known, bad, key, line, None)
        tenants = {row.tenant: row for row in await session.scalars(select(AuditHeadRow))}
        found = set(await session.scalars(select(AuditRow.tenant).distinct()))
        rows = erased = 0
        for tenant in sorted({*tenants, *found, *known}):
            chain = _Chain(tenant, key, known.get(tenant, []))
            rows += await chain.read(session, tenants.get(tenant))
            erased += chain.erased
            if chain.bad is not None:
                bad.append(chain.bad)
    first = min(bad, key=lambda row: (row.tenant, row.seq), default=None)
    return Report(ok=first is None, rows=rows, first_bad=first, erased=erased)


def read_body(body: str) -> dict[str, Any]:
    """Return the body of a row as values."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return json.loads(body)


class _Chain:
    def __init__(
        self, tenant: str, key: Ed25519PublicKey, checkpoints: Iterable[Checkpoint]
    ) -> None:
        self.tenant = tenant
        self._key = key
        self.bad: BadRow | None = None
        self._checkpoints: dict[int, list[Checkpoint]] = {}
        for checkpoint in checkpoints:
            self._checkpoints.setdefault(checkpoint.size, []).append(checkpoint)
        self._frontier = Frontier()
        self._head = GENESIS
        self._proven = 0
        self._gone: list[int] = []
        self._erased: set[int] = set()

    @property
    def erased(self) -> int:
        """How many payloads are gone that a signed erasure names."""
        return len(self._erased.intersection(self._gone))

    async def read(self, session: AsyncSession, head: AuditHeadRow | None) -> int:
        """Read the chain to its end or its first bad row; return how many rows that were."""
        try:
            async for row in _rows(session, self.tenant):
                if (reason := self._wrong(row)) is not None:
                    self.bad = self.bad or BadRow(self.tenant, self._frontier.size + 1, reason)
                    return self._frontier.size + 1
                self._head = row.hash
                self._frontier.add(row.hash)
        except ValueError:
            self.bad = BadRow(self.tenant, self._frontier.size + 1, "it cannot be read")
            return self._frontier.size + 1
        self._check_end(head)
        return self._frontier.size

    def _wrong(self, row: AuditRow) -> str | None:
        size = self._frontier.size
        if row.seq != size + 1:
            return f"row {size + 1} is missing" if row.seq > size else f"row {row.seq} is doubled"
        if row_hash(self.tenant, row.seq, row.time, self._head, row.body) != row.hash:
            return "its text, time or place is not what was hashed"
        body = read_body(row.body)
        columns = {name: getattr(row, name) for name in columns_of({})}
        if columns != columns_of(body) or body.get("tenant") != row.tenant:
            return "a column differs from the text that was hashed"
        if datetime.fromisoformat(str(body.get("time"))) != row.time:
            return "its time differs from the text that was hashed"
        self._check_at(row)
        if self.bad is not None:
            return self.bad.reason
        return self._wrong_payload(row, body)

    def _wrong_payload(self, row: AuditRow, body: dict[str, Any]) -> str | None:
        """Hold the payload to its digest; one that is gone must be named by a signed erasure."""
        expected = body.get("payload_digest")
        if row.payload is None:
            if expected is not None:
                self._gone.append(row.seq)
            return None
        if expected is None or payload_digest(row.payload) != expected:
            return "its payload is not what was hashed"
        if row.kind == ERASED:
            self._erased |= erased_rows(self._key, body, read_body(row.payload))
        return None

    def _check_at(self, row: AuditRow) -> None:
        if row.seq not in self._checkpoints:
            return
        after = Frontier(self._frontier.size, list(self._frontier.roots))
        after.add(row.hash)
        for checkpoint in self._checkpoints[row.seq]:
            if (checkpoint.root, checkpoint.head) != (after.root(), row.hash):
                span = f"rows {self._proven + 1} to {row.seq}"
                reason = f"{span} were written anew after the checkpoint of {checkpoint.time}"
                self.bad = BadRow(self.tenant, self._proven + 1, reason)
                return
        self._proven = row.seq

    def _check_end(self, head: AuditHeadRow | None) -> None:
        size = self._frontier.size
        lost = next((seq for seq in self._gone if seq not in self._erased), None)
        if lost is not None:
            reason = "its payload is gone and no signed erasure names it"
            self.bad = BadRow(self.tenant, lost, reason)
            return
        longest = max(
            (c for found in self._checkpoints.values() for c in found), key=_size, default=None
        )
        if longest is not None and longest.size > size:
            reason = f"rows to {longest.size} are gone: the checkpoint of {longest.time} has them"
            self.bad = BadRow(self.tenant, size + 1, reason)
        elif head is None:
            self.bad = BadRow(self.tenant, max(1, size), "the head of the chain is gone")
        elif head.size != size:
            self.bad = BadRow(
                self.tenant, min(head.size, size) + 1, f"the head says {head.size} rows, not {size}"
            )
        elif (head.head, head.frontier) != (self._head, self._frontier.to_hex()):
            self.bad = BadRow(self.tenant, max(1, size), "the head differs from the last row")


def _size(checkpoint: Checkpoint) -> int:
    return checkpoint.size


async def _rows(session: AsyncSession, tenant: str) -> AsyncGenerator[AuditRow]:
    seq, limit = -1, _PAGE
    while True:
        query = (
            select(AuditRow)
            .where(AuditRow.tenant == tenant, AuditRow.seq > seq)
            .order_by(AuditRow.seq)
            .limit(limit)
        )
        try:
            page = list(await session.scalars(query))
        except ValueError:
            if limit == 1:
                raise
            limit = 1
            continue
        for row in page:
            yield row
            seq = row.seq
        session.expunge_all()
        if len(page) < limit:
            return


def _read_checkpoints(path: Path) -> list[str]:
    if not path.exists():
        raise NotFoundError(f"there are no exported checkpoints at {path}")
    whole, _, _torn = path.read_text(encoding="utf-8", errors="replace").rpartition("\n")
    return [line for line in whole.split("\n") if line]


def _sort_in(
    known: dict[str, list[Checkpoint]],
    bad: list[BadRow],
    key: Ed25519PublicKey,
    line: str,
    place: tuple[str, int] | None,
) -> None:
    try:
        checkpoint = Checkpoint.from_line(line)
    except ValueError:
        tenant, size = place or ("", 0)
        bad.append(BadRow(tenant, size, "a checkpoint cannot be read"))
        return
    if not checkpoint.holds(key) or (place or _place_of(checkpoint)) != _place_of(checkpoint):
        bad.append(
            BadRow(checkpoint.tenant, checkpoint.size, "its checkpoint is not signed by this key")
        )
        return
    known.setdefault(checkpoint.tenant, []).append(checkpoint)


def _place_of(checkpoint: Checkpoint) -> tuple[str, int]:
    """Return which chain a checkpoint speaks of, and up to which row."""
    return checkpoint.tenant, checkpoint.size
