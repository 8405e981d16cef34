"""A Pydantic AI agent, its model replaced by rules, takes an invoice through the registry.

Reads `{"url", "token", "name", "content"}` from stdin and prints what it was answered.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic_ai import Agent
from pydantic_ai.mcp import MCPToolset
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import UsageLimits

FINAL = {"filed", "rejected", "in_review"}
POLL_S = 0.2
Rules = Callable[[list[ModelMessage], AgentInfo], Awaitable[ModelResponse]]


def follow(task: dict[str, str]) -> Rules:
    """Return the rules of an agent that hands `task` in and follows it to its end."""
    answers: dict[str, Any] = {}

    async def decide(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        returned = [part for m in messages for part in m.parts if isinstance(part, ToolReturnPart)]
        answers["tools"] = sorted(tool.name for tool in info.function_tools)
        if not returned:
            return call("registry_search_tools", query="hand in an invoice", limit=3)
        last = returned[-1]
        answers[last.tool_name] = last.content
        if last.tool_name == "registry_search_tools":
            name = last.content["items"][0]["name"]
            return call(name, name=task["name"], content=task["content"], encoding="text")
        correlation_id = answers["documents_submit"]["correlation_id"]
        if last.tool_name == "registry_call_tool":
            return ModelResponse(parts=[TextPart(json.dumps(answers))])
        if last.tool_name == "documents_get_status" and last.content["state"] in FINAL:
            arguments = {"correlation_id": correlation_id}
            return call("registry_call_tool", name="documents_trace", arguments=arguments)
        await asyncio.sleep(POLL_S)
        return call("documents_get_status", correlation_id=correlation_id)

    return decide


def call(name: str, /, **arguments: Any) -> ModelResponse:
    """Return the model's wish to call a tool."""
    return ModelResponse(parts=[ToolCallPart(name, arguments)])


async def main() -> None:
    """Run the agent once."""
    task = json.load(sys.stdin)
    headers = {"Authorization": f"Bearer {task['token']}"}
    toolset = MCPToolset(task["url"], headers=headers, tool_error_behavior="error")
    agent = Agent(FunctionModel(follow(task)), toolsets=[toolset])
    async with agent:
        result = await agent.run(
            "Hand in the invoice.", usage_limits=UsageLimits(request_limit=300)
        )
    sys.stdout.write(result.output)


asyncio.run(main())
