"""The script that makes a Tryton, as people and other tests run it."""

import stat
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from live_tryton import Command, Connect

pytestmark = pytest.mark.live


def test_starting_twice_is_starting_once(tryton: dict[str, Any], tryton_script: Command) -> None:
    assert tryton_script("start") == tryton


def test_secrets_are_for_their_owner_only(tryton: dict[str, Any], tryton_script: Command) -> None:
    connection = Path(tryton_script("status")["connection"])
    secret = ("connection.json", "state.json", "trytond.conf")

    modes = {stat.S_IMODE((connection.parent / name).stat().st_mode) for name in secret}
    assert (modes, set(tryton)) == (
        {0o600},
        {"url", "user", "password", "key", "company", "clerk", "database", "port", "pid"},
    )


async def test_a_reset_puts_back_what_was_there(
    tryton: dict[str, Any], tryton_script: Command, connect: Connect
) -> None:
    before = connect()
    count = await before.call("party.party", "search_count", [])
    await before.call("party.party", "create", [{"name": "Passing by"}])

    again = tryton_script("reset")

    assert {**again, "pid": 0} == {**tryton, "pid": 0}
    assert await before.call("party.party", "search_count", []) == count


def test_what_is_stopped_is_gone_and_only_that(tryton_script: Command) -> None:
    pid = tryton_script("status")["pid"]

    tryton_script("stop")
    stopped = tryton_script("status")["pid"]
    tryton_script("stop")
    started = tryton_script("start")["pid"]

    assert stopped is None
    assert not _runs(pid)
    assert tryton_script("status")["pid"] == started


def test_another_holds_what_the_first_was_made_with_and_lives_apart(
    tryton: dict[str, Any], tryton_script: Command
) -> None:
    first = tryton_script("status")
    folder = Path(first["connection"]).parents[1]
    another = partial(tryton_script, backends=str(folder / "another"))

    another("init", "--like", str(folder))
    there = another("start")
    another("init", "--like", str(folder))
    stays = another("status")["pid"]
    another("stop")

    apart = {"url", "database", "port", "pid"}
    assert {key for key in tryton if there[key] != tryton[key]} == apart
    assert (stays, tryton_script("status")) == (there["pid"], first)


def _runs(pid: int) -> bool:
    """Whether it runs; one that ended and that its init has not collected yet does not."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return bool(state.strip()) and not state.startswith("Z")
