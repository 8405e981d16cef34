"""An isolated suite under fire: what kills its processes, and what looks at it from outside."""

import os
import random
import signal
import sqlite3
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from chaos.wire import post
from switchgear_shared.part import AUDIENCE
from switchgear_shared.serving import hosting
from switchgear_shared.settings import Settings
from switchgear_shared.suite import Suite
from switchgear_shared.testing import settings_for, until
from switchgear_shared.transports.results import ERROR_KEY


def quick_to_recover(data: Path, **changes: Any) -> Settings:
    """Return settings under which a suite is over its kills in seconds."""
    quick: dict[str, Any] = {
        "delivery_attempts": 10,
        "delivery_delay_s": 0.3,
        "delivery_longest_delay_s": 3,
        "attempt_timeout_s": 5,
        "rate_limit": "100000/minute",
        "log_level": "warning",
    }
    return settings_for(data, **{**quick, **changes})


def kill_one(suite: Suite, chance: random.Random, killed: Counter[str]) -> None:
    """Kill a server with its handlers and relay, the broker, or a reader of documents."""
    name = chance.choice([*suite.children, "broker", "reader"])
    if name in suite.children:
        pids = [pid] if (pid := suite.children[name].pid) else []
    else:
        wanted = "nats-server" if name == "broker" else "reading.worker"
        servers = [child.pid for child in suite.children.values() if child.pid]
        pids = [pid for pid in _descendants(servers) if wanted in _command(pid)]
    if pids:
        with suppress(ProcessLookupError):
            os.kill(chance.choice(pids), signal.SIGKILL)
            killed[name] += 1


async def call(http: httpx2.AsyncClient, url: str, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return what a tool answered; ConnectError where nothing usable came, as in a kill.

    A refusal is an AssertionError: whoever calls here may do what they ask for.
    """
    answer = await post(http, url, tool, arguments)
    if not answer.is_success:
        raise httpx2.ConnectError(f"{tool} answered {answer.status_code}")
    result = answer.json()["result"]
    if not result.get("isError"):
        return result["structuredContent"]
    error = result["_meta"][ERROR_KEY]
    assert error["retryable"] or error["code"] == "conflict", error
    raise httpx2.ConnectError(error["message"])


async def submit(http: httpx2.AsyncClient, url: str, file: tuple[str, bytes, str]) -> str:
    """Hand a document in, again until it is taken; return its correlation ID."""
    key = uuid4().hex

    async def look() -> str | None:
        with suppress(httpx2.HTTPError):
            answer = await http.post(
                f"{url}/api/v1/documents", files={"file": file}, headers={"Idempotency-Key": key}
            )
            if answer.status_code == 202:
                return answer.json()["correlation_id"]
        return None

    return await until(look, timeout_s=300, every_s=0.2)


async def replay_all(http: httpx2.AsyncClient, url: str) -> int:
    """Replay the dead letters there are, as an operator would; return how many were."""
    replayed = 0
    with suppress(httpx2.HTTPError):
        for letter in (await call(http, url, "documents_list_dead_letters"))["items"]:
            answer = await call(http, url, "documents_replay_dead_letter", id=letter["id"])
            replayed += bool(answer.get("changed"))
    return replayed


async def tokens(settings: Settings, *agents: str) -> list[str]:
    """Return a token of each."""
    async with hosting(settings, []) as (host, _):
        found = [await host.agents.get(name) for name in agents]
        return [host.tokens.issue(agent.principal, AUDIENCE).token for agent in found]


async def until_ready(url: str) -> None:
    """Wait until a server says that it is."""
    async with httpx2.AsyncClient(timeout=2) as http:

        async def look() -> bool | None:
            with suppress(httpx2.HTTPError):
                return (await http.get(f"{url}/readyz")).status_code == 200 or None
            return None

        await until(look, timeout_s=180, every_s=0.1)


def rows(settings: Settings, server: str, query: str) -> list[tuple[Any, ...]]:
    """Return what a query of a server's own database finds."""
    file = settings.data / f"{server}.db"
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=20) as connection:
        return connection.execute(query).fetchall()


def _descendants(pids: list[int]) -> list[int]:
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                parents[int(entry.name)] = int(fields[1])
    found = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - set(pids))


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
