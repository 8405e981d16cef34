"""The registry as clients meet it: its own tools, and beside them those of all servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from switchgear_registry.catalogue import Catalogue
from switchgear_registry.forwarding import Forwarding
from switchgear_shared.calls.call import Outcome, Request
from switchgear_shared.calls.description import ToolDescription
from switchgear_shared.calls.pipeline import Pipeline
from switchgear_shared.governance.principal import Principal
from switchgear_shared.transports.front import Front

CALL_TOOL = "registry_call_tool"


class RegistryFront(Front):
    """Below `direct_tools` permitted tools all are listed; above, an agent searches.

    A call of another server's tool, direct or by registry_call_tool, goes to that server as it
    is: validated, decided, limited and audited there, once.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        title: str,
        version: str,
        instructions: str,
        catalogue: Catalogue,
        forwarding: Forwarding,
        direct_tools: int,
    ) -> None:
        super().__init__(pipeline, title=title, version=version, instructions=instructions)
        self._catalogue = catalogue
        self._forwarding = forwarding
        self._direct_tools = direct_tools

    async def tools(self, principal: Principal) -> Sequence[ToolDescription]:
        """Return what `principal` is shown: its own tools first, then the others' by name."""
        own = await super().tools(principal)
        others = await self._catalogue.permitted(principal)
        if len(others) > self._direct_tools:
            return own
        return [*own, *sorted(others, key=lambda tool: tool.name)]

    async def dispatch(self, request: Request) -> Outcome:
        """Return the outcome of a call, wherever its tool is."""
        if request.tool == CALL_TOOL and self._may_unwrap(request):
            request = replace(
                request, tool=request.arguments["name"], arguments=request.arguments["arguments"]
            )
        elif request.tool in self.pipeline.toolset.tools:
            return await self.pipeline.dispatch(request)
        outcome = await self._forwarding.call(request)
        return await self.pipeline.refuse(request) if outcome is None else outcome

    def input_schema(self, tool: str) -> dict[str, Any] | None:
        """Return the schema of any tool of the suite, as far as servers have described them."""
        return super().input_schema(tool) or self._catalogue.input_schema(tool)

    def _may_unwrap(self, request: Request) -> bool:
        """Say whether the call is valid and permitted; if not, the pipeline refuses it."""
        is_permitted = any(
            tool.name == CALL_TOOL for tool in self.pipeline.listed(request.principal)
        )
        own = self.pipeline.toolset.tools[CALL_TOOL]
        return is_permitted and own.validator.is_valid(dict(request.arguments))
