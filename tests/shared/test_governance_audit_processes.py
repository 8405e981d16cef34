"""The audit trail under several processes, and one that is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from engines import ENGINES, Place, place
from switchgear_shared.contracts.values import DEFAULT_TENANT
from switchgear_shared.governance.audit import Audit, AuditEvent
from switchgear_shared.governance.audit_trail import AuditTrail
from switchgear_shared.governance.audit_verify import Report, verify
from switchgear_shared.governance.keys import CheckpointKey
from switchgear_shared.governance.store import migrate_audit
from switchgear_shared.storage.database import Database

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture(params=ENGINES)
async def chain(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Place]:
    async with place(request.param, "audit", tmp_path) as chosen:
        await migrate_audit(chosen.open())
        yield chosen


@pytest.fixture
def database(chain: Place) -> Database:
    return chain.opened[0]


async def report(database: Database, data: Path) -> Report:
    return await verify(database, CheckpointKey(data).public, data / "audit" / "checkpoints.jsonl")


async def numbers(database: Database) -> list[int]:
    lines = [line async for line in AuditTrail(database).export(DEFAULT_TENANT)]
    bodies = [orjson.loads(orjson.loads(line)["body"]) for line in lines]
    return [int(body["correlation_id"].removeprefix("cor_")) for body in bodies]


APPENDER = """
import asyncio, sys
from pathlib import Path
from switchgear_shared.governance.audit import Audit, AuditEvent
from switchgear_shared.storage.database import Database

async def main(data, url, database, name, count):
    database = Database.at(database, data_dir=data, database_url=url or None)
    audit = Audit(database, data)
    sys.stdin.readline()
    for i in range(count):
        await audit.append(AuditEvent("intent", principal=name, correlation_id=f"cor_{i}"))
        print(i, flush=True)
    await audit.close()
    await database.close()

asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:5], int(sys.argv[5])))
"""


def an_appender(chain: Place, name: str, count: int) -> subprocess.Popen[str]:
    where = [str(chain.folder), chain.url or "", chain.name]
    return subprocess.Popen(
        [sys.executable, "-c", APPENDER, *where, name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()


async def test_two_processes_append_to_one_chain(
    chain: Place, database: Database, tmp_path: Path
) -> None:
    processes = [an_appender(chain, name, 100) for name in ("one", "two")]
    for process in processes:
        go(process)
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0

    found = await AuditTrail(database).find_recent(DEFAULT_TENANT, limit=300)
    for name in ("one", "two"):
        own = [
            record.event["correlation_id"] for record in found if record.event["principal"] == name
        ]
        assert own == [f"cor_{i}" for i in reversed(range(100))]
    assert await report(database, tmp_path) == Report(ok=True, rows=200, first_bad=None)


async def test_a_killed_appender_leaves_a_chain_that_holds_all_it_acknowledged(
    chain: Place, database: Database, tmp_path: Path
) -> None:
    process = an_appender(chain, "killed", 100_000)
    go(process)
    assert process.stdout
    for _ in range(40):
        process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    acknowledged = 40 + len(process.communicate(timeout=60)[0].splitlines())

    kept = await numbers(database)
    assert kept == list(range(len(kept)))
    assert len(kept) >= acknowledged
    assert (await report(database, tmp_path)).ok

    audit = Audit(database, tmp_path)
    await audit.append(AuditEvent("intent"))
    await audit.close()
    assert await report(database, tmp_path) == Report(ok=True, rows=len(kept) + 1, first_bad=None)
