"""Who a server on stdio takes its client for, and for how long."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jars_suite import PARTIES, serving_jars
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp.shared.memory import create_client_server_memory_streams
from mcp_types import PromptReference
from pydantic import SecretStr

from switchgear_shared import serving
from switchgear_shared.errors import UnauthenticatedError
from switchgear_shared.governance import identity
from switchgear_shared.part import AUDIENCE
from switchgear_shared.runtime import Runtime
from switchgear_shared.settings import Settings
from switchgear_shared.testing import settings_for

SAVER = next(party for party in PARTIES if party.id == "saver")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the register asked at every call, and not after five seconds; no broker is needed."""
    monkeypatch.setattr(identity, "_TRUSTED_S", 0.0)
    monkeypatch.setattr(Runtime, "start_soon", lambda _: None)


@asynccontextmanager
async def over_stdio(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Client]:
    """Serve the jars to a client at the other end of a pair of streams."""
    async with AsyncExitStack() as stack:
        near, far = await stack.enter_async_context(create_client_server_memory_streams())

        @asynccontextmanager
        async def ends(streams: Any) -> AsyncGenerator[Any]:
            yield streams

        monkeypatch.setattr(serving, "stdio_server", lambda: ends(far))
        served = asyncio.create_task(serving.serve_stdio(settings, "jars"))
        yield await stack.enter_async_context(Client(ends(near), cache=None))
    async with asyncio.timeout(10):
        await served  # its client is gone


async def everything(client: Client) -> list[str]:
    """Return what each kind of request is refused with; nothing for one that is answered."""
    refusals: list[str] = []
    for asked in (
        client.list_tools(),
        client.call_tool("jars_get_jar", {"jar_id": "jar_of_rent"}),
        client.list_resources(),
        client.list_resource_templates(),
        client.read_resource("jars://jars/jar_of_rent"),
        client.list_prompts(),
        client.get_prompt("save_up", {"goal": "rent"}),
        client.complete(PromptReference(name="save_up"), {"name": "jar_id", "value": "jar"}),
    ):
        try:
            await asked
        except MCPError as error:
            refusals.append(error.error.message)
    return refusals


@pytest.mark.parametrize("how", ["disabled", "revoked", "disabled, with a token"])
async def test_a_party_that_is_kept_out_is_answered_nothing_more(
    jars_data: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    async with serving_jars(jars_data) as suite:
        agents = suite.host.agents
        key = await agents.add_key("saver")
        token = suite.host.tokens.issue(SAVER.principal, AUDIENCE).token
        shown = SecretStr(token if "token" in how else key)
        async with over_stdio(settings_for(jars_data, token=shown), monkeypatch) as client:
            assert await everything(client) == []
            if how == "revoked":
                await agents.revoke_key(key.split("_")[1])
            else:
                await agents.change(replace(SAVER, is_disabled=True))

            assert await everything(client) == ["unauthenticated: the credential is not valid"] * 8


async def test_a_scope_that_a_party_loses_it_loses_on_stdio_too(
    jars_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving_jars(jars_data) as suite:
        shown = SecretStr(await suite.host.agents.add_key("saver"))
        async with over_stdio(settings_for(jars_data, token=shown), monkeypatch) as client:
            before = {tool.name for tool in (await client.list_tools()).tools}
            await suite.host.agents.change(replace(SAVER, scopes=("*.read",)))
            after = {tool.name for tool in (await client.list_tools()).tools}

    assert before - after == {"erp_record_payment", "jars_open_jar", "jars_put_coins"}


async def test_a_credential_that_does_not_hold_ends_the_server_before_it_serves(
    jars_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serving.serve_stdio(settings_for(jars_data, token=SecretStr("mcpk_no")), "jars")
    monkeypatch.setattr(serving, "stdio_server", None)

    with pytest.raises(UnauthenticatedError):
        await served


async def test_without_a_credential_the_client_is_the_user_of_the_machine(
    jars_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        serving_jars(jars_data) as suite,
        over_stdio(settings_for(jars_data, token=None), monkeypatch) as client,
    ):
        await suite.host.agents.change(replace(SAVER, is_disabled=True))

        assert await everything(client) == []
