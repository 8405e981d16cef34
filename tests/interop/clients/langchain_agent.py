"""LangChain's MCP adapters take an invoice through the registry, over any transport.

Reads `{"connection", "name", "content"}` from stdin and prints what it was answered.
"""

import asyncio
import json
import sys
from typing import Any

from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from mcp import ClientSession

FINAL = {"filed", "rejected", "in_review"}
POLL_S = 0.2


async def follow(session: ClientSession, task: dict[str, Any]) -> dict[str, Any]:
    """Hand `task` in and follow it to its end; return every tool's last answer."""
    tools = {tool.name: tool for tool in await load_mcp_tools(session)}
    answers: dict[str, Any] = {"tools": sorted(tools)}

    async def call(name: str, /, **arguments: Any) -> dict[str, Any]:
        message = await tools[name].ainvoke(
            {"type": "tool_call", "id": "1", "name": name, "args": arguments}
        )
        if message.artifact is None:
            raise SystemExit(f"{name}: {message.content}")
        answers[name] = message.artifact["structured_content"]
        return answers[name]

    found = await call("registry_search_tools", query="hand in an invoice", limit=3)
    submit = found["items"][0]["name"]
    receipt = await call(submit, name=task["name"], content=task["content"], encoding="text")
    correlation_id = receipt["correlation_id"]
    state = receipt["state"]
    while state not in FINAL:
        await asyncio.sleep(POLL_S)
        state = (await call("documents_get_status", correlation_id=correlation_id))["state"]
    arguments = {"correlation_id": correlation_id}
    await call("registry_call_tool", name="documents_trace", arguments=arguments)
    return answers


async def main() -> None:
    """Run over the connection given."""
    task = json.load(sys.stdin)
    client = MultiServerMCPClient({"registry": task["connection"]})
    async with client.session("registry") as session:
        answers = await follow(session, task)
    sys.stdout.write(json.dumps(answers))


asyncio.run(main())
