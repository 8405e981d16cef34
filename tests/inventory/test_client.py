"""The inventory over MCP, as an agent's client sees it."""

from pathlib import Path

from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp_types import TextContent

from inventory.counter import KEEPER
from switchgear_shared.demo_company import demo_company
from switchgear_shared.testing import running, settings_for

HELD = demo_company().reservations[0]


async def test_an_agent_checks_reserves_and_releases_what_the_demo_company_has(
    tmp_path: Path,
) -> None:
    asked = {"lines": [{"sku": HELD.sku, "quantity": "1"}], "location": HELD.location}
    async with running(settings_for(tmp_path / "data"), ["inventory"], demo_data=True) as suite:
        await suite.host.agents.add(KEEPER)
        headers = {"Authorization": f"Bearer {await suite.token(KEEPER.id)}"}
        async with create_mcp_http_client(headers=headers) as http:
            transport = streamable_http_client(f"{suite.url}/inventory/mcp", http_client=http)
            async with Client(transport) as client:
                checked = await client.call_tool("inventory_check_availability", asked)
                held = await client.call_tool("inventory_reserve", {**asked, "for_ref": "SO-1"})
                too_much = {**asked, "lines": [{"sku": HELD.sku, "quantity": "100000000"}]}
                refused = await client.call_tool(
                    "inventory_reserve", {**too_much, "for_ref": "SO-1"}
                )
                freed = await client.call_tool("inventory_release", {"for_ref": "SO-1"})

    assert checked.structured_content is not None
    assert checked.structured_content["is_available"] is True
    assert held.structured_content is not None
    assert held.structured_content["state"] == "held"
    assert refused.is_error
    assert isinstance(refused.content[0], TextContent)
    assert f"conflict: {HELD.sku} has " in refused.content[0].text
    assert freed.structured_content is not None
    assert freed.structured_content["id"] == held.structured_content["id"]
