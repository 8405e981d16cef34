"""A tool as others see it: what clients are shown, and what crosses to another process."""

from typing import Any

from switchgear_shared.calls.authorization import pin_of
from switchgear_shared.contracts.model import Contract
from switchgear_shared.toolset import Effect, Tool


class ToolDescription(Contract):
    """One tool's definition, with the hash that pins it."""

    server: str
    name: str
    title: str
    description: str
    permission: str
    effect: Effect
    idempotent: bool
    destructive: bool
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    pin: str

    @property
    def hints(self) -> dict[str, Any]:
        """The four annotations of the MCP specification, and the title."""
        return {
            "title": self.title,
            "readOnlyHint": self.effect == "read",
            "destructiveHint": self.destructive,
            "idempotentHint": self.idempotent,
            "openWorldHint": self.effect == "forward",
        }

    def to_mcp(self) -> dict[str, Any]:
        """Return the tool as `tools/list` shows it (2025-11-25 and 2026-07-28 alike)."""
        return {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.input_schema,
            "outputSchema": self.output_schema,
            "annotations": self.hints,
        }


def describe(tool: Tool, server: str) -> ToolDescription:
    """Return the description of a tool that `server` has."""
    return ToolDescription(
        server=server,
        name=tool.name,
        title=tool.title,
        description=tool.description,
        permission=tool.permission,
        effect=tool.effect,
        idempotent=tool.idempotent,
        destructive=tool.destructive,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        pin=pin_of(tool),
    )
