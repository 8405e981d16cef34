"""The official MCP Registry API v0.1, read only: which servers there are and how to reach them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

_SCHEMA = "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
_NAMESPACE = "io.switchgear"
_MOST = 100


class Listing:
    """`GET /v0.1/servers` and the versions below it; it names servers and no tenant's data."""

    def __init__(self, names: Collection[str], *, public_url: str, version: str) -> None:
        self._public_url = public_url
        self._version = version
        self._servers = {f"{_NAMESPACE}/{name}": name for name in sorted(names)}

    def routes(self) -> list[BaseRoute]:
        """Return the public routes."""
        return [
            Route("/v0.1/servers", self._list),
            Route("/v0.1/servers/{name:path}/versions/{version}", self._version_of),
            Route("/v0.1/servers/{name:path}/versions", self._versions),
        ]

    async def _list(self, request: Request) -> Response:
        query = request.query_params
        limit = query.get("limit", "30")
        if not limit.isdecimal() or not 1 <= int(limit) <= _MOST:
            return _problem(400, f"limit is 1 to {_MOST}")
        names = [name for name in self._servers if query.get("search", "").lower() in name]
        after = query.get("cursor")
        if after is not None:
            if after not in self._servers:
                return _problem(400, "the cursor is not one of ours")
            names = [name for name in names if name > after]
        page = names[: int(limit)]
        metadata: dict[str, Any] = {"count": len(page)}
        if len(names) > len(page):
            metadata["nextCursor"] = page[-1]
        return JSONResponse({"servers": [self._entry(n) for n in page], "metadata": metadata})

    async def _versions(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._servers:
            return _problem(404, "no such server")
        return JSONResponse({"servers": [self._entry(name)], "metadata": {"count": 1}})

    async def _version_of(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in self._servers or request.path_params["version"] not in (
            "latest",
            self._version,
        ):
            return _problem(404, "no such server or version")
        return JSONResponse(self._entry(name))

    def _entry(self, name: str) -> dict[str, Any]:
        short = self._servers[name]
        prefix = "" if short == "registry" else f"/{short}"
        return {
            "server": {
                "$schema": _SCHEMA,
                "name": name,
                "title": f"Switchgear {short}",
                "description": f"The {short} server of this Switchgear suite.",
                "version": self._version,
                "remotes": [
                    {"type": "streamable-http", "url": f"{self._public_url}{prefix}/mcp"},
                    {"type": "sse", "url": f"{self._public_url}{prefix}/sse"},
                ],
            },
            "_meta": {
                "io.modelcontextprotocol.registry/official": {"status": "active", "isLatest": True}
            },
        }


def _problem(status: int, detail: str) -> Response:
    return JSONResponse(
        {"title": "Error", "status": status, "detail": detail},
        status_code=status,
        media_type="application/problem+json",
    )
