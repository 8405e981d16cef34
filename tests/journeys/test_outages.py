"""The broker is away for a while, or another process holds a database: nothing accepted is lost."""

import asyncio
import base64
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from journeys.desk import Desk, Samples, gross_of, opened
from switchgear_documents.samples import to_ubl
from switchgear_shared.messaging.server_process import packaged_binary
from switchgear_shared.storage import database as storage
from switchgear_shared.testing import free_port
from switchgear_shared.transports.results import ERROR_KEY

LOCK = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""
PATIENT: dict[str, Any] = {
    "delivery_attempts": 20,
    "delivery_delay_s": 0.2,
    "delivery_longest_delay_s": 1,
}


@asynccontextmanager
async def locked(database: Path) -> AsyncGenerator[None]:
    """Have another process hold the write lock of a database until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LOCK, str(database)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert await asyncio.wait_for(process.stdout.readline(), 20) == b"held\n"
        yield
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def broker(store: Path, port: int) -> AsyncGenerator[None]:
    """Run an outside broker on `store` until the block ends; it ends by a kill."""
    process = await asyncio.create_subprocess_exec(
        *(str(packaged_binary()), "--addr", "127.0.0.1", "--port", str(port)),
        *("--jetstream", "--store_dir", str(store)),
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("away_s", [3, pytest.param(60, marks=pytest.mark.chaos)])
async def test_while_the_broker_is_away_documents_are_taken_and_each_is_posted_once_after(
    own_data: Path, tmp_path: Path, away_s: float
) -> None:
    samples, port = Samples(), free_port()
    specs = [samples.small() for _ in range(4)]
    async with broker(tmp_path / "broker", port):
        desk_of = opened(own_data, nats_url=f"nats://127.0.0.1:{port}", **PATIENT)
        desk = await desk_of.__aenter__()
        under_way = [await desk.submit(to_ubl(spec)) for spec in specs[:2]]
    try:
        taken = [await desk.submit(to_ubl(spec)) for spec in specs[2:]]
        assert [(await desk.status(receipt))["state"] for receipt in taken] == ["received"] * 2
        assert (await desk.ask("erp_list_invoices", limit=1))["items"]
        await asyncio.sleep(away_s)
        async with broker(tmp_path / "broker", port):
            for receipt in (*under_way, *taken):
                assert (await desk.until(receipt, "filed"))["state"] == "filed"
            for spec in specs:
                assert await desk.booked(spec.number) == [("posted", gross_of(spec))]
            assert await desk.dead_letters() == []
    finally:
        await desk_of.__aexit__(None, None, None)


@pytest.fixture
async def impatient_desk(own_data: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Desk]:
    """A suite that waits for a database a third of a second, not twenty."""
    monkeypatch.setattr(storage, "_BUSY_TIMEOUT_MS", 300)
    async with opened(own_data, **PATIENT) as desk:
        yield desk


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("documents", "backend_unavailable"),
        ("audit", "audit_unavailable"),
    ],
)
async def test_a_write_that_cannot_be_kept_is_refused_and_the_same_key_does_it_once_after(
    impatient_desk: Desk, name: str, code: str
) -> None:
    desk, spec, key = impatient_desk, Samples().small(), uuid4().hex
    content = base64.b64encode(to_ubl(spec)).decode()
    async with locked(desk.running.host.settings.data / f"{name}.db"):
        refused = await desk.clients["assistant"].call_tool(
            "documents_submit",
            {"name": "invoice.xml", "content": content, "idempotency_key": key},
        )
        assert refused.is_error
        assert desk.stored() == []

    body = (refused.meta or {})[ERROR_KEY]
    assert (body["code"], body["retryable"], body["outcome"]) == (code, True, "not_done")
    receipts = [await desk.submit(to_ubl(spec), idempotency_key=key) for _ in range(2)]
    assert receipts[0]["id"] == receipts[1]["id"]
    assert (await desk.until(receipts[0], "filed"))["state"] == "filed"
    assert await desk.booked(spec.number) == [("posted", gross_of(spec))]


@pytest.mark.parametrize("name", ["erp", "workflows"])
async def test_an_accepted_document_waits_for_a_database_further_on(
    impatient_desk: Desk, name: str
) -> None:
    desk, spec = impatient_desk, Samples().small()
    async with locked(desk.running.host.settings.data / f"{name}.db"):
        receipt = await desk.submit(to_ubl(spec))
        await asyncio.sleep(3)
        assert (await desk.status(receipt))["state"] not in ("filed", "rejected")

    assert (await desk.until(receipt, "filed"))["state"] == "filed"
    assert await desk.booked(spec.number) == [("posted", gross_of(spec))]
    assert await desk.dead_letters() == []
