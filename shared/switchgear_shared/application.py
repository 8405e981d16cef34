"""One ASGI application for the servers of a process, and for those it passes requests on to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from switchgear_shared.observability import traces
from switchgear_shared.part import BuildFace, installed_faces
from switchgear_shared.runtime import Runtime
from switchgear_shared.server import Host
from switchgear_shared.transports.authentication import Authentication
from switchgear_shared.transports.http import HostGuard, McpHttp, allowed

if TYPE_CHECKING:
    from aiohttp import ClientSession

REGISTRY = "registry"
_READY_TIMEOUT_S = 2.0
_DOCUMENTATION = ("/docs", "/openapi.json", "/static-offline-docs")
_UPSTREAM_PATHS = {"documents": ("/api",)}
"""Apps of servers in other processes, by server: their paths are part of the suite's interface."""


class Application:
    """The HTTP face of a host.

    The registry, or the only server of a process, is at the root; each server is also under its
    own name. The installed faces, such as the console, stand where the registry is. `upstreams` are
    servers in other processes, by name and base URL.
    """

    def __init__(self, host: Host, runtime: Runtime, upstreams: Mapping[str, str]) -> None:
        self._host = host
        self._runtime = runtime
        self._upstreams = upstreams
        self._security = allowed(host.public_url, host.settings.allowed_hosts)
        self._mcp = {
            name: McpHttp(server.front, self._security) for name, server in host.servers.items()
        }
        self._pool: ClientSession | None = None
        self._resources: set[str] = set()

    def asgi(self) -> Starlette:
        """Return the application; its lifespan runs the MCP sessions and the upstream pool."""
        return Starlette(
            routes=self._routes(),
            middleware=[Middleware(HostGuard, security=self._security)],
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            for mcp in self._mcp.values():
                await stack.enter_async_context(mcp.running())
            if self._upstreams:
                import aiohttp  # noqa: PLC0415 - only who forwards pays for it

                timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
                self._pool = await stack.enter_async_context(
                    aiohttp.ClientSession(timeout=timeout, auto_decompress=False)
                )
            yield
        await asyncio.to_thread(traces.shutdown)

    def _routes(self) -> list[BaseRoute]:
        routes: list[BaseRoute] = [
            Route("/healthz", _healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", self._guard(self._metrics, "/metrics")),
        ]
        for name, server in self._host.servers.items():
            mcp = self._mcp[name]
            routes.extend(server.part.public_routes)
            if name == REGISTRY or len(self._host.servers) == 1:
                routes.extend(mcp.routes("", self._guard))
            routes.extend(mcp.routes(f"/{name}", self._guard))
            routes.extend(
                Mount(prefix, _Documented(app, self._guard(app, prefix)))
                for prefix, app in server.part.apps.items()
            )
        if REGISTRY in self._host.servers:
            routes.extend(self._faces())
        else:
            routes.append(
                Route("/.well-known/oauth-protected-resource/{path:path}", self._resource)
            )
        for name, url in self._upstreams.items():
            routes.extend(
                Mount(prefix, _Upstream(self, url))
                for prefix in (f"/{name}", *_UPSTREAM_PATHS.get(name, ()))
            )
        return routes

    def _faces(self) -> list[BaseRoute]:
        context = self._host.context()
        builds: list[BuildFace] = [point.load() for point in installed_faces().values()]
        return [Mount(face.prefix, face.app) for face in (build(context) for build in builds)]

    def forward_to(self, url: str) -> ASGIApp:
        """Return the forwarder to an upstream; only while the application runs."""
        if self._pool is None:
            raise RuntimeError("the application's lifespan has not begun")
        from switchgear_shared.transports.proxy import HttpForward  # noqa: PLC0415 - see above

        return HttpForward(self._pool, url)

    def _guard(self, app: ASGIApp, resource_path: str) -> ASGIApp:
        self._resources.add(resource_path)
        return Authentication(
            app,
            self._host.authenticator(f"{self._host.public_url}{resource_path}"),
            public_url=self._host.public_url,
            resource_path=resource_path,
        )

    async def _metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._runtime.measure()
        body, content_type = self._host.metrics.render()
        answer = Response(body, headers={"content-type": content_type})
        await answer(scope, receive, send)

    async def _resource(self, request: Request) -> Response:
        """Describe a resource where no registry does: tokens for it come from the operator."""
        path = f"/{request.path_params['path']}"
        if path not in self._resources:
            return JSONResponse({"error": "not_found"}, status_code=404)
        return JSONResponse(
            {
                "resource": f"{self._host.public_url}{path}",
                "bearer_methods_supported": ["header"],
                "resource_name": "Switchgear",
            }
        )

    async def _readyz(self, _request: Request) -> Response:
        """Answer for this process and those behind it: ready once every server is."""
        states = dict.fromkeys(self._host.servers, self._runtime.is_running)
        asked = await asyncio.gather(*map(self._is_ready, self._upstreams.values()))
        states |= dict(zip(self._upstreams, asked, strict=True))
        is_ready = all(states.values())
        return JSONResponse(
            {
                "ready": is_ready,
                "servers": sorted(states),
                "waiting_for": sorted(name for name, ready in states.items() if not ready),
            },
            status_code=200 if is_ready else 503,
        )

    async def _is_ready(self, url: str) -> bool:
        import aiohttp  # noqa: PLC0415 - see above

        if self._pool is None:
            return False
        timeout = aiohttp.ClientTimeout(total=_READY_TIMEOUT_S)
        try:
            async with self._pool.get(f"{url}/readyz", timeout=timeout) as answer:
                return answer.status == HTTPStatus.OK
        except (aiohttp.ClientError, TimeoutError):
            return False


class _Documented:
    """Serves an app's own documentation to everyone, and all else only behind the guard."""

    def __init__(self, app: ASGIApp, guarded: ASGIApp) -> None:
        self._app = app
        self._guarded = guarded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        is_public = any(path == name or path.startswith(f"{name}/") for name in _DOCUMENTATION)
        await (self._app if is_public else self._guarded)(scope, receive, send)


class _Upstream:
    def __init__(self, application: Application, url: str) -> None:
        self._application = application
        self._url = url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._application.forward_to(self._url)(scope, receive, send)


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"healthy": True})
