"""The registry as clients meet it: its own tools, and beside them those of all servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from switchgear_registry.catalogue import Catalogue
from switchgear_shared.calls.call import Dispatcher, Outcome, Request
from switchgear_shared.calls.description import ToolDescription
from switchgear_shared.calls.pipeline import Pipeline
from switchgear_shared.errors import InvalidRequestError, NotFoundError
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
        dispatcher: Dispatcher,
        direct_tools: int,
    ) -> None:
        super().__init__(pipeline, title=title, version=version, instructions=instructions)
        self._catalogue = catalogue
        self._dispatcher = dispatcher
        self._direct_tools = direct_tools
        self._schemas: dict[str, dict[str, Any]] = {}

    async def tools(self, principal: Principal) -> Sequence[ToolDescription]:
        """Return what `principal` is shown: its own tools first, then the others' by name."""
        own = await super().tools(principal)
        others = await self._catalogue.permitted(principal)
        if len(others) > self._direct_tools:
            return own
        self._schemas.update({tool.name: tool.input_schema for tool in others})
        return [*own, *sorted(others, key=lambda tool: tool.name)]

    async def dispatch(self, request: Request) -> Outcome:
        """Return the outcome of a call, wherever its tool is."""
        if request.tool == CALL_TOOL:
            unwrapped = self._unwrapped(request)
            if isinstance(unwrapped, Outcome):
                return unwrapped
            return await self._elsewhere(unwrapped)
        if request.tool in self.pipeline.toolset.tools:
            return await self.pipeline.dispatch(request)
        return await self._elsewhere(request)

    def input_schema(self, tool: str) -> dict[str, Any] | None:
        """Return the schema of any tool that was listed here."""
        return super().input_schema(tool) or self._schemas.get(tool)

    async def _elsewhere(self, request: Request) -> Outcome:
        tool = await self._catalogue.find(request.principal, request.tool)
        if tool is None:
            return Outcome(
                request.correlation_id, error=NotFoundError(f"no tool {request.tool[:64]!r}")
            )
        return await self._dispatcher.dispatch(replace(request, server=tool.server))

    def _unwrapped(self, request: Request) -> Request | Outcome:
        own = self.pipeline.toolset.tools[CALL_TOOL]
        if not own.validator.is_valid(dict(request.arguments)):
            problem = next(own.validator.iter_errors(dict(request.arguments)))
            error = InvalidRequestError(problem.message[:200])
            return Outcome(request.correlation_id, error=error)
        arguments: Mapping[str, Any] = request.arguments["arguments"]
        return replace(request, tool=request.arguments["name"], arguments=arguments)
