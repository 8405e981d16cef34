"""What a tool call costs: the bare SDK's tool beside ours, whole pipeline included, in one run.

Everything is in one process without sockets; figures are CPU time a call, the median of rounds
taken in turn. Run: `.venv/bin/python bench/calls.py [ROUNDS]`.
"""

import asyncio
import json
import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from pydantic import Field
from starlette.types import ASGIApp

from switchgear_shared.application import Application
from switchgear_shared.calls.call import Request
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.values import CorrelationId
from switchgear_shared.governance.agents import Agent
from switchgear_shared.part import AUDIENCE, Part
from switchgear_shared.runtime import Runtime, new_host
from switchgear_shared.settings import Settings
from switchgear_shared.toolset import Toolset

CALLS = 400
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 7


class Pong(Contract):
    """A small answer."""

    sku: str
    on_hand: int


bench = Toolset[None]()


@bench.read(permission="bench.item.read")
async def bench_get_item(
    _backend: None, sku: Annotated[str, Field(min_length=1, description="Any.")]
) -> Pong:
    """Answer at once. Never fails."""
    return Pong(sku=sku, on_hand=7)


def bare_server() -> MCPServer:
    """Return the SDK's own server with the same tool and nothing else."""
    server = MCPServer("bare")

    @server.tool()
    async def bench_get_item(sku: str) -> Pong:
        return Pong(sku=sku, on_hand=7)

    _ = bench_get_item
    return server


async def main() -> None:
    """Measure and print the table."""
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings().model_copy(
            update={"data": Path(folder), "rate_limit": "100000000/minute", "database_url": None}
        )
        host, broker = new_host(settings)
        await host.open([])
        await host.agents.add(Agent("bench", "agent", (), ("bench.*",)))
        part = Part(
            name="bench",
            title="Bench",
            instructions="",
            toolset=bench,
            backend=None,
            database=None,
        )
        await host.add(part)
        principal = (await host.agents.get("bench")).principal
        token = host.tokens.issue(principal, AUDIENCE).token
        ours = Application(host, Runtime(host, broker), {}).asgi()
        bare = bare_server().streamable_http_app(json_response=True)

        async def dispatch(place: int) -> None:
            outcome = await host.servers["bench"].pipeline.dispatch(
                Request(
                    server="bench",
                    tool="bench_get_item",
                    arguments={"sku": f"SKU-{place}"},
                    principal=principal,
                    correlation_id=CorrelationId(f"cor-{place}"),
                )
            )
            assert outcome.unwrap() == {"sku": f"SKU-{place}", "on_hand": 7}

        async with ours.router.lifespan_context(ours), bare.router.lifespan_context(bare):
            await compare(
                {
                    "pipeline alone (no transport)": dispatch,
                    "SDK's MCPServer, bare": over(bare, "/mcp", None),
                    "Switchgear, plain path": over(ours, "/mcp", token),
                    "Switchgear, through the SDK": over(ours, "/mcp", token, progress=True),
                }
            )
        await host.close()


async def compare(ways: dict[str, Callable[[int], Awaitable[None]]]) -> None:
    """Take every way in turn, round by round, and print the medians."""
    seen: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS + 1):
        for name, call in ways.items():
            started = time.process_time()
            for place in range(CALLS):
                await call(number * CALLS + place)
            if number:
                seen[name].append((time.process_time() - started) / CALLS * 1e6)
    print(f"{'':34} {'CPU µs a call':>14} {'min':>8} {'max':>8}")
    for name, values in seen.items():
        print(f"{name:34} {statistics.median(values):14.0f} {min(values):8.0f} {max(values):8.0f}")


def over(
    app: ASGIApp, path: str, token: str | None, *, progress: bool = False
) -> Callable[[int], Awaitable[None]]:
    """Return a call over ASGI; with `progress` it asks for what only the SDK's path serves."""

    async def call(place: int) -> None:
        meta: dict[str, Any] = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        if progress:
            meta["progressToken"] = place
        body = json.dumps(
            {
                "jsonrpc": "2.0",
                "id": place,
                "method": "tools/call",
                "params": {
                    "name": "bench_get_item",
                    "arguments": {"sku": f"SKU-{place}"},
                    "_meta": meta,
                },
            }
        ).encode()
        headers = {
            "host": "127.0.0.1:8080",
            "content-type": "application/json",
            "content-length": str(len(body)),
            "accept": "application/json, text/event-stream",
            "mcp-protocol-version": "2026-07-28",
            "mcp-method": "tools/call",
            "mcp-name": "bench_get_item",
            **({"authorization": f"Bearer {token}"} if token else {}),
        }
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "scheme": "http",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8080),
        }
        pending = [{"type": "http.request", "body": body, "more_body": False}]
        answer: list[bytes] = []

        async def receive() -> dict[str, Any]:
            return pending.pop() if pending else await asyncio.Future()

        async def send(message: Any) -> None:
            answer.append(message.get("body", b""))

        await app(scope, receive, send)
        result = json.loads(b"".join(answer))["result"]
        assert result["structuredContent"]["sku"] == f"SKU-{place}", result

    return call


if __name__ == "__main__":
    asyncio.run(main())
