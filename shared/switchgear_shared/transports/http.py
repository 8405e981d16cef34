"""The HTTP routes of one MCP server: Streamable HTTP with its plain path, and SSE."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from switchgear_shared.transports.front import Front
from switchgear_shared.transports.plain import PlainPath
from switchgear_shared.transports.sdk import SdkAdapter

Guard = Callable[[ASGIApp, str], ASGIApp]
"""Wraps an app for a resource path: authentication, for one."""


def allowed(public_url: str, hosts: tuple[str, ...]) -> TransportSecuritySettings:
    """Return the Host and Origin values accepted: loopback, the public URL, and `hosts`."""
    names = {"127.0.0.1:*", "localhost:*", "[::1]:*", "127.0.0.1", "localhost", "[::1]", *hosts}
    public_host = public_url.split("://", 1)[-1].split("/", 1)[0]
    names |= {public_host}
    origins = {f"{scheme}://{name}" for name in names for scheme in ("http", "https")}
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=sorted(names),
        allowed_origins=sorted(origins),
    )


class HostGuard:
    """ASGI middleware that answers 421 for a foreign Host and 403 for a foreign Origin.

    Behind it header values stand without the whitespace around them (RFC 9110, section 5.5),
    which httptools leaves at their end.
    """

    def __init__(self, app: ASGIApp, security: TransportSecuritySettings) -> None:
        self._app = app
        self._check = TransportSecurityMiddleware(security)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "http":
            scope["headers"] = [(name, value.strip(b" \t")) for name, value in scope["headers"]]
            refusal = await self._check.validate_request(Request(scope), is_post=False)
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


class McpHttp:
    """One Front over HTTP under a path prefix (`` or `/erp`): `/mcp`, `/sse`, `/messages/`."""

    def __init__(self, front: Front, security: TransportSecuritySettings) -> None:
        self._front = front
        self._security = security
        self._adapter = SdkAdapter(front)
        self._manager = StreamableHTTPSessionManager(
            self._adapter.server, json_response=True, security_settings=security
        )

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Serve sessions while the block runs."""
        async with self._manager.run():
            yield

    def routes(self, prefix: str, guard: Guard) -> list[BaseRoute]:
        """Return the routes under `prefix`; every one of them is behind `guard`."""
        plain = PlainPath(self._front, self._manager.handle_request)
        sse = SseServerTransport(f"{prefix}/messages/", security_settings=self._security)
        return [
            Route(f"{prefix}/mcp", guard(plain, f"{prefix}/mcp")),
            Route(f"{prefix}/sse", guard(_SseStream(sse, self._adapter), f"{prefix}/sse")),
            Route(f"{prefix}/messages/", guard(_SseMessages(sse), f"{prefix}/sse")),
        ]


class _SseStream:
    def __init__(self, sse: SseServerTransport, adapter: SdkAdapter) -> None:
        self._sse = sse
        self._adapter = adapter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":
            # A client that knows only the URL tries POST first and falls back on a refusal.
            await Response(status_code=405, headers={"Allow": "GET"})(scope, receive, send)
            return
        server = self._adapter.server
        async with self._sse.connect_sse(scope, receive, send) as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())


class _SseMessages:
    def __init__(self, sse: SseServerTransport) -> None:
        self._sse = sse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["switchgear.sse"] = True
        await self._sse.handle_post_message(scope, receive, send)
