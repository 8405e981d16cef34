"""The audit trail's verification: what was done to the rows, and which row it names."""

import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId
from switchgear_shared.errors import NotFoundError
from switchgear_shared.governance.audit import Audit, AuditEvent
from switchgear_shared.governance.audit_chain import GENESIS, Checkpoint, Frontier, row_hash
from switchgear_shared.governance.audit_trail import AuditState, AuditTrail
from switchgear_shared.governance.audit_verify import BadRow, verify
from switchgear_shared.governance.keys import CheckpointKey
from switchgear_shared.governance.store import migrate_audit
from switchgear_shared.storage.database import Database

ROWS = 9
SIGNED_AT = (1, 3, 6, 9)
START = datetime(2026, 11, 23, 9, tzinfo=UTC)

Sql = sqlite3.Connection


class Trail:
    """A chain of nine rows with checkpoints at 1, 3, 6 and 9."""

    def __init__(self, data: Path, database: Database) -> None:
        self.file = data / "audit.db"
        self.database = database
        self.key = CheckpointKey(data)
        self.exported = data / "audit" / "checkpoints.jsonl"

    def tamper(self, change: Callable[[Sql], object]) -> None:
        with closing(sqlite3.connect(self.file)) as sql, sql:
            change(sql)

    async def first_bad(self, *, with_export: bool) -> int | None:
        exported = self.exported if with_export else None
        report = await verify(self.database, self.key.public, exported)
        assert report.ok is (report.first_bad is None)
        return report.first_bad.seq if report.first_bad else None


@pytest.fixture
async def trail(tmp_path: Path) -> AsyncGenerator[Trail]:
    database = Database.at("audit", data_dir=tmp_path, database_url=None)
    await migrate_audit(database)
    moment = [0.0]
    audit = Audit(database, tmp_path, checkpoint_s=60, clock=lambda: moment[0], now=lambda: START)
    for i in range(1, ROWS + 1):
        moment[0] += 60 * (i in SIGNED_AT)
        await audit.append(AuditEvent("intent", principal=f"p{i}", time=START))
    await audit.close()
    found = Trail(tmp_path, database)
    found.tamper(lambda sql: sql.execute("PRAGMA wal_checkpoint(TRUNCATE)"))
    yield found
    await database.close()


def run(*statements: str) -> Callable[[Sql], object]:
    return lambda sql: [sql.execute(statement) for statement in statements]


def swap(sql: Sql) -> None:
    for old, new in ((4, -1), (5, 4), (-1, 5)):
        sql.execute("UPDATE audit_rows SET seq = ? WHERE seq = ?", (new, old))


def insert_forged(sql: Sql) -> None:
    sql.execute("UPDATE audit_rows SET seq = -seq - 1 WHERE seq >= 5")
    sql.execute("UPDATE audit_rows SET seq = -seq WHERE seq < 0")
    forge(sql, 5)


def forge(sql: Sql, seq: int) -> None:
    sql.execute(
        "INSERT INTO audit_rows SELECT tenant, ?, time, kind, server, tool, principal, "
        "correlation_id, hash, body, payload FROM audit_rows WHERE seq = 1",
        (seq,),
    )


def renumber_after_delete(sql: Sql) -> None:
    sql.execute("DELETE FROM audit_rows WHERE seq = 5")
    sql.execute("UPDATE audit_rows SET seq = 1 - seq WHERE seq > 5")
    sql.execute("UPDATE audit_rows SET seq = -seq WHERE seq < 0")


