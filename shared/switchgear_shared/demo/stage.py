"""The stage of the story: real server processes on a temporary data directory."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncGenerator, Generator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from switchgear_shared.errors import BackendUnavailableError
from switchgear_shared.part import AUDIENCE, installed_servers
from switchgear_shared.serving import hosting
from switchgear_shared.settings import Settings
from switchgear_shared.suite import Suite
from switchgear_shared.testing import until

REGISTRY = "registry"
_READY_S = 120.0
_QUICK = {
    "delivery_attempts": 3,
    "delivery_delay_s": 0.2,
    "delivery_ack_wait_s": 2,
    "attempt_timeout_s": 5,
    "log_level": "warning",
}
"""Retries that a reader has the patience for; everything else is as delivered."""
_NOT_OURS = ("SWITCHGEAR_DATABASE_URL", "SWITCHGEAR_NATS_URL", "SWITCHGEAR_PUBLIC_URL")


class Stage:
    """The suite as `switchgear up --isolate` runs it, with a hand on every process."""

    def __init__(self, folder: Path) -> None:
        for name in _NOT_OURS:
            os.environ.pop(name, None)
        self.folder = folder
        self.data = folder / "data"
        self._settings = Settings().model_copy(update={"data": self.data, **_QUICK})
        self._suite = Suite(
            self._settings, installed_servers(), demo_data=True, log_folder=folder / "logs"
        )
        self.url = self._suite.upstreams[REGISTRY]

    async def start(self) -> None:
        """Start every server and wait until each is ready."""
        await self._suite.start()
        await asyncio.gather(*(self._until_ready(name) for name in self._suite.children))

    async def launch(self, name: str) -> None:
        """Start one server again and wait until it is ready."""
        await self._suite.launch(name)
        await self._until_ready(name)

    async def kill(self, name: str) -> int:
        """Send SIGKILL to one server's process; return its process id."""
        child = self._suite.children[name]
        pid = child.pid or 0
        await self._suite.kill(name)
        return pid

    async def stop(self) -> None:
        """Stop every server."""
        await self._suite.stop()

    async def samples(self) -> Path:
        """Write the sample documents with the product's own command; return their folder."""
        folder = self.folder / "samples"
        await self.command("samples", str(folder), "--format", "ubl", "--format", "facturx")
        return folder

    async def command(self, *arguments: str) -> tuple[int, str]:
        """Run a `switchgear` command on this data directory; return its code and output."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "switchgear_shared.cli",
            *arguments,
            env={**os.environ, "SWITCHGEAR_DATA": str(self.data)},
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    async def tokens(self, agents: Iterable[str]) -> dict[str, str]:
        """Issue an access token for each agent."""
        async with hosting(self._settings, []) as (host, _):
            return {
                name: host.tokens.issue((await host.agents.get(name)).principal, AUDIENCE).token
                for name in agents
            }

    @asynccontextmanager
    async def agents(self, names: Iterable[str]) -> AsyncGenerator[Mapping[str, Agent]]:
        """Connect one MCP client an agent to the registry, over Streamable HTTP."""
        async with AsyncExitStack() as stack:
            connected: dict[str, Agent] = {}
            for name, token in (await self.tokens(names)).items():
                http = await stack.enter_async_context(
                    httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=30)
                )
                transport = streamable_http_client(f"{self.url}/mcp", http_client=http)
                connected[name] = Agent(await stack.enter_async_context(Client(transport)))
            yield connected

    def rows(self, server: str, query: str, *values: object) -> list[dict[str, Any]]:
        """Read a server's own tables, past every tool."""
        with sqlite3.connect(f"file:{self.data / server}.db?mode=ro", uri=True) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]

    def change(self, server: str, statement: str, *values: object) -> None:
        """Write to a server's tables behind its back."""
        with sqlite3.connect(self.data / f"{server}.db", timeout=20) as connection:
            connection.execute(statement, values)

    @contextmanager
    def held(self, server: str) -> Generator[None]:
        """Hold a server's database so that its next write has to wait in mid-transaction."""
        connection = sqlite3.connect(self.data / f"{server}.db", isolation_level=None, timeout=20)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield
        finally:
            connection.close()

    async def _until_ready(self, name: str) -> None:
        child = self._suite.children[name]
        async with httpx2.AsyncClient(timeout=2) as http:
            try:
                await until(lambda: _is_ready(http, child.url), timeout_s=_READY_S, every_s=0.05)
            except TimeoutError as error:
                raise BackendUnavailableError(f"{name} was not ready in {_READY_S:g} s") from error


class Agent:
    """An MCP client's view of the suite: tools by name, answers as dictionaries."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool; an error answers `{"error": <its text>}`."""
        result = await self.client.call_tool(tool, arguments)
        if result.is_error:
            return {"error": getattr(result.content[0], "text", "")}
        return result.structured_content or {}


async def _is_ready(http: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/readyz")).status_code == HTTPStatus.OK
    except httpx2.HTTPError:
        return False
