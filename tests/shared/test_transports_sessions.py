"""What a session over HTTP is bound to, its party and credential, and how large a body may be."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx2
import pytest

from switchgear_shared.governance.identity import Agent
from switchgear_shared.testing import Running

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODERN = "2026-07-28"


async def stream_of(served: Running, party: str, met: Callable[[str], Awaitable[None]]) -> None:
    """Open an SSE stream and hand the address of its messages to `met` while it lasts."""
    headers = {"Authorization": f"Bearer {await served.token(party)}"}
    async with (
        httpx2.AsyncClient(base_url=served.url, headers=headers) as http,
        http.stream("GET", "/jars/sse") as stream,
    ):
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                await met(line.removeprefix("data: "))
                return


INITIALIZE: dict[str, Any] = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "by-hand", "version": "1"},
    },
}


async def test_the_sse_stream_of_one_party_is_not_found_by_another(served: Running) -> None:
    answers: list[int] = []

    async def try_both(address: str) -> None:
        async with httpx2.AsyncClient(base_url=served.url) as http:
            for party in ("spouse", "saver"):
                token = await served.token(party)
                sent = await http.post(
                    address, json=INITIALIZE, headers={"Authorization": f"Bearer {token}"}
                )
                answers.append(sent.status_code)

    async with asyncio.timeout(10):
        await stream_of(served, "saver", try_both)
    assert answers == [404, 202]


async def test_the_session_of_one_party_is_not_found_by_another(served: Running) -> None:
    accept = {"Accept": "application/json, text/event-stream"}
    ping = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    async with httpx2.AsyncClient(base_url=served.url, headers=accept) as http:

        async def post(party: str, message: dict[str, Any], session: str | None) -> httpx2.Response:
            token = await served.token(party)
            own = {"Mcp-Session-Id": session} if session else {}
            return await http.post(
                "/jars/mcp", json=message, headers={"Authorization": f"Bearer {token}", **own}
            )

        session = (await post("saver", INITIALIZE, None)).headers["mcp-session-id"]
        statuses = [(await post(party, ping, session)).status_code for party in ("spouse", "saver")]

    assert statuses == [404, 200]


async def test_a_disabled_agent_is_shut_out_of_its_open_session(served: Running) -> None:
    """Each request shows its credential again; a token outlives its agent by five seconds."""
    guest = Agent("guest", "agent", (), ("jars.*",))
    await served.host.agents.add(guest)
    token = await served.token("guest")
    await served.host.agents.change(Agent("guest", "agent", (), ("jars.*",), is_disabled=True))
    async with httpx2.AsyncClient(base_url=served.url) as http:
        answer = await http.post(
            "/jars/mcp", json=INITIALIZE, headers={"Authorization": f"Bearer {token}"}
        )

    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/mcp", "/jars/mcp", "/jars/messages/?session_id=" + "0" * 32])
@pytest.mark.parametrize("is_declared", [True, False])
@pytest.mark.parametrize("era", ["modern", "legacy"])
async def test_a_body_over_four_mebibytes_is_refused(
    served: Running, path: str, is_declared: bool, era: str
) -> None:
    size = 5 * 1024 * 1024

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(size // 65536):
            yield b" " * 65536

    modern = {
        "MCP-Protocol-Version": MODERN,
        "Mcp-Method": "tools/call",
        "Mcp-Name": "jars_get_jar",
    }
    async with httpx2.AsyncClient(base_url=served.url, timeout=20) as http:
        answer = await http.post(
            path,
            content=b" " * size if is_declared else chunks(),
            headers={
                "Authorization": f"Bearer {await served.token('saver')}",
                "Content-Type": "application/json",
                "Accept": "application/json, text/event-stream",
                **(modern if era == "modern" else {}),
            },
        )

    assert answer.status_code == 413
