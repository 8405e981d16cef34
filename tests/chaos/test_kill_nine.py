"""A hundred invoices flow while twenty processes are killed: posted once each, none lost."""

import asyncio
import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from switchgear_documents.commands import spec_of
from switchgear_documents.samples import to_ubl
from switchgear_shared.commands.audit import verified
from switchgear_shared.demo_company import demo_company, small_invoices
from switchgear_shared.part import AUDIENCE, installed_servers
from switchgear_shared.serving import hosting
from switchgear_shared.settings import Settings
from switchgear_shared.suite import Suite
from switchgear_shared.testing import settings_for, until

DOCUMENTS = 100
KILLS = 20
PATIENCE_S = 420
SEED = int(os.environ.get("SWITCHGEAR_CHAOS_SEED", "20261123"))

pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(sys.platform != "linux", reason="finds a process's children in /proc"),
]


async def test_a_hundred_invoices_are_posted_once_through_twenty_kills(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(
        tmp_path / "data",
        delivery_attempts=10,
        delivery_delay_s=0.3,
        delivery_longest_delay_s=3,
        delivery_ack_wait_s=3,
        attempt_timeout_s=5,
        rate_limit="100000/minute",
        log_level="warning",
    )
    suite = Suite(settings, installed_servers(), demo_data=True, log_folder=tmp_path / "logs")
    invoices = small_invoices(demo_company())[:DOCUMENTS]
    bodies = {f"{invoice.number}.xml": to_ubl(spec_of(invoice)) for invoice in invoices}
    killed: Counter[str] = Counter()

    await suite.start()
    try:
        await asyncio.gather(*(_until_ready(url) for url in suite.upstreams.values()))
        token, operator = await _tokens(settings)
        flowing = asyncio.create_task(_submit_all(suite.upstreams["documents"], token, bodies))
        await _kill_at_random(suite, killed)
        correlations = await flowing
        replayed = await _until_all_posted(settings, suite.upstreams["documents"], operator)
    finally:
        await suite.stop()

    posted = _rows(
        settings, "erp", "SELECT document_id, state FROM invoices WHERE document_id <> ''"
    )
    documents = _rows(settings, "documents", "SELECT id, state, correlation_id FROM documents")
    entries = _rows(
        settings,
        "erp",
        "SELECT e.invoice_id FROM journal_entries e JOIN invoices i ON i.id = e.invoice_id "
        "WHERE i.document_id <> ''",
    )
    report = await verified(settings, checkpoints=None, key=None)
    with capsys.disabled():
        sys.stdout.write(
            f"\nkilled {dict(killed)}; {len(posted)} posted, {replayed} replayed; {report}\n"
        )

    assert sum(killed.values()) == KILLS
    assert Counter(state for _, state in posted) == {"posted": DOCUMENTS}
    assert {document for document, _ in posted} == {identifier for identifier, _, _ in documents}
    assert len(entries) == len(set(entries)) == DOCUMENTS
    assert Counter(state for _, state, _ in documents) == {"filed": DOCUMENTS}
    assert {correlation for _, _, correlation in documents} == correlations
    assert (report["ok"], report["first_bad"]) == (True, None)


async def _submit_all(url: str, token: str, bodies: dict[str, bytes]) -> set[str]:
    """Hand every document in, again until it is taken; return the correlation IDs answered."""
    correlations: set[str] = set()
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=10) as http:
        for name, body in bodies.items():

            async def look(name: str = name, body: bytes = body) -> str | None:
                with suppress(httpx2.HTTPError):
                    answer = await http.post(
                        f"{url}/api/v1/documents", files={"file": (name, body, "application/xml")}
                    )
                    if answer.status_code == 202:
                        return answer.json()["correlation_id"]
                return None

            correlations.add(await until(look, timeout_s=PATIENCE_S, every_s=0.2))
            await asyncio.sleep(0.15)
    return correlations


async def _kill_at_random(suite: Suite, killed: Counter[str]) -> None:
    chance = random.Random(SEED)  # noqa: S311 - chaos, not cryptography
    while sum(killed.values()) < KILLS:
        await asyncio.sleep(chance.uniform(0.5, 2.5))
        name = chance.choice([*suite.children, "broker", "reader"])
        pids = (
            [child.pid for child in suite.children.values() if child.pid]
            if name in ("broker", "reader")
            else [pid]
            if (pid := suite.children[name].pid)
            else []
        )
        if name == "broker":
            pids = [pid for pid in _descendants(pids) if "nats-server" in _command(pid)]
        elif name == "reader":
            pids = [pid for pid in _descendants(pids) if "reading.worker" in _command(pid)]
        if pids:
            with suppress(ProcessLookupError):
                os.kill(chance.choice(pids), signal.SIGKILL)
                killed[name] += 1


async def _until_all_posted(settings: Settings, url: str, operator: str) -> int:
    """Wait for the hundredth posting, replaying dead letters as an operator would."""
    headers = {
        "Authorization": f"Bearer {operator}",
        "Accept": "application/json, text/event-stream",
        "MCP-Protocol-Version": "2026-07-28",
    }
    replayed = 0
    async with httpx2.AsyncClient(headers=headers, timeout=10) as http:

        async def look() -> bool | None:
            nonlocal replayed
            states = _rows(settings, "documents", "SELECT state FROM documents")
            if Counter(states) == {("filed",): DOCUMENTS}:
                return True
            with suppress(httpx2.HTTPError, KeyError):
                for letter in (await _call(http, url, "documents_list_dead_letters"))["items"]:
                    answer = await _call(http, url, "documents_replay_dead_letter", id=letter["id"])
                    replayed += bool(answer.get("changed"))
            return None

        await until(look, timeout_s=PATIENCE_S, every_s=1)
    return replayed


async def _call(http: httpx2.AsyncClient, url: str, tool: str, **arguments: str) -> dict[str, Any]:
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "operator", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    answer = await http.post(
        f"{url}/documents/mcp",
        headers={"Mcp-Method": "tools/call", "Mcp-Name": tool},
        json={
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": tool, "arguments": arguments, "_meta": meta},
        },
    )
    return answer.json()["result"]["structuredContent"]


async def _tokens(settings: Settings) -> tuple[str, str]:
    async with hosting(settings, []) as (host, _):
        found = [await host.agents.get(name) for name in ("assistant", "operator")]
        first, second = (host.tokens.issue(agent.principal, AUDIENCE).token for agent in found)
        return first, second


async def _until_ready(url: str) -> None:
    async with httpx2.AsyncClient(timeout=2) as http:

        async def look() -> bool | None:
            with suppress(httpx2.HTTPError):
                return (await http.get(f"{url}/readyz")).status_code == 200 or None
            return None

        await until(look, timeout_s=180, every_s=0.1)


def _rows(settings: Settings, server: str, query: str) -> list[tuple[str, ...]]:
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
