"""A tool call as plain HTTP, with no library that would hide how a connection broke."""

from typing import Any

import httpx2

HEADERS = {
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2026-07-28",
}
_META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "chaos", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


async def post(
    http: httpx2.AsyncClient, url: str, tool: str, arguments: dict[str, Any]
) -> httpx2.Response:
    """Call a tool of the suite at `url`."""
    return await http.post(
        f"{url}/{tool.split('_', 1)[0]}/mcp",
        headers={"Mcp-Method": "tools/call", "Mcp-Name": tool},
        json={
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": tool, "arguments": arguments, "_meta": _META},
        },
    )
