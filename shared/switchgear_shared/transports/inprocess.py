"""In-process dispatch: servers of one process call each other without a wire between."""

from __future__ import annotations

from collections.abc import Mapping

from switchgear_shared.calls.call import Dispatcher, Outcome, Request
from switchgear_shared.errors import BackendUnavailableError
from switchgear_shared.transports.front import Front


class Switchboard:
    """Takes each request to the server it names: one of this process, or one elsewhere."""

    def __init__(self) -> None:
        self._fronts: dict[str, Front] = {}
        self._elsewhere: Dispatcher | None = None

    @property
    def fronts(self) -> Mapping[str, Front]:
        """The servers of this process, by name."""
        return self._fronts

    def add(self, front: Front) -> None:
        """Serve a server of this process."""
        self._fronts[front.name] = front

    def elsewhere(self, dispatcher: Dispatcher) -> None:
        """Send requests for servers that are not here to `dispatcher`."""
        self._elsewhere = dispatcher

    async def dispatch(self, request: Request) -> Outcome:
        """Return the outcome; BackendUnavailableError inside it where no one has the server."""
        front = self._fronts.get(request.server)
        if front is not None:
            return await front.pipeline.dispatch(request)
        if self._elsewhere is not None:
            return await self._elsewhere.dispatch(request)
        return Outcome(
            request.correlation_id,
            error=BackendUnavailableError(f"server {request.server} is not running"),
        )