def rehash(sql: Sql, edited: int | None, size: int = ROWS) -> None:
    """Write the chain anew, head included, as one who knows the code and owns the database."""
    sql.execute("DELETE FROM audit_rows WHERE seq > ?", (size,))
    head, frontier = GENESIS, Frontier()
    rows = sql.execute("SELECT seq, body FROM audit_rows ORDER BY seq").fetchall()
    for seq, body in rows:
        principal = orjson.loads(body)["principal"]
        written = body
        if seq == edited:
            written = body.replace(f'"principal":"{principal}"', '"principal":"nobody"')
            sql.execute("UPDATE audit_rows SET principal = 'nobody' WHERE seq = ?", (seq,))
        head = row_hash("default", seq, START, head, written)
        frontier.add(head)
        sql.execute("UPDATE audit_rows SET body = ?, hash = ? WHERE seq = ?", (written, head, seq))
    sql.execute(
        "UPDATE audit_heads SET size = ?, head = ?, frontier = ?",
        (size, head, orjson.dumps(frontier.to_hex()).decode()),
    )


def rehash_and_drop_checkpoints(sql: Sql) -> None:
    rehash(sql, edited=5)
    sql.execute("DELETE FROM audit_checkpoints")


def cut(size: int, *, drop_checkpoints: bool) -> Callable[[Sql], None]:
    def change(sql: Sql) -> None:
        rehash(sql, edited=None, size=size)
        if drop_checkpoints:
            sql.execute("DELETE FROM audit_checkpoints WHERE size > ?", (size,))

    return change


WIPE = run("DELETE FROM audit_rows", "DELETE FROM audit_heads", "DELETE FROM audit_checkpoints")

# What was done, the first bad row by the database alone, and with the exported checkpoints.
TAMPERINGS = {
    "edit body": (run("UPDATE audit_rows SET body = replace(body, 'p5', 'x') WHERE seq = 5"), 5, 5),
    "break body": (run("UPDATE audit_rows SET body = '{' WHERE seq = 5"), 5, 5),
    "edit time": (run("UPDATE audit_rows SET time = '2026-11-23 09:00:01' WHERE seq = 5"), 5, 5),
    "break time": (run("UPDATE audit_rows SET time = 'noon' WHERE seq = 5"), 5, 5),
    "edit hash": (run("UPDATE audit_rows SET hash = 'zz' WHERE seq = 5"), 5, 5),
    "edit index column": (run("UPDATE audit_rows SET principal = 'px' WHERE seq = 5"), 5, 5),
    "edit payload": (
        run("UPDATE audit_rows SET payload = replace(payload, '{}', '[]') WHERE seq = 5"), 5, 5),
    "drop payload": (run("UPDATE audit_rows SET payload = NULL WHERE seq = 5"), 5, 5),
    "drop last payload": (run("UPDATE audit_rows SET payload = NULL WHERE seq = 9"), 9, 9),
    "swap payloads": (
        run("UPDATE audit_rows SET payload = (SELECT payload FROM audit_rows WHERE seq = 6) "
            "WHERE seq = 5"), 5, 5),
    "move to a tenant": (run("UPDATE audit_rows SET tenant = 'other' WHERE seq = 5"), 5, 5),
    "delete middle": (run("DELETE FROM audit_rows WHERE seq = 5"), 5, 5),
    "delete middle, renumber": (renumber_after_delete, 5, 5),
    "delete first": (run("DELETE FROM audit_rows WHERE seq = 1"), 1, 1),
    "swap": (swap, 4, 4),
    "insert forged": (insert_forged, 5, 5),
    "append forged": (lambda sql: forge(sql, 10), 10, 10),
    "truncate": (run("DELETE FROM audit_rows WHERE seq > 7"), 8, 8),
    "truncate, fix head": (cut(7, drop_checkpoints=False), 8, 8),
    "truncate to a checkpoint, drop later": (cut(6, drop_checkpoints=True), None, 7),
    "edit, rehash": (lambda sql: rehash(sql, edited=5), 4, 4),
    "edit, rehash, drop checkpoints": (rehash_and_drop_checkpoints, None, 4),
    "wipe": (WIPE, None, 1),
    "drop head": (run("DELETE FROM audit_heads"), 9, 9),
    "set head back": (run("UPDATE audit_heads SET size = 8"), 9, 9),
    "edit head": (run("UPDATE audit_heads SET head = hex(1)"), 9, 9),
    "nothing": (run(), None, None),
}  # fmt: skip


