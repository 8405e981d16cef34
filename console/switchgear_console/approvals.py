"""Calls that wait for a person's approval: the list, one whole, and the decision."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from switchgear_console.listing import Listing
from switchgear_console.pages import see, status_of
from switchgear_console.visit import Answer, Visit
from switchgear_shared.contracts.currencies import MINOR_DIGITS
from switchgear_shared.errors import InvalidRequestError, SwitchgearError

_STATES = ("open", "approved", "denied", "expired", "used")
_DONE = {"approve": "Approved", "deny": "Denied"}


class ApprovalRoom:
    """The pages of approvals; nobody decides what they asked for, which policy sees to."""

    async def list(self, visit: Visit) -> Response:
        """Return a page of the approvals in one state, newest first."""
        found = await Listing.of(visit, "workflows_list_approvals", ("state",))
        return visit.page(
            "approvals.html",
            status=found.status,
            title="Approvals",
            error=found.error,
            found=found,
            states=_STATES,
            notice=visit.told(_DONE),
        )

    async def show(self, visit: Visit) -> Response:
        """Return one approval with the very call that would run."""
        return await self._page(visit)

    async def decide(self, visit: Visit) -> Response:
        """Approve or deny; what waits for it goes on by itself."""
        approval_id, form = visit.part("approval_id"), visit.form
        decision, reason = form.text("decision"), form.text("reason")
        try:
            if decision == "deny" and not reason:
                raise InvalidRequestError("say why it is denied", field="reason")
            answer = await visit.write(
                "workflows_decide_approval",
                "decide",
                id=approval_id,
                decision=decision,
                **({"reason": reason} if reason else {}),
            )
        except SwitchgearError as error:
            return await self._page(visit, error)
        return see(f"/approvals?{visit.telling(decision, answer['ref'] or approval_id)}")

    async def _page(self, visit: Visit, error: SwitchgearError | None = None) -> Response:
        body = await visit.read("workflows_approval", id=visit.part("approval_id"))
        approval: Answer = json.loads(body["text"])
        return visit.page(
            "approval.html",
            status=status_of(error) if error else 200,
            title=approval["tool"],
            error=error,
            approval=approval,
            arguments=_told(approval["arguments"]),
            facts=_told(_amounts(approval["facts"])),
            form_key=visit.next_key(error),
            reason=visit.form.values.get("reason", ""),
            is_open=approval["state"] == "open",
            is_own=approval["requested_by"] == visit.session.principal.origin,
            may_decide=visit.session.may("workflows.approval.decide"),
        )


def _told(values: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Return each value as text, and whether it has a structure of its own."""
    return [(name, _text(value), isinstance(value, dict | list)) for name, value in values.items()]


def _amounts(facts: dict[str, Any]) -> dict[str, Any]:
    """Return the facts with an amount in minor units as money, where its currency is told."""
    minor, currency = facts.get("amount_minor"), facts.get("currency")
    if not isinstance(minor, int) or currency not in MINOR_DIGITS:
        return facts
    amount = Decimal(minor).scaleb(-MINOR_DIGITS[currency])
    rest = {n: v for n, v in facts.items() if n not in ("amount_minor", "currency")}
    return {"amount": f"{amount:,f} {currency}", **rest}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
