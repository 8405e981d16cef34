"""`switchgear writes` as operators and scripts meet it."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from till_server import SETTLED_S, Till, serving_till, till_part
from typer.testing import CliRunner, Result

from switchgear_shared import server
from switchgear_shared.cli import app
from switchgear_shared.commands import writes


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Till:
    """A till with a write whose end nobody knows, served to the commands."""
    till = Till("silent_before", is_vague=True)

    async def lose() -> None:
        async with serving_till(tmp_path, till) as suite:
            await suite.refusal()

    asyncio.run(lose())
    till.mood = "well"
    point = SimpleNamespace(load=lambda: lambda context: till_part(context.database("till"), till))
    for module in (server, writes):
        monkeypatch.setattr(module, "installed_servers", lambda: {"till": point})
    monkeypatch.delenv("SWITCHGEAR_TEST_DATABASE_URL", raising=False)
    for name, value in (("DATA", tmp_path), ("SETTLE_S", SETTLED_S), ("ATTEMPT_TIMEOUT_S", 1)):
        monkeypatch.setenv(f"SWITCHGEAR_{name}", str(value))
    scope = ("--scope", "till.unresolved_write.*")
    command("agents", "add", "keeper", "--kind", "person", "--role", "operator", *scope)
    asyncio.run(asyncio.sleep(SETTLED_S))
    return till


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def said(*arguments: str) -> Any:
    result = command("writes", *arguments, "--as", "keeper", "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_writes_of_unknown_end_are_listed_and_told(till: Till) -> None:
    [write] = said("list")
    table = command("writes", "list", "--as", "keeper").stdout
    preview = said("not-done", "till", write["id"], "--reason", "looked", "--dry-run")
    told = said("not-done", "till", write["id"], "--reason", "looked")

    assert (write["server"], write["tool"]) == ("till", "till_take_coins")
    assert write["id"] in table
    assert preview["preview"]["effects"][0]["after"]["state"] == "not_done"
    assert (told["id"], told["state"], told["changed"]) == (write["id"], "not_done", True)
    assert said("list", "--server", "till") == []
    assert till.taken == []


def test_a_write_is_told_done_by_a_record_that_is_there(till: Till) -> None:
    [write] = said("list")
    done = ("writes", "done", "till", write["id"], "--reason", "looked", "--record", "slip-9")
    refused = command(*done, "--as", "keeper")
    till.records["slip-9"] = 5
    told = command(*done, "--as", "keeper", "--json")

    assert (refused.exit_code, refused.stderr.split(":")[0]) == (1, "conflict")
    assert (told.exit_code, json.loads(told.stdout)["state"]) == (0, "done")


def test_who_is_no_operator_tells_nothing(till: Till) -> None:
    refused = command("writes", "list", "--as", "back-office")

    assert (refused.exit_code, refused.stderr.split(":")[0]) == (1, "policy_denied")
    assert till.taken == []
