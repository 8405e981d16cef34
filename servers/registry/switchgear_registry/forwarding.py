"""Calls passed on to the server that has the tool: decided and audited there, hidden here."""

from __future__ import annotations

from dataclasses import replace

from switchgear_registry.catalogue import Catalogue
from switchgear_shared.calls.call import Dispatcher, Outcome, Request
from switchgear_shared.calls.pipeline import no_tool


class Forwarding:
    """Takes a call to the tool's own server as it is, and its outcome back.

    What the caller may not call is refused there, and so stands in the audit trail; the answer is
    that there is no such tool, as for one that does not exist.
    """

    def __init__(self, catalogue: Catalogue, dispatcher: Dispatcher) -> None:
        self._catalogue = catalogue
        self._dispatcher = dispatcher

    async def call(self, request: Request) -> Outcome | None:
        """Return the outcome of a call, whichever server `request` names; None for no such tool."""
        tool = await self._catalogue.get(request.tool)
        if tool is None:
            return None
        outcome = await self._dispatcher.dispatch(replace(request, server=tool.server))
        if outcome.error is None or self._catalogue.permits(request.principal, tool):
            return outcome
        return Outcome(request.correlation_id, error=no_tool(request.tool))
