"""LangChain's MCP adapters take an invoice through the registry, over any transport.

Reads `{"connection", "name", "content"}` from stdin and prints what it was answered.
"""

import asyncio
import json
import sys

from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools

FINAL = {"filed", "rejected", "in_review"}
POLL_S = 0.2


async def follow(session, task):
    """Hand `task` in and follow it to its end; return every tool's last answer."""
    tools = {tool.name: tool for tool in await load_mcp_tools(session)}
    answers = {"tools": sorted(tools)}

    async def call(name, /, **arguments):
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
    while (await call("documents_get_status", correlation_id=correlation_id))["state"] not in FINAL:
        await asyncio.sleep(POLL_S)
    arguments = {"correlation_id": correlation_id}
    await call("registry_call_tool", name="documents_trace", arguments=arguments)
    return answers


async def main():
    """Run over the connection given."""
    task = json.load(sys.stdin)
    client = MultiServerMCPClient({"registry": task["connection"]})
    async with client.session("registry") as session:
        answers = await follow(session, task)
    print(json.dumps(answers))


asyncio.run(main())
