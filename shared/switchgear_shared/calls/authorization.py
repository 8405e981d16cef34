"""Policy decides on the exact arguments; where it wants a person's approval, one is asked for."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from switchgear_shared.calls.call import Call, Next, Outcome
from switchgear_shared.calls.idempotency import Writes, key_of, tried
from switchgear_shared.errors import ApprovalRequiredError, PolicyDeniedError, SwitchgearError
from switchgear_shared.governance.approval import Approvals, Grant, approval_digest
from switchgear_shared.governance.digests import digest
from switchgear_shared.governance.policy import Decision, Policies, ToolFacts
from switchgear_shared.toolset import Tool


def pin_of(tool: Tool) -> str:
    """Return the hash of a tool's definition, as a client sees it."""
    return digest(
        tool.name,
        tool.description,
        tool.input_schema,
        tool.output_schema,
        tool.effect,
        tool.permission,
        tool.idempotent,
        tool.destructive,
    )


class ToolPins:
    """The definition hash and policy view of each tool of one server, computed once."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._pins: dict[str, str] = {}
        self._facts: dict[str, ToolFacts] = {}

    def pin(self, tool: Tool) -> str:
        """Return the tool's definition hash."""
        return self._pins.setdefault(tool.name, pin_of(tool))

    def facts(self, tool: Tool) -> ToolFacts:
        """Return what policies know of the tool itself."""
        if (known := self._facts.get(tool.name)) is not None:
            return known
        return self._facts.setdefault(
            tool.name,
            ToolFacts(
                name=tool.name,
                server=self._server,
                effect="write" if tool.effect == "forward" else tool.effect,
                permission=tool.permission,
                destructive=tool.destructive,
                pinned=True,
            ),
        )


LookUp = Callable[[Call], Awaitable[Mapping[str, Any]]]


class Authorization:
    """The stage that lets a call pass, refuses it, or opens an approval for it.

    `look_up` reads, for policy, the records that the arguments name; who may never call the tool
    is refused before it, so that nobody can probe for records. A repeated write needs no second
    approval, though the records look different now from what was approved: `writes` has its
    outcome, or knows that it was begun, under the approval that it used.
    """

    def __init__(
        self,
        policies: Policies,
        approvals: Approvals,
        pins: ToolPins,
        look_up: LookUp,
        writes: Writes | None,
    ) -> None:
        self._policies = policies
        self._approvals = approvals
        self._pins = pins
        self._look_up = look_up
        self._writes = writes

    async def __call__(self, call: Call, proceed: Next) -> Outcome:
        """Raise PolicyDeniedError, or ApprovalRequiredError with `details.approval_id`."""
        if call.is_write and self._writes is not None:
            return await tried(call, lambda again: self._authorized(again, proceed), self._writes)
        return await self._authorized(call, proceed)

    async def _authorized(self, call: Call, proceed: Next) -> Outcome:
        if call.is_settling:
            self._refuse_stranger(call)
            return await proceed(call)
        if call.tool.facts is not None:
            self._refuse_stranger(call)
            call = call.with_(facts=await self._look_up(call))
        decision = self._decide(call, frozenset())
        if decision.needed_approvals:
            if call.is_dry_run:
                decision = self._decide(call, decision.needed_approvals)
            else:
                return await self._with_approval(call, decision, proceed)
        call.notes["policy_ids"] = decision.policy_ids
        if not decision.allowed:
            raise PolicyDeniedError(decision.reason)
        return await proceed(call)

    def _refuse_stranger(self, call: Call) -> None:
        if not self._policies.permits_listing(call.principal, self._pins.facts(call.tool)):
            raise PolicyDeniedError(f"{call.principal.id} may not call {call.tool.name}")

    async def _with_approval(self, call: Call, decision: Decision, proceed: Next) -> Outcome:
        call.notes["policy_ids"] = decision.policy_ids
        if self._writes is not None and (stored := await self._writes.find(call)) is not None:
            return stored
        bound_to = self._digest(call)
        grant = await self._begun_under(call)
        if grant is None:
            grant = await self._approvals.claim(bound_to, key_of(call))
        if grant is not None:
            decided = self._decide(call, grant.kinds)
            if decided.allowed:
                call.notes["policy_ids"] = decided.policy_ids
                call.notes["approval_id"] = grant.id
                return await self._granted(call, grant, proceed)
            decision = decided if decided.needed_approvals else decision
        approval = await self._approvals.request(
            principal=call.principal,
            digest=bound_to,
            server=call.server,
            tool=call.tool.name,
            kinds=decision.needed_approvals,
            summary=_summary(call, decision),
            arguments=call.arguments,
            facts=call.facts,
            correlation_id=call.correlation_id,
            asked_under=call.idempotency_key,
        )
        call.notes["approval_id"] = approval.id
        call.notes["policy_ids"] = decision.policy_ids
        raise ApprovalRequiredError(
            f"{call.tool.name} needs approval by {', '.join(sorted(decision.needed_approvals))}: "
            f"approval {approval.id}",
            details={
                "approval_id": approval.id,
                "needs": sorted(decision.needed_approvals),
                "expires_at": approval.expires_at.isoformat(),
                "resume": "repeat this call unchanged once the approval is granted",
            },
        )

    async def _begun_under(self, call: Call) -> Grant | None:
        if self._writes is None or not await self._writes.was_begun(call):
            return None
        return await self._approvals.used_by(call.principal.tenant, call.tool.name, key_of(call))

    async def _granted(self, call: Call, grant: Grant, proceed: Next) -> Outcome:
        """Proceed; a failure that left nothing done leaves the approval for the next try."""
        try:
            return await proceed(call)
        except SwitchgearError as error:
            if error.outcome == "not_done":
                await self._approvals.release(grant, key_of(call))
            raise

    def _decide(self, call: Call, approvals: frozenset[str]) -> Decision:
        return self._policies.decide(
            principal=call.principal,
            tool=self._pins.facts(call.tool),
            args=call.arguments,
            facts=call.facts,
            taint=call.taint,
            approvals=approvals,
            is_dry_run=call.is_dry_run,
            transport=call.transport,
        )

    def _digest(self, call: Call) -> str:
        return approval_digest(
            principal=call.principal,
            tool=call.tool.name,
            pin=self._pins.pin(call.tool),
            arguments=call.arguments,
            facts=call.facts,
        )


def _summary(call: Call, decision: Decision) -> str:
    parts: list[str] = [
        f"{call.principal.origin} wants {call.tool.name}",
        f"held by {', '.join(decision.policy_ids)}",
    ]
    own = {name: value for name, value in call.arguments.items() if name not in call.facts}
    parts.extend(f"{name}={_shown(value)}" for name, value in sorted(own.items()))
    if call.facts:
        parts.append("on " + ", ".join(f"{k}={_shown(v)}" for k, v in sorted(call.facts.items())))
    return "; ".join(parts)[:1000]


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."  # noqa: PLR2004 - one line a person reads
