"""The registry port: what agents ask of the registry."""

from typing import Any, Protocol

from switchgear_registry.models import AuditEnd, Health, Servers, ToolAnswer, ToolDetails, ToolHits
from switchgear_shared.contracts.caller import Caller


class RegistryBackend(Protocol):
    """The tools of all servers, as far as the caller may call them.

    A tool that the caller may not call is not found: the registry does not tell what exists.
    """

    async def search(
        self, caller: Caller, query: str, *, server: str | None, limit: int
    ) -> ToolHits:
        """Return the best fitting tools; none where nothing fits."""
        ...

    async def describe(self, caller: Caller, name: str) -> ToolDetails:
        """Return a tool's schema; NotFoundError where there is none for this caller."""
        ...

    async def call(self, caller: Caller, name: str, arguments: dict[str, Any]) -> ToolAnswer:
        """Call a tool on its own server, under that server's policy and audit."""
        ...

    async def list_servers(self, caller: Caller) -> Servers:
        """Return every server."""
        ...

    async def audit_end(self, caller: Caller) -> AuditEnd:
        """Return how the end of the audit chain of the caller's tenant is."""
        ...

    async def check_health(self, caller: Caller) -> Health:
        """Ask every server now."""
        ...
