"""Order to cash and procure to pay, as the example plays them against a running suite."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from journeys.desk import Desk

SCRIPT = Path(__file__).parents[2] / "examples" / "trade.py"


@pytest.mark.asyncio(loop_scope="session")
async def test_the_back_office_sells_ships_and_is_paid_buys_receives_and_pays(desk: Desk) -> None:
    token = await desk.running.token("back-office")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        SCRIPT,
        env={**os.environ, "TOKEN": token, "SWITCHGEAR_URL": desk.running.url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(90):
        output, _ = await process.communicate()

    transcript = output.decode()
    assert process.returncode == 0, transcript
    assert [line.strip() for line in transcript.splitlines() if "✓" in line][-1] == (
        "✓ the books balance"
    )
    assert transcript.count("✓") == 8
