"""A suite that is told to stop ends whole: its servers, its broker and itself."""

import asyncio
import fcntl
import json
import os
import re
import signal
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from switchgear_shared.testing import until


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
async def test_a_suite_of_many_processes_leaves_none_behind(
    tmp_path: Path, told: signal.Signals
) -> None:
    data = tmp_path / "data"
    process = await started(data)
    try:
        assert process.stdout is not None
        greeting = await asyncio.wait_for(process.stdout.readuntil(b"Ready when"), 60)
        found = re.search(rb"http://127\.0\.0\.1:\d+", greeting)
        assert found is not None
        await until(lambda: is_ready(found.group().decode()), timeout_s=90, every_s=0.2)

        process.send_signal(told)

        assert await asyncio.wait_for(process.wait(), 30) == 0
        await until(lambda: is_gone(process.pid), timeout_s=10)
        broker = urlsplit(json.loads((data / "broker" / "endpoint.json").read_text())["url"])
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(broker.hostname, broker.port)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


@pytest.mark.parametrize("told", [signal.SIGKILL, signal.SIGTERM])
async def test_a_suite_that_ends_before_it_is_ready_leaves_none_behind(
    tmp_path: Path, told: signal.Signals
) -> None:
    """Its servers have begun, and may start the broker anew when the one they had goes."""
    data = tmp_path / "data"
    process = await started(data)
    try:
        await until(lambda: is_there(data / "crm.db"), timeout_s=60, every_s=0.02)

        process.send_signal(told)

        await asyncio.wait_for(process.wait(), 30)
        await until(lambda: is_gone(process.pid), timeout_s=15)
        await until(lambda: is_free(data / "broker" / "owner.lock"), timeout_s=5)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def started(data: Path) -> asyncio.subprocess.Process:
    command = ("-m", "switchgear_shared.cli", "up", "--isolate", "--port", "0", "--data", str(data))
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )


async def is_there(path: Path) -> bool | None:
    return await asyncio.to_thread(path.exists) or None


async def is_free(lock: Path) -> bool | None:
    """Say whether no broker has the lock."""
    with lock.open("rb+") as file, suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return None


async def is_ready(url: str) -> bool | None:
    async with httpx2.AsyncClient(timeout=5) as http:
        with suppress(httpx2.HTTPError):
            return (await http.get(f"{url}/readyz")).status_code == 200 or None
    return None


async def is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False
