"""Records by command, while the suite runs: held, listed, released, approved, erased."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from documents.test_erasure import doubtful, finished, rejected, said
from journeys.desk import Samples, opened
from switchgear_shared.cli import app

pytestmark = pytest.mark.asyncio(loop_scope="session")

WORD = "Mustermann"


async def test_a_document_is_held_released_and_erased_by_command(
    own_data: Path, samples: Samples
) -> None:
    async def command(*arguments: str) -> tuple[int, str]:
        given = [*arguments, "--data", str(own_data)]
        result = await asyncio.to_thread(CliRunner().invoke, app, given)
        return result.exit_code, result.output

    async with opened(own_data) as desk:
        receipt = await rejected(desk, await doubtful(desk, samples))
        identifier = receipt["id"]
        erase = ("documents", "erase", identifier, "--reason", "asked to")

        code, text = await command("documents", "hold", identifier, "--reason", "x against y")
        hold = json.loads(text)
        assert (code, hold["state"]) == (0, "standing")
        assert hold["id"] in (await command("documents", "holds"))[1]
        code, text = await command(*erase, "--dry-run")
        assert (code, hold["id"] in text) == (1, True)
        code, text = await command("documents", "release", identifier, "--reason", "over", "--json")
        assert (code, json.loads(text)["state"]) == (0, "released")
        assert "none" in (await command("documents", "holds"))[1]

        code, text = await command(*erase)
        assert (code, "approval_required" in text) == (1, True)
        approval = text.split("approval ")[-1].split()[0]
        await command("approvals", "decide", approval, "approve", "--as", "finance")
        code, text = await command(*erase, "--json")
        assert (code, json.loads(text)["erased_ids"]) == (0, [identifier])
        await finished(own_data, identifier)
        assert said(own_data, WORD) == []
        assert (await command("audit", "verify"))[0] == 0


async def test_the_schedule_is_shown_by_command(own_data: Path) -> None:
    result = await asyncio.to_thread(
        CliRunner(env={"SWITCHGEAR_DOCUMENT_RETENTION": '{"letter": "P10Y", "email": 90}'}).invoke,
        app,
        ["documents", "retention", "--data", str(own_data), "--json"],
    )

    periods = {row["document_type"]: row["period"] for row in json.loads(result.output)["items"]}
    assert periods == {"letter": "P10Y", "email": "P90D"}