@pytest.mark.parametrize("tampering", TAMPERINGS)
async def test_the_first_bad_row_is_named(tampering: str, trail: Trail) -> None:
    change, alone, with_export = TAMPERINGS[tampering]
    lines = trail.exported.read_text().splitlines()
    assert tuple(Checkpoint.from_line(line).size for line in lines) == SIGNED_AT
    trail.tamper(change)

    found = (await trail.first_bad(with_export=False), await trail.first_bad(with_export=True))

    assert found == (alone, with_export)


async def test_a_missing_row_is_called_missing(trail: Trail) -> None:
    trail.tamper(run("DELETE FROM audit_rows WHERE seq = 5"))

    report = await verify(trail.database, trail.key.public)

    assert report.first_bad == BadRow("default", 5, "row 5 is missing")


async def test_a_checkpoint_of_another_key_is_found(trail: Trail) -> None:
    stolen = Checkpoint.from_line(trail.exported.read_text().splitlines()[2])
    forged = replace(stolen, root="0" * 64).signed(Ed25519PrivateKey.generate()).to_line()
    trail.tamper(
        lambda sql: sql.execute("UPDATE audit_checkpoints SET note = ? WHERE size = 6", (forged,))
    )

    report = await verify(trail.database, trail.key.public)

    assert report.first_bad == BadRow("default", 6, "its checkpoint is not signed by this key")


async def test_a_checkpoint_moved_to_another_place_is_found(trail: Trail) -> None:
    trail.tamper(run("UPDATE audit_checkpoints SET size = 5 WHERE size = 6"))

    assert await trail.first_bad(with_export=False) == 6


async def test_a_line_that_a_crash_left_unfinished_is_no_evidence(trail: Trail) -> None:
    with trail.exported.open("a") as file:
        file.write('{"tenant":"def')

    assert await trail.first_bad(with_export=True) is None


async def test_missing_exported_checkpoints_are_no_success(trail: Trail) -> None:
    trail.exported.unlink()

    with pytest.raises(NotFoundError):
        await trail.first_bad(with_export=True)


async def test_the_end_of_a_chain_is_told_without_reading_it_whole(trail: Trail) -> None:
    state = await AuditTrail(trail.database).state(DEFAULT_TENANT)

    assert (state.rows, state.signed_rows, state.problem) == (ROWS, ROWS, None)
    assert state.last_at is not None
    assert state.signed_at is not None


async def test_a_tenant_without_rows_has_an_end_too(trail: Trail) -> None:
    state = await AuditTrail(trail.database).state(TenantId("nobody"))

    assert state == AuditState(0, None, 0, None, None)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("DELETE FROM audit_rows WHERE seq = 9", "the head says 9 rows"),
        ("UPDATE audit_rows SET seq = 10 WHERE seq = 9", "the head says 9 rows"),
        ("UPDATE audit_rows SET hash = '00' WHERE seq = 9", "the head says 9 rows"),
        ("UPDATE audit_heads SET size = 8", "the head says 8 rows"),
        ("UPDATE audit_heads SET head = '00'", "the head says 9 rows"),
        ("DELETE FROM audit_heads", "the head of the chain is gone"),
        ("UPDATE audit_checkpoints SET size = 8 WHERE size = 9", "row 8 is not the one"),
        ("UPDATE audit_checkpoints SET note = 'x' WHERE size = 9", "row 9 is not the one"),
    ],
)
async def test_ends_of_a_chain_that_do_not_agree_are_told(
    trail: Trail, change: str, problem: str
) -> None:
    trail.tamper(lambda sql: sql.execute(change))

    state = await AuditTrail(trail.database).state(DEFAULT_TENANT)

    assert (state.problem or "").startswith(problem)
