"""The catalogue: tools of servers here and elsewhere, as they come, go and come back."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from switchgear_registry.catalogue import REFRESH_S, Catalogue
from switchgear_registry.forwarding import Forwarding
from switchgear_registry.front import RegistryFront
from switchgear_shared.calls.description import ToolDescription, describe
from switchgear_shared.contracts.model import Contract
from switchgear_shared.errors import BackendUnavailableError
from switchgear_shared.governance.policy import Policies
from switchgear_shared.governance.principal import Principal
from switchgear_shared.runtime import new_host
from switchgear_shared.testing import settings_for
from switchgear_shared.toolset import Toolset
from switchgear_shared.transports.inprocess import Switchboard

READER = Principal("reader", "agent", scopes=("*.read",))


class Nothing(Contract):
    """An empty answer."""


def a_tool(name: str) -> ToolDescription:
    tools = Toolset[None]()

    async def run(_backend: None) -> Nothing:
        """Do nothing."""
        return Nothing()

    run.__name__ = name
    tools.read(permission="far.thing.read")(run)
    return describe(tools.tools[name], name.split("_", maxsplit=1)[0])


class Elsewhere:
    """The servers of other processes, up or down as the test has it."""

    def __init__(self) -> None:
        self.tools: dict[str, Sequence[ToolDescription]] = {"far": [a_tool("far_get_thing")]}
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def describe(self, server: str) -> Sequence[ToolDescription]:
        self.asked += 1
        await self.gate.wait()
        if server not in self.tools:
            raise BackendUnavailableError(f"no process answers for {server}")
        return self.tools[server]


class Clock:
    """Seconds, told."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def catalogue_of(elsewhere: Any, clock: Clock) -> Catalogue:
    return Catalogue(
        Switchboard(),
        elsewhere,
        Policies.load(None, {}),
        ["far", "registry"],
        own="registry",
        clock=clock,
    )


async def names(catalogue: Catalogue) -> list[str]:
    return [tool.name for tool in await catalogue.permitted(READER)]


async def settled(catalogue: Catalogue) -> list[str]:
    """Return the tools once the refresh that this very question began has had its turns."""
    await names(catalogue)
    for _ in range(20):
        await asyncio.sleep(0)
    return await names(catalogue)


async def test_tools_of_other_processes_are_asked_for_once_a_while() -> None:
    elsewhere, clock = Elsewhere(), Clock()
    catalogue = catalogue_of(elsewhere, clock)

    assert await names(catalogue) == ["far_get_thing"]
    assert await names(catalogue) == ["far_get_thing"]
    assert (elsewhere.asked, catalogue.server_names) == (1, ["far"])


async def test_what_a_server_declares_anew_is_seen_after_a_while() -> None:
    elsewhere, clock = Elsewhere(), Clock()
    catalogue = catalogue_of(elsewhere, clock)
    await names(catalogue)
    before = catalogue.generation
    elsewhere.tools["far"] = [a_tool("far_get_thing"), a_tool("far_get_more")]
    clock.now_s = REFRESH_S

    assert await settled(catalogue) == ["far_get_thing", "far_get_more"]
    assert catalogue.generation == before + 1


async def test_a_server_that_went_away_keeps_its_tools_and_reads_as_down() -> None:
    elsewhere, clock = Elsewhere(), Clock()
    catalogue = catalogue_of(elsewhere, clock)
    await names(catalogue)
    was_up = catalogue.is_up("far")
    del elsewhere.tools["far"]
    clock.now_s = REFRESH_S

    assert await settled(catalogue) == ["far_get_thing"]
    assert (was_up, catalogue.is_up("far")) == (True, False)


async def test_a_server_never_seen_is_asked_for_again_soon() -> None:
    elsewhere, clock = Elsewhere(), Clock()
    there = elsewhere.tools.pop("far")
    catalogue = catalogue_of(elsewhere, clock)
    assert await names(catalogue) == []
    elsewhere.tools["far"] = there
    clock.now_s = REFRESH_S / 10

    assert await settled(catalogue) == ["far_get_thing"]


async def test_nobody_waits_for_a_refresh_but_the_first() -> None:
    """A broker that is away must not slow down every call of the registry."""
    elsewhere, clock = Elsewhere(), Clock()
    catalogue = catalogue_of(elsewhere, clock)
    await names(catalogue)
    clock.now_s = REFRESH_S
    elsewhere.gate.clear()

    assert await asyncio.wait_for(names(catalogue), 1) == ["far_get_thing"]
    assert await asyncio.wait_for(names(catalogue), 1) == ["far_get_thing"]
    await catalogue.close()
    assert elsewhere.asked == 2


async def test_what_is_not_permitted_is_not_found() -> None:
    catalogue = catalogue_of(Elsewhere(), Clock())
    stranger = Principal("stranger", "agent", scopes=("crm.account.read",))

    assert await catalogue.permitted(stranger) == []
    assert await catalogue.find(stranger, "far_get_thing") is None
    assert (await catalogue.get("far_get_thing")) is not None
    await catalogue.close()


@pytest.mark.parametrize(("direct_tools", "is_listed"), [(1, True), (0, False)])
async def test_above_the_threshold_an_agent_searches(
    tmp_path: Path, direct_tools: int, is_listed: bool
) -> None:
    host, _ = new_host(settings_for(tmp_path / "data"))
    await host.open(["registry"])
    catalogue = catalogue_of(Elsewhere(), Clock())
    front = RegistryFront(
        host.servers["registry"].pipeline,
        title="Registry",
        version="1",
        instructions="",
        catalogue=catalogue,
        forwarding=Forwarding(catalogue, host.switchboard),
        direct_tools=direct_tools,
    )

    shown = [tool.name for tool in await front.tools(READER)]

    await host.close()
    assert ("far_get_thing" in shown) is is_listed
    assert "registry_search_tools" in shown
