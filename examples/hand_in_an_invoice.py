"""An agent over MCP: hand in an invoice, follow it, tell the person what it waits for.

.venv/bin/switchgear samples invoices
export TOKEN=$(.venv/bin/switchgear token issue assistant)
.venv/bin/python examples/hand_in_an_invoice.py invoices/straight_through_RE-2026-0901.ubl.xml
"""
# ruff: noqa: INP001, T201 - a script that talks to a person

import asyncio
import base64
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

URL = os.environ.get("SWITCHGEAR_URL", "http://127.0.0.1:8080")
ENDS = ("filed", "rejected", "in_review")
PATIENCE_S = 60


@asynccontextmanager
async def connected(token: str) -> AsyncGenerator[Client]:
    """Give a client of the registry, which has the tools of all servers."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=PATIENCE_S) as http,
        Client(streamable_http_client(f"{URL}/mcp", http_client=http)) as client,
    ):
        yield client


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return a tool's structured answer; exit with what it says where it fails."""
    result = await client.call_tool(tool, arguments)
    if result.is_error:
        sys.exit(getattr(result.content[0], "text", f"{tool} failed"))
    return result.structured_content or {}


async def hand_in(file: Path, token: str) -> None:
    """Submit `file` and follow it until it is done or a person is needed."""
    async with connected(token) as client:
        hits = await call(client, "registry_search_tools", query="hand in an invoice")
        print("tools that fit:", ", ".join(hit["name"] for hit in hits["items"]))

        content = base64.b64encode(await asyncio.to_thread(file.read_bytes)).decode()
        receipt = await call(client, "documents_submit", name=file.name, content=content)
        print(f"handed in as {receipt['id']}, correlation {receipt['correlation_id']}")

        async with asyncio.timeout(PATIENCE_S):
            status = await followed(client, receipt)
        print(status)

        trace = await call(client, "documents_trace", correlation_id=receipt["correlation_id"])
        for step in trace["steps"]:
            print(
                f"  {step['at'][:19]}  {step['server']:10} {step['what']}  {step['outcome'] or ''}"
            )


async def followed(client: Client, receipt: dict[str, Any]) -> str:
    """Return in a sentence what the document came to, or whom it waits for."""
    while True:
        status = await call(client, "documents_get_status", document_id=receipt["id"])
        if status["state"] == "in_review":
            return f"a person must look: review {status['open_review_id']}"
        if status["state"] in ENDS:
            return f"{status['state']}: {status['record_uri'] or 'without a record'}"
        known = {"correlation_id": receipt["correlation_id"]}
        process = (await client.call_tool("workflows_get", known)).structured_content or {}
        if process.get("state") == "waiting_approval":  # there may be no process yet
            return f"a person must approve: {process['waits_for']}"
        await asyncio.sleep(0.5)


if __name__ == "__main__":
    if len(sys.argv) != 2 or "TOKEN" not in os.environ:  # noqa: PLR2004 - the script and a file
        sys.exit(__doc__)
    asyncio.run(hand_in(Path(sys.argv[1]), os.environ["TOKEN"]))
