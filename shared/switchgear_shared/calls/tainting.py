"""The stage that remembers who was given others' text, and tells policy when they write."""

from switchgear_shared.calls.call import Call, Next, Outcome
from switchgear_shared.governance.taint import Taints


class Tainting:
    """Adds the party's taint to every call that is no read, and taints who gets untrusted text.

    The taint is kept before the text leaves: what cannot be noted is not given. A forwarded call
    is left to the server that it goes to.
    """

    def __init__(self, taints: Taints) -> None:
        self._taints = taints

    async def __call__(self, call: Call, proceed: Next) -> Outcome:
        """Raise BackendUnavailableError where the taint can be neither read nor kept."""
        if call.tool.effect == "write":
            call = call.with_(taint=call.taint | await self._taints.of(call.principal))
        outcome = await proceed(call)
        if outcome.is_untrusted and call.tool.effect != "forward":
            await self._taints.mark(call.principal, call.server)
        return outcome
