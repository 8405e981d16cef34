"""The mcp.json of the root, as a client that reads such files would use it."""

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from switchgear_shared.part import installed_servers
from switchgear_shared.testing import settings_for

pytestmark = pytest.mark.interop

REVISIONS: dict[Literal["legacy", "auto"], str] = {"legacy": "2025-11-25", "auto": "2026-07-28"}


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data directory for all, as on a desktop."""
    return settings_for(tmp_path_factory.mktemp("desktop")).data


@pytest.fixture
def entries(root: Path) -> dict[str, Any]:
    return json.loads((root / "mcp.json").read_text())["mcpServers"]


def test_every_server_has_an_entry(entries: dict[str, Any]) -> None:
    assert set(entries) == set(installed_servers())


@pytest.mark.parametrize("mode", REVISIONS)
@pytest.mark.parametrize("server", installed_servers())
async def test_an_entry_starts_its_server_and_lists_its_tools(
    server: str,
    mode: Literal["legacy", "auto"],
    entries: dict[str, Any],
    root: Path,
    data: Path,
    tmp_path: Path,
) -> None:
    parameters = StdioServerParameters(
        **entries[server], cwd=root, env={"SWITCHGEAR_DATA": str(data)}
    )
    with (tmp_path / "stderr").open("w") as log:
        async with Client(stdio_client(parameters, errlog=log), mode=mode) as client:
            listed = await client.list_tools()
            answer = await client.call_tool(f"{server}_whoami", {})
            revision = client.protocol_version

    assert revision == REVISIONS[mode]
    assert {tool.name.split("_")[0] for tool in listed.tools} == {server}
    assert answer.structured_content is not None
    assert (answer.structured_content["server"], answer.structured_content["principal"]) == (
        server,
        "local",
    )
