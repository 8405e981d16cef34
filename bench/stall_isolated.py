"""What a hung system does to the others where each server has a process of its own.

`switchgear up --isolate` runs with the inventory over a stand-in for Tryton on loopback, which
answers at once in one phase and takes every request without an answer in the other. Both phases
have the same clients at the CRM and 64 callers at the inventory, all over HTTP.
Run: `.venv/bin/python bench/stall_isolated.py [SECONDS]`.
"""

import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2

from switchgear_shared.testing import free_port, until
from switchgear_shared.transports.results import ERROR_KEY

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 8.0
ROUNDS = 3
CRM_CLIENTS = 4
OTHER_CLIENTS = 64
META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}

is_hung = threading.Event()
is_over = threading.Event()


class EmptyTryton(BaseHTTPRequestHandler):
    """A company without items: enough for a search, in Tryton's words."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a REST search with no records."""
        self._answer([])

    def do_POST(self) -> None:
        """Answer a login with a session, and a count with none."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if body:  # else the caller gave up
            is_login = b'"common.db.login"' in body
            self._answer({"id": 0, "result": [1, "token", None] if is_login else 0})

    def _answer(self, body: Any) -> None:
        while is_hung.is_set() and not is_over.is_set():
            time.sleep(0.05)
        data = json.dumps(body).encode()
        with suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
        """Say nothing."""


class Stand(ThreadingHTTPServer):
    """The stand-in's door: what hangs in it does not keep the bench from ending."""

    daemon_threads = True
    request_queue_size = 256


@asynccontextmanager
async def suite(folder: Path, tryton: str) -> AsyncGenerator[tuple[str, str]]:
    """Run the suite in processes, and give its URL and a token."""
    port = free_port()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("SWITCHGEAR_")},
        "SWITCHGEAR_DATA": str(folder),
        "SWITCHGEAR_RATE_LIMIT": "100000000/minute",
        "SWITCHGEAR_ATTEMPT_TIMEOUT_S": "1",
        "SWITCHGEAR_CALL_TIMEOUT_S": "2",
        "SWITCHGEAR_LOG_LEVEL": "error",
        "SWITCHGEAR_INVENTORY_BACKEND": "tryton",
        "SWITCHGEAR_TRYTON_URL": tryton,
        "SWITCHGEAR_TRYTON_USER": "bench",
        "SWITCHGEAR_TRYTON_PASSWORD": "bench",
        "SWITCHGEAR_TRYTON_KEY": "bench",
    }
    command = [sys.executable, "-m", "switchgear_shared.cli"]
    process = await asyncio.create_subprocess_exec(
        *command,
        *("up", "--isolate", "--demo-data", "--port", str(port)),
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx2.AsyncClient(timeout=5) as http:

            async def look() -> bool | None:
                with suppress(httpx2.HTTPError):
                    ready = await http.get(f"http://127.0.0.1:{port}/readyz")
                    return ready.status_code == 200 or None
                return None

            await until(look, timeout_s=120, every_s=0.3)
        issue = await asyncio.create_subprocess_exec(
            *command,
            *("token", "issue", "assistant", "--data", str(folder), "--ttl", "3600", "--json"),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
        )
        told, _ = await issue.communicate()
        yield f"http://127.0.0.1:{port}", json.loads(told)["token"]
    finally:
        process.send_signal(signal.SIGTERM)
        await process.wait()


async def ask(http: httpx2.AsyncClient, tool: str, arguments: dict[str, Any]) -> str:
    """Return what the caller was told, in a word or two."""
    try:
        answer = await http.post(
            f"/{tool.split('_', 1)[0]}/mcp",
            headers={"Mcp-Method": "tools/call", "Mcp-Name": tool},
            json={
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": tool, "arguments": arguments, "_meta": META},
            },
        )
        result = answer.json()["result"]
    except (httpx2.HTTPError, ValueError, KeyError) as error:
        return type(error).__name__
    if result.get("isError"):
        return result["_meta"][ERROR_KEY]["code"]
    freshness = result["structuredContent"].get("freshness") or {}
    return "answer, stale" if freshness.get("stale") else "answer"


async def phase(http: httpx2.AsyncClient, told: Counter[str]) -> list[float]:
    """Return the CRM's latencies in ms, and count what the callers of the inventory are told."""
    until_s = time.perf_counter() + SECONDS
    taken: list[float] = []
    chance = random.Random(1)  # noqa: S311 - arrivals, not cryptography

    async def at_crm() -> None:
        while time.perf_counter() < until_s:
            started = time.perf_counter()
            answer = await ask(http, "crm_list_opportunities", {"limit": 5})
            assert answer == "answer", answer
            taken.append((time.perf_counter() - started) * 1000)
            await asyncio.sleep(0.05)

    async def at_inventory() -> None:
        while time.perf_counter() < until_s:
            await asyncio.sleep(chance.uniform(0, 4))
            told[await ask(http, "inventory_find_item", {"query": "valve"})] += 1

    others = (at_inventory() for _ in range(OTHER_CLIENTS))
    await asyncio.gather(*(at_crm() for _ in range(CRM_CLIENTS)), *others)
    return taken


async def main() -> None:
    """Measure and print."""
    door = Stand(("127.0.0.1", 0), EmptyTryton)
    threading.Thread(target=door.serve_forever, daemon=True).start()
    tryton = f"http://127.0.0.1:{door.server_address[1]}/bench"
    well: list[float] = []
    hung: list[float] = []
    told_well: Counter[str] = Counter()
    told_hung: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        async with suite(Path(folder), tryton) as (url, token):
            headers = {
                "Accept": "application/json, text/event-stream",
                "MCP-Protocol-Version": "2026-07-28",
                "Authorization": f"Bearer {token}",
            }
            limits = httpx2.Limits(max_connections=CRM_CLIENTS + OTHER_CLIENTS)
            async with httpx2.AsyncClient(
                base_url=url, headers=headers, timeout=10, limits=limits
            ) as http:
                await phase(http, Counter())
                for _ in range(ROUNDS):
                    is_hung.clear()
                    well += await phase(http, told_well)
                    is_hung.set()
                    hung += await phase(http, told_hung)
            is_over.set()
    door.shutdown()
    print(f"{'CRM, ms a call':28} {'calls':>7} {'p50':>7} {'p99':>7} {'max':>7}")
    for name, values in (("other system well", well), ("other system hung", hung)):
        ordered = sorted(values)
        p50, p99 = (ordered[int(len(ordered) * share)] for share in (0.5, 0.99))
        print(f"{name:28} {len(values):7} {p50:7.1f} {p99:7.1f} {ordered[-1]:7.1f}")
    for name, told in (("well", told_well), ("hung", told_hung)):
        print(f"told to the other system's callers, {name}: {dict(told)}")


if __name__ == "__main__":
    asyncio.run(main())
