"""The last good answer for a read whose system is down, labelled as what it is."""

from typing import Any

from switchgear_shared.calls.call import Call, Next, Outcome
from switchgear_shared.contracts.freshness import Freshness
from switchgear_shared.errors import (
    BackendUnavailableError,
    BulkheadFullError,
    CircuitOpenError,
    DeadlineError,
    ThrottledError,
)
from switchgear_shared.governance.digests import digest
from switchgear_shared.resilience.fallback import AnswerKey, LastGoodAnswers

_DEGRADABLE = (
    BackendUnavailableError,
    BulkheadFullError,
    CircuitOpenError,
    DeadlineError,
    ThrottledError,
)


class Fallback:
    """The stage that labels every read with its freshness, and serves the last good one if it must.

    Answers are kept per tenant and principal; nothing of a write is ever kept or served, nor the
    contents of resources, which may be large, nor what needs no backend.
    """

    def __init__(self, answers: LastGoodAnswers[dict[str, Any]]) -> None:
        self._answers = answers

    async def __call__(self, call: Call, proceed: Next) -> Outcome:
        """Raise the backend's error where no answer is young enough."""
        if call.tool.effect != "read":
            return await proceed(call)
        key = AnswerKey(
            call.principal.tenant, call.principal.id, call.tool.name, digest(call.arguments)
        )
        try:
            outcome = await proceed(call)
        except _DEGRADABLE:
            found = self._answers.get(key)
            if found is None:
                raise
            return Outcome(
                call.correlation_id,
                structured=found.value,
                freshness=Freshness(
                    source="cache",
                    as_of=found.as_of,
                    age_s=round(found.age_s, 3),
                    stale=True,
                ),
                is_untrusted=call.tool.untrusted,
            )
        tool = call.tool
        if outcome.structured is not None and tool.listed and tool.needs_backend:
            self._answers.put(key, outcome.structured)
        return outcome
