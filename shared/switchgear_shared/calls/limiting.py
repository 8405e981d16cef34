"""Rate limit and daily budget of the agent, before anything is spent on its call."""

from switchgear_shared.calls.call import Call, Next, Outcome
from switchgear_shared.governance.budget import Budgets
from switchgear_shared.resilience.limits import RateLimits

_WEIGHT = {"light": 1, "normal": 1, "heavy": 5}


class Limiting:
    """The stage that throttles an agent by calls a minute and by its budget a day."""

    def __init__(self, limits: RateLimits, budgets: Budgets) -> None:
        self._limits = limits
        self._budgets = budgets

    async def __call__(self, call: Call, proceed: Next) -> Outcome:
        """Raise ThrottledError (`retry_after_s`) or PolicyDeniedError (budget spent)."""
        principal = call.principal
        if principal.kind != "service":
            await self._limits.hit(
                (principal.tenant, principal.id, call.server), _WEIGHT[call.tool.cost]
            )
            if call.is_write:
                await self._budgets.charge(
                    principal,
                    tool=call.tool.name,
                    amount_company_minor=int(call.facts.get("amount_company_minor", 0)),
                )
        return await proceed(call)
