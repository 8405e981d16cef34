"""The registry's backend: the catalogue searched, described and called through."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from switchgear_registry.catalogue import Catalogue
from switchgear_registry.forwarding import Forwarding
from switchgear_registry.models import (
    AuditEnd,
    Health,
    ServerHealth,
    ServerInfo,
    Servers,
    ToolAnswer,
    ToolDetails,
    ToolHit,
    ToolHits,
)
from switchgear_registry.search import ToolIndex
from switchgear_shared.calls.call import Request
from switchgear_shared.calls.pipeline import no_tool
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.audit_trail import AuditTrail
from switchgear_shared.governance.principal import Principal

_NO_MATCH = "No tool you may call fits. Say it in other words, or list the servers."


class Directory:
    """RegistryBackend over a catalogue."""

    def __init__(self, catalogue: Catalogue, forwarding: Forwarding, trail: AuditTrail) -> None:
        self._catalogue = catalogue
        self._trail = trail
        self._forwarding = forwarding
        self._index: ToolIndex | None = None
        self._indexed_generation = -1

    async def search(
        self, caller: Caller, query: str, *, server: str | None, limit: int
    ) -> ToolHits:
        """See RegistryBackend."""
        permitted = await self._catalogue.permitted(Principal.of(caller))
        names = {tool.name for tool in permitted if server is None or tool.server == server}
        if self._index is None or self._indexed_generation != self._catalogue.generation:
            self._index = ToolIndex(await self._catalogue.tools())
            self._indexed_generation = self._catalogue.generation
        items = tuple(
            ToolHit(
                name=tool.name,
                server=tool.server,
                summary=tool.description.splitlines()[0],
                effect=tool.effect,
                score=round(score, 3),
            )
            for tool, score in self._index.search(query, names, limit)
        )
        return ToolHits(items=items, hint=None if items else _NO_MATCH)

    async def describe(self, caller: Caller, name: str) -> ToolDetails:
        """See RegistryBackend."""
        tool = await self._catalogue.find(Principal.of(caller), name)
        if tool is None:
            raise no_tool(name)
        return ToolDetails(
            name=tool.name,
            server=tool.server,
            description=tool.description,
            effect=tool.effect,
            input_schema=tool.input_schema,
        )

    async def call(self, caller: Caller, name: str, arguments: dict[str, Any]) -> ToolAnswer:
        """See RegistryBackend."""
        outcome = await self._forwarding.call(
            Request(
                server="",
                tool=name,
                arguments=arguments,
                principal=Principal.of(caller),
                correlation_id=caller.correlation_id,
                traceparent=caller.traceparent,
            )
        )
        if outcome is None:
            raise no_tool(name)
        return ToolAnswer.model_validate(outcome.unwrap())

    async def list_servers(self, caller: Caller) -> Servers:
        """See RegistryBackend."""
        permitted = await self._catalogue.permitted(Principal.of(caller))
        return Servers(
            items=tuple(
                ServerInfo(
                    name=name,
                    title=f"Switchgear {name}",
                    tools=sum(tool.server == name for tool in permitted),
                    is_up=self._catalogue.is_up(name),
                )
                for name in self._catalogue.server_names
            )
        )

    async def audit_end(self, caller: Caller) -> AuditEnd:
        """See RegistryBackend."""
        return AuditEnd.model_validate(asdict(await self._trail.state(caller.tenant)))

    async def check_health(self, caller: Caller) -> Health:
        """See RegistryBackend."""
        del caller
        items = await asyncio.gather(*(self._ask(name) for name in self._catalogue.server_names))
        return Health(is_healthy=all(item.is_up for item in items), items=tuple(items))

    async def _ask(self, name: str) -> ServerHealth:
        try:
            seconds = await self._catalogue.ask(name)
        except SwitchgearError as error:
            return ServerHealth(name=name, is_up=False, latency_ms=None, detail=error.message)
        return ServerHealth(name=name, is_up=True, latency_ms=round(seconds * 1000, 3), detail=None)
