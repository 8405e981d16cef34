"""What a transport serves: one server's tools, resources and prompts, for one principal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from switchgear_shared.calls.call import Outcome, Request
from switchgear_shared.calls.description import ToolDescription, describe
from switchgear_shared.calls.pipeline import Pipeline
from switchgear_shared.governance.principal import Principal
from switchgear_shared.toolset import Prompt, ResourceTemplate


class Front:
    """A server as its clients meet it; the registry's own front adds the tools of the others."""

    def __init__(self, pipeline: Pipeline, *, title: str, version: str, instructions: str) -> None:
        self.pipeline = pipeline
        self.name = pipeline.server
        self.title = title
        self.version = version
        self.instructions = instructions
        self._described = {
            tool.name: describe(tool, pipeline.server) for tool in pipeline.toolset.listed()
        }

    @property
    def own_tools(self) -> Sequence[ToolDescription]:
        """Every listed tool of this server itself, by name."""
        return tuple(self._described.values())

    async def tools(self, principal: Principal) -> Sequence[ToolDescription]:
        """Return the tools that `principal` may call, by name."""
        return [self._described[tool.name] for tool in self.pipeline.listed(principal)]

    async def dispatch(self, request: Request) -> Outcome:
        """Return the outcome of a call."""
        return await self.pipeline.dispatch(request)

    def input_schema(self, tool: str) -> dict[str, Any] | None:
        """Return a tool's input schema, None for a tool that is not here."""
        found = self._described.get(tool)
        return found.input_schema if found else None

    @property
    def resources(self) -> Sequence[ResourceTemplate]:
        """The resources and templates offered."""
        return self.pipeline.toolset.resources

    @property
    def prompts(self) -> Sequence[Prompt]:
        """The prompts offered, by name."""
        return tuple(self.pipeline.toolset.prompts[name] for name in sorted(self._prompt_names))

    @property
    def _prompt_names(self) -> Sequence[str]:
        return tuple(self.pipeline.toolset.prompts)

    async def complete(self, principal: Principal, argument: str, typed: str) -> list[str]:
        """Return values for `argument` that continue what was typed, best first."""
        return await self.pipeline.complete(principal, argument, typed)
