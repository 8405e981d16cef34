"""The audit trail's appender: committed, in order, by several processes, through kills."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from engines import ENGINES, place
from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId
from switchgear_shared.errors import AuditUnavailableError
from switchgear_shared.governance.audit import Audit, AuditEvent
from switchgear_shared.governance.audit_chain import Checkpoint
from switchgear_shared.governance.audit_trail import AuditState, AuditTrail
from switchgear_shared.governance.audit_verify import Report, verify
from switchgear_shared.governance.keys import CheckpointKey
from switchgear_shared.governance.store import migrate_audit
from switchgear_shared.storage.database import Database
from switchgear_shared.testing import until

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=ENGINES)
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Database]:
    async with place(request.param, "audit", tmp_path) as chosen:
        database = chosen.open()
        await migrate_audit(database)
        yield database


def an_event(number: int = 1, **changes: Any) -> AuditEvent:
    facts: dict[str, Any] = {
        "kind": "intent",
        "server": "erp",
        "tool": "erp_post_invoice",
        "principal": "workflows",
        "requested_by": "clerk",
        "correlation_id": f"cor_{number}",
        "time": START,
        "arguments": {"invoice_id": f"inv_{number}"},
        "policy_ids": ("service",),
    }
    return AuditEvent(**{**facts, **changes})


async def report(database: Database, data: Path) -> Report:
    return await verify(database, CheckpointKey(data).public, data / "audit" / "checkpoints.jsonl")


async def numbers(database: Database) -> list[int]:
    lines = [line async for line in AuditTrail(database).export(DEFAULT_TENANT)]
    bodies = [orjson.loads(orjson.loads(line)["body"]) for line in lines]
    return [int(body["correlation_id"].removeprefix("cor_")) for body in bodies]


async def test_what_was_appended_is_found_whole(database: Database, tmp_path: Path) -> None:
    audit = Audit(database, tmp_path)
    await audit.append(an_event(1))
    await audit.append(an_event(1, kind="outcome", outcome="ok", approval_id="apr_1"))
    await audit.append(an_event(2, tenant=TenantId("other")))
    await audit.close()

    trail = AuditTrail(database)
    first, second = await trail.find(DEFAULT_TENANT, "cor_1")
    assert (first.seq, first.event["kind"], first.event["arguments"]) == (
        1,
        "intent",
        {"invoice_id": "inv_1"},
    )
    assert (second.event["outcome"], second.event["approval_id"]) == ("ok", "apr_1")
    assert await trail.find_recent(DEFAULT_TENANT) == (second, first)
    assert await trail.find_recent(DEFAULT_TENANT, before_seq=2) == (first,)
    assert await trail.find_recent(DEFAULT_TENANT, kind="outcome") == (second,)
    assert await trail.find(DEFAULT_TENANT, "cor_2") == ()
    end = await trail.state(DEFAULT_TENANT)
    assert (end.rows, end.last_at, end.problem) == (2, second.time, None)
    assert await trail.state(TenantId("nobody")) == AuditState(0, None, 0, None, None)
    assert await report(database, tmp_path) == Report(ok=True, rows=3, first_bad=None)


async def test_events_are_chained_in_the_order_they_came(
    database: Database, tmp_path: Path
) -> None:
    audit = Audit(database, tmp_path)
    await asyncio.gather(
        *(
            audit.append(an_event(i)) if i % 3 else audit.append_soon(an_event(i))
            for i in range(300)
        )
    )
    await audit.flush()

    assert await numbers(database) == list(range(300))
    await audit.close()
    assert await report(database, tmp_path) == Report(ok=True, rows=300, first_bad=None)


async def test_odd_text_is_kept_and_verifies(database: Database, tmp_path: Path) -> None:
    audit = Audit(database, tmp_path)
    odd = "nul \0 line\u2028 \ud800 " + "x" * 500
    await audit.append(
        an_event(1, tool=odd, correlation_id=odd, arguments={"text": odd, "number": 10**30})
    )
    await audit.close()

    (record,) = await AuditTrail(database).find_recent(DEFAULT_TENANT)
    assert record.event["arguments"] == {"text": odd, "number": 10**30}
    assert await report(database, tmp_path) == Report(ok=True, rows=1, first_bad=None)


async def test_a_write_is_refused_while_the_trail_cannot_be_written(
    database: Database, tmp_path: Path
) -> None:
    """A read's event waits for better times; a write's announcement is not made up later."""
    audit = Audit(database, tmp_path, retry_s=0.01)
    await audit.append(an_event(1))
    await rename(database, "audit_rows", "gone")

    await audit.append_soon(an_event(2))
    with pytest.raises(AuditUnavailableError):
        await audit.append(an_event(3))
    with pytest.raises(AuditUnavailableError):
        await audit.flush()

    await rename(database, "gone", "audit_rows")
    await audit.append(an_event(4))
    assert await numbers(database) == [1, 2, 4]
    await audit.close()
    assert await report(database, tmp_path) == Report(ok=True, rows=3, first_bad=None)


async def test_closing_says_what_could_not_be_committed(database: Database, tmp_path: Path) -> None:
    audit = Audit(database, tmp_path)
    await rename(database, "audit_rows", "gone")
    await audit.append_soon(an_event(1))

    with pytest.raises(AuditUnavailableError, match="1 audit events were not committed"):
        await audit.close()
    with pytest.raises(AuditUnavailableError, match="is closed"):
        await audit.append(an_event(2))


async def test_a_full_queue_makes_readers_wait_and_drops_nothing(
    database: Database, tmp_path: Path
) -> None:
    audit = Audit(database, tmp_path, capacity=3, retry_s=0.01)
    await rename(database, "audit_rows", "gone")
    for i in range(3):
        await audit.append_soon(an_event(i))
    fourth = asyncio.create_task(audit.append_soon(an_event(3)))
    with pytest.raises(AuditUnavailableError):
        await audit.append(an_event(9))

    assert not fourth.done()
    await rename(database, "gone", "audit_rows")
    await fourth
    await audit.close()
    assert await numbers(database) == [0, 1, 2, 3]


async def test_an_event_joins_no_unit_of_work_of_its_caller(
    database: Database, tmp_path: Path
) -> None:
    """Else whoever comes first and rolls back would take the trail with it."""
    audit = Audit(database, tmp_path)

    async def roll_back() -> None:
        async with database.unit_of_work():
            await audit.append_soon(an_event(1))
            raise RuntimeError("rolled back")

    with pytest.raises(RuntimeError, match="rolled back"):
        await roll_back()
    await audit.append(an_event(2))

    await audit.close()
    assert await numbers(database) == [1, 2]


async def test_checkpoints_are_exported_signed_as_time_passes_and_at_the_end(
    database: Database, tmp_path: Path
) -> None:
    clock = Clock()
    audit = Audit(database, tmp_path, clock=clock, checkpoint_s=60, now=lambda: START)
    for i in range(1, 6):
        clock.now += 20
        await audit.append(an_event(i))
    await audit.close()

    lines = (tmp_path / "audit" / "checkpoints.jsonl").read_text().splitlines()
    checkpoints = [Checkpoint.from_line(line) for line in lines]
    assert [checkpoint.size for checkpoint in checkpoints] == [1, 4, 5]
    assert all(checkpoint.holds(CheckpointKey(tmp_path).public) for checkpoint in checkpoints)


async def test_an_idle_chain_is_checkpointed_without_another_event(
    database: Database, tmp_path: Path
) -> None:
    audit = Audit(database, tmp_path, checkpoint_s=0.01, clock=Clock(), now=lambda: START)
    await audit.append(an_event(1))
    await audit.append(an_event(2))

    async def last() -> bool | None:
        async with database.reading() as session:
            sizes = await session.scalars(text("SELECT size FROM audit_checkpoints"))
            return 2 in sizes.all() or None

    assert await until(last)
    await audit.close()


async def rename(database: Database, old: str, new: str) -> None:
    async with database.writing() as session:
        await session.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))
