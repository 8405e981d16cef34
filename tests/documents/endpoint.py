"""A language model's endpoint on loopback, in both dialects: it answers as the test scripts it."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from switchgear_shared.testing import free_port, serving


@dataclass(frozen=True)
class Says:
    """An answer, as the arguments of the schema's tool; a text that is none where it is a `str`."""

    what: dict[str, Any] | str
    input_tokens: int = 100
    output_tokens: int = 10


@dataclass(frozen=True)
class Fails:
    """A status and its headers."""

    status: int
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Hangs:
    """Nothing for so long."""

    seconds: float


Step = Says | Fails | Hangs


@dataclass
class Endpoint:
    """What it will say, one step a request, the last for ever; and what it was asked."""

    port: int
    script: deque[Step] = field(default_factory=deque[Step])
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    keys: list[str | None] = field(default_factory=list[str | None])

    @property
    def url(self) -> str:
        """Where an OpenAI-compatible client finds it."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def root(self) -> str:
        """Where an Anthropic client finds it."""
        return f"http://127.0.0.1:{self.port}"

    def will(self, *steps: Step) -> Endpoint:
        """Script it anew."""
        self.script = deque(steps)
        return self

    def texts(self) -> list[str]:
        """Return all that was sent, a text a request."""
        return [json.dumps(body, ensure_ascii=False) for body in self.asked]

    async def completions(self, request: Request) -> Response:
        """Speak as OpenAI does."""
        body, step = await self._next(request, request.headers.get("authorization"))
        if not isinstance(step, Says):
            return await _badly(step)
        if isinstance(step.what, str) or not body.get("tools"):
            content = step.what if isinstance(step.what, str) else json.dumps(step.what)
            message: dict[str, Any] = {"role": "assistant", "content": content}
        else:
            call = {
                "name": body["tools"][0]["function"]["name"],
                "arguments": json.dumps(step.what),
            }
            message = {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
            }
        return JSONResponse(
            {
                "id": "chat_1",
                "object": "chat.completion",
                "created": 1,
                "model": body["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {
                    "prompt_tokens": step.input_tokens,
                    "completion_tokens": step.output_tokens,
                    "total_tokens": step.input_tokens + step.output_tokens,
                },
            }
        )

    async def messages(self, request: Request) -> Response:
        """Speak as Anthropic does."""
        body, step = await self._next(request, request.headers.get("authorization"))
        if not isinstance(step, Says):
            return await _badly(step)
        if isinstance(step.what, str):
            content: dict[str, Any] = {"type": "text", "text": step.what}
        else:
            name = body["tools"][0]["name"]
            content = {"type": "tool_use", "id": "call_1", "name": name, "input": step.what}
        return JSONResponse(
            {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": body["model"],
                "content": [content],
                "stop_reason": "tool_use",
                "stop_sequence": None,
                "usage": {
                    "input_tokens": step.input_tokens,
                    "output_tokens": step.output_tokens,
                },
            }
        )

    async def _next(self, request: Request, key: str | None) -> tuple[dict[str, Any], Step]:
        body = await request.json()
        self.asked.append(body)
        self.keys.append(key)
        return body, self.script.popleft() if len(self.script) > 1 else self.script[0]


async def _badly(step: Fails | Hangs) -> Response:
    if isinstance(step, Hangs):
        await asyncio.sleep(step.seconds)
        return Response(status_code=504)
    return JSONResponse(
        {"error": {"message": "no", "type": "error"}}, status_code=step.status, headers=step.headers
    )


@asynccontextmanager
async def speaking() -> AsyncGenerator[Endpoint]:
    """Serve an endpoint until the block ends."""
    endpoint = Endpoint(free_port())
    app = Starlette(
        routes=[
            Route("/v1/chat/completions", endpoint.completions, methods=["POST"]),
            Route("/v1/messages", endpoint.messages, methods=["POST"]),
        ]
    )
    async with serving(app, "127.0.0.1", endpoint.port):
        yield endpoint
