"""All tools of all servers: those of this process, and those that others describe over the bus."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from switchgear_shared.calls.description import ToolDescription
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.policy import Policies, ToolFacts
from switchgear_shared.governance.principal import Principal
from switchgear_shared.transports.forward import BusForward
from switchgear_shared.transports.inprocess import Switchboard

REFRESH_S = 5.0


class Catalogue:
    """A snapshot of every tool, refreshed while it is used.

    A server that stops answering keeps its tools listed, so that a caller learns from the call
    that it is down, and not from a tool that vanished. Only the first caller waits for servers to
    answer; later ones are given the last snapshot while a new one is made.
    """

    def __init__(
        self,
        switchboard: Switchboard,
        remote: BusForward,
        policies: Policies,
        server_names: Iterable[str],
        *,
        own: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._switchboard = switchboard
        self._remote = remote
        self._policies = policies
        self._names = [name for name in server_names if name != own]
        self._clock = clock
        self._described: dict[str, Sequence[ToolDescription]] = {}
        self._schemas: dict[str, dict[str, Any]] = {}
        self._up: dict[str, bool] = {}
        self._fresh_until = -1.0
        self._refreshing: asyncio.Task[None] | None = None
        self._is_known = False
        self.generation = 0

    @property
    def server_names(self) -> list[str]:
        """Every installed server but the registry itself, by name."""
        return list(self._names)

    def is_up(self, server: str) -> bool:
        """Say whether the server answered when it was last asked."""
        return self._up.get(server, False)

    async def tools(self) -> list[ToolDescription]:
        """Return every known tool, by server and name."""
        await self._refresh()
        return [tool for name in self._names for tool in self._described.get(name, ())]

    async def permitted(self, principal: Principal) -> list[ToolDescription]:
        """Return the tools that `principal` may call."""
        return [tool for tool in await self.tools() if self.permits(principal, tool)]

    def permits(self, principal: Principal, tool: ToolDescription) -> bool:
        """Say whether `principal` may call the tool."""
        return self._policies.permits_listing(principal, _facts(tool))

    async def get(self, name: str) -> ToolDescription | None:
        """Return the tool of that name, whoever may call it; None where no server has it."""
        return next((tool for tool in await self.tools() if tool.name == name), None)

    def input_schema(self, name: str) -> dict[str, Any] | None:
        """Return the input schema of a tool as it was last described, without asking anyone."""
        return self._schemas.get(name)

    async def find(self, principal: Principal, name: str) -> ToolDescription | None:
        """Return the tool of that name if `principal` may call it."""
        tool = await self.get(name)
        return tool if tool is not None and self.permits(principal, tool) else None

    async def ask(self, server: str) -> float:
        """Ask a server for its tools now; return the seconds it took, or raise its error."""
        started = time.perf_counter()
        front = self._switchboard.fronts.get(server)
        try:
            described = front.own_tools if front else await self._remote.describe(server)
        except SwitchgearError:
            self._up[server] = False
            raise
        self._up[server] = True
        if list(described) != list(self._described.get(server, ())):
            self._described[server] = tuple(described)
            self._schemas = {
                tool.name: tool.input_schema for tools in self._described.values() for tool in tools
            }
            self.generation += 1
        return time.perf_counter() - started

    async def close(self) -> None:
        """Stop refreshing."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)

    async def _refresh(self) -> None:
        if self._clock() < self._fresh_until:
            return
        if self._refreshing is None or self._refreshing.done():
            # An empty context: the refresh is nobody's call.
            self._refreshing = asyncio.get_running_loop().create_task(
                self._ask_all(), context=contextvars.Context()
            )
        if not self._is_known:
            await asyncio.shield(self._refreshing)

    async def _ask_all(self) -> None:
        await asyncio.gather(*(self.ask(name) for name in self._names), return_exceptions=True)
        all_known = all(name in self._described for name in self._names)
        self._is_known = True
        self._fresh_until = self._clock() + (REFRESH_S if all_known else REFRESH_S / 10)


def _facts(tool: ToolDescription) -> ToolFacts:
    return ToolFacts(
        name=tool.name,
        server=tool.server,
        effect="write" if tool.effect == "forward" else tool.effect,
        permission=tool.permission,
        destructive=tool.destructive,
        pinned=True,
    )
