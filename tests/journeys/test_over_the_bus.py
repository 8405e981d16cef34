"""The example that asks a server over the bus, run beside a suite as its page says."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from journeys.desk import Desk

pytestmark = pytest.mark.asyncio(loop_scope="session")
EXAMPLE = Path(__file__).parents[2] / "examples/over_the_bus.py"


async def asked(desk: Desk, tool: str, arguments: str) -> tuple[int, str]:
    """Return how the example ended, and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(EXAMPLE), tool, arguments),
        env={**os.environ, "SWITCHGEAR_DATA": str(desk.running.host.settings.data)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode()


async def test_a_program_beside_the_suite_asks_and_its_question_can_be_traced(desk: Desk) -> None:
    code, said = await asked(desk, "inventory_get_stock", '{"sku": "TMP-1008"}')

    assert code == 0, said
    assert '"sku": "TMP-1008"' in said
    correlation_id = said.splitlines()[-1].rsplit(" ", 1)[1]
    trace = await desk.ask("documents_trace", by="operator", correlation_id=correlation_id)
    assert [(step["server"], step["by"]) for step in trace["steps"]] == [("inventory", "operator")]


async def test_what_nobody_answers_for_was_not_done(desk: Desk) -> None:
    code, said = await asked(desk, "bookkeeping_post", "{}")

    assert (code, said) == (
        1,
        "backend_unavailable: no process answers for bookkeeping (not_done)\n",
    )
