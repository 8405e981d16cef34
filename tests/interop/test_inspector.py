"""The Inspector's command line against every server: each transport, both protocol eras."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from switchgear_shared.part import installed_servers
from switchgear_shared.testing import Running

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="session")]

ERAS = ("legacy", "modern")
TRANSPORTS = ("stdio", "sse", "http")
AT_ONCE = 2
Inspect = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="session")
def stdio_config(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root's mcp.json with an absolute command and a data directory of its own."""
    config = json.loads((root / "mcp.json").read_text())
    folder = tmp_path_factory.mktemp("stdio")
    for entry in config["mcpServers"].values():
        entry["command"] = str(root / entry["command"])
        entry["env"] = {"SWITCHGEAR_DATA": str(folder / "data")}
    file = folder / "mcp.json"
    file.write_text(json.dumps(config))
    return file


@pytest.fixture
def inspect(
    whole_suite: Running, node: str, node_modules: Path, stdio_config: Path, run: Any
) -> Inspect:
    """Run the Inspector on one server; what it ran to."""
    launcher = node_modules / "@modelcontextprotocol/inspector/clients/launcher/build/index.js"

    async def inspect_server(
        server: str, transport: str, era: str, *options: str, agent: str = "operator"
    ) -> Any:
        bearer = f"Authorization: Bearer {await whole_suite.token(agent)}"
        if transport == "stdio":
            target = ("--config", str(stdio_config), "--server", server)
        else:
            path = "sse" if transport == "sse" else "mcp"
            target = (
                *(f"{whole_suite.url}/{server}/{path}", "--transport", transport),
                *("--stored-auth-only", "--header", bearer),
            )
        common = ("--protocol-era", era, "--format", "json")
        return await run(node, str(launcher), "--cli", *target, *common, *options)

    return inspect_server


async def every_way(inspect: Inspect, server: str, *options: str) -> dict[tuple[str, str], Any]:
    """Return the result, or what went wrong, by transport and era."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(transport: str, era: str) -> Any:
        async with slots:
            ran = await inspect(server, transport, era, *options)
        return json.loads(ran.out)["result"] if ran.code == 0 else (ran.code, ran.err)

    ways = [(transport, era) for transport in TRANSPORTS for era in ERAS]
    return dict(zip(ways, await asyncio.gather(*(one(*way) for way in ways)), strict=True))


@pytest.mark.parametrize("server", installed_servers())
async def test_whoami_answers_over_every_transport_in_both_eras(
    server: str, inspect: Inspect
) -> None:
    options = ("--method", "tools/call", "--tool-name", f"{server}_whoami")
    found = await every_way(inspect, server, *options, "--tool-args-json", "{}")

    assert {
        way: (answer["isError"], answer["structuredContent"]["principal"])
        for way, answer in found.items()
    } == {
        (transport, era): (False, "local" if transport == "stdio" else "operator")
        for transport, era in found
    }
    assert len(found) == len(TRANSPORTS) * len(ERAS)


async def test_the_registry_lists_the_same_tools_over_every_transport_in_both_eras(
    inspect: Inspect, whole_suite: Running
) -> None:
    found = await every_way(inspect, "registry", "--method", "tools/list")
    names = {way: {tool["name"] for tool in answer["tools"]} for way, answer in found.items()}

    own = {tool.name for tool in whole_suite.host.servers["registry"].front.own_tools}
    shared = [names[way] for way in names if way[0] != "stdio"]
    assert all(listed == shared[0] for listed in shared)
    assert own < shared[0]
    assert {name.split("_")[0] for name in shared[0]} == set(whole_suite.host.servers), (
        "the tools of all servers stand beside the registry's own"
    )
    assert [names["stdio", era] for era in ERAS] == [own, own]


@pytest.mark.parametrize("server", installed_servers())
async def test_strict_finds_no_schema_that_some_client_would_not_take(
    server: str, inspect: Inspect, whole_suite: Running
) -> None:
    """Every tool is looked at: the service `workflows` may call all but the registry's."""
    agent = "operator" if server == "registry" else "workflows"
    options = ("--method", "tools/list", "--strict")
    ran = await inspect(server, "http", "modern", *options, agent=agent)

    assert (ran.code, ran.err) == (0, "")
    listed = {tool["name"] for tool in json.loads(ran.out)["result"]["tools"]}
    assert listed >= {tool.name for tool in whole_suite.host.servers[server].front.own_tools}
