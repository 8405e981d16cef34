"""The MCP Registry API v0.1: which servers there are, page by page, for anyone to read."""

from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette

from switchgear_registry.listing import Listing

SUITE = "https://suite.example"
NAMES = ("crm", "erp", "registry")
OFFICIAL = "io.modelcontextprotocol.registry/official"


def api() -> httpx2.AsyncClient:
    app = Starlette(routes=Listing(NAMES, public_url=SUITE, version="1.2.3").routes())
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=SUITE)


async def got(path: str, **params: str) -> Any:
    async with api() as http:
        return (await http.get(path, params=params)).json()


def names(body: Any) -> list[str]:
    return [entry["server"]["name"].removeprefix("io.switchgear/") for entry in body["servers"]]


async def test_a_server_is_listed_with_how_to_reach_it() -> None:
    body = await got("/v0.1/servers", limit="1")

    assert body["servers"] == [
        {
            "server": {
                "$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/"
                "server.schema.json",
                "name": "io.switchgear/crm",
                "title": "Switchgear crm",
                "description": "The crm server of this Switchgear suite.",
                "version": "1.2.3",
                "remotes": [
                    {"type": "streamable-http", "url": f"{SUITE}/crm/mcp"},
                    {"type": "sse", "url": f"{SUITE}/crm/sse"},
                ],
            },
            "_meta": {OFFICIAL: {"status": "active", "isLatest": True}},
        }
    ]


async def test_the_registry_itself_is_at_the_root() -> None:
    body = await got("/v0.1/servers", search="registry")

    assert [r["url"] for r in body["servers"][0]["server"]["remotes"]] == [
        f"{SUITE}/mcp",
        f"{SUITE}/sse",
    ]


async def test_pages_follow_one_another_to_the_end() -> None:
    first = await got("/v0.1/servers", limit="2")
    second = await got("/v0.1/servers", limit="2", cursor=first["metadata"]["nextCursor"])

    assert (names(first), first["metadata"]["count"]) == (["crm", "erp"], 2)
    assert (names(second), second["metadata"]) == (["registry"], {"count": 1})


async def test_a_search_looks_into_the_names() -> None:
    assert names(await got("/v0.1/servers", search="ERP")) == ["erp"]
    assert names(await got("/v0.1/servers", search="nothing")) == []


@pytest.mark.parametrize(
    "params",
    [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"limit": "²"}, {"cursor": "io.other/x"}],
)
async def test_what_is_not_valid_is_a_problem(params: dict[str, str]) -> None:
    async with api() as http:
        answer = await http.get("/v0.1/servers", params=params)

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 400


@pytest.mark.parametrize("name", ["io.switchgear/erp", "io.switchgear%2Ferp"])
@pytest.mark.parametrize("version", ["latest", "1.2.3"])
async def test_a_version_is_read_by_its_name(name: str, version: str) -> None:
    one = await got(f"/v0.1/servers/{name}/versions/{version}")
    every = await got(f"/v0.1/servers/{name}/versions")

    assert one["server"]["name"] == "io.switchgear/erp"
    assert every == {"servers": [one], "metadata": {"count": 1}}


@pytest.mark.parametrize(
    "path",
    ["io.switchgear/none/versions", "io.switchgear/erp/versions/9.9.9", "erp/versions/latest"],
)
async def test_what_is_not_there_is_not_found(path: str) -> None:
    async with api() as http:
        answer = await http.get(f"/v0.1/servers/{path}")

    assert answer.status_code == 404
