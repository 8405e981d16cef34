"""The one pipeline around every tool call, composed in the designed order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from switchgear_shared.calls.auditing import AuditedIntent, AuditedOutcome
from switchgear_shared.calls.authorization import Authorization, ToolPins
from switchgear_shared.calls.call import Call, Next, Outcome, Request, Stage
from switchgear_shared.calls.execution import Execution
from switchgear_shared.calls.fallback import Fallback
from switchgear_shared.calls.idempotency import Idempotency, Writes
from switchgear_shared.calls.limiting import Limiting
from switchgear_shared.calls.tainting import Tainting
from switchgear_shared.calls.validation import Validation, is_storable
from switchgear_shared.contracts.schemas import has_property
from switchgear_shared.contracts.values import new_correlation_id
from switchgear_shared.errors import InternalError, NotFoundError, SwitchgearError
from switchgear_shared.governance.approval import Approvals
from switchgear_shared.governance.audit import Audit, AuditEvent
from switchgear_shared.governance.budget import Budgets
from switchgear_shared.governance.policy import Policies
from switchgear_shared.governance.principal import Principal
from switchgear_shared.governance.taint import Taints
from switchgear_shared.observability.logs import bound, logger
from switchgear_shared.observability.metrics import Metrics
from switchgear_shared.observability.traces import span
from switchgear_shared.resilience.deadline import Deadline
from switchgear_shared.resilience.fallback import LastGoodAnswers
from switchgear_shared.resilience.limits import RateLimits
from switchgear_shared.resilience.protection import BackendProtection
from switchgear_shared.toolset import Tool, Toolset

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Governance:
    """What decides on calls and records them; one for all servers of a process."""

    policies: Policies
    approvals: Approvals
    audit: Audit
    budgets: Budgets
    taints: Taints


class Pipeline:
    """Takes requests for one server's tools to their outcomes."""

    def __init__(
        self,
        server: str,
        toolset: Toolset[Any],
        backend: Any,
        *,
        governance: Governance,
        protection: BackendProtection,
        limits: RateLimits,
        answers: LastGoodAnswers[dict[str, Any]],
        writes: Writes | None,
        call_timeout_s: float,
        metrics: Metrics,
    ) -> None:
        self.server = server
        self.toolset = toolset
        self.protection = protection
        self._backend = backend
        self._policies = governance.policies
        self._audit = governance.audit
        self._limits = limits
        self._pins = ToolPins(server)
        self._call_timeout_s = call_timeout_s
        self.writes = writes
        execution = Execution(backend, protection, writes)
        stages: list[Stage] = [
            AuditedOutcome(governance.audit, metrics),
            Validation(),
            Tainting(governance.taints),
            Authorization(
                governance.policies,
                governance.approvals,
                self._pins,
                execution.facts,
                writes,
            ),
            *([Idempotency(writes)] if writes is not None else []),
            Limiting(limits, governance.budgets),
            TimeLimit(),
            Fallback(answers),
            AuditedIntent(governance.audit),
        ]
        self._run = compose(stages, execution)

    async def dispatch(self, request: Request) -> Outcome:
        """Return the outcome of a request; a fault of ours is masked and logged."""
        return await self._answer(request, self.toolset.tools.get(request.tool))

    async def refuse(self, request: Request) -> Outcome:
        """Answer that there is no such tool, counted and recorded, so that guessing shows."""
        return await self._answer(request, None)

    async def _answer(self, request: Request, tool: Tool | None) -> Outcome:
        with (
            bound(
                correlation_id=request.correlation_id,
                principal=request.principal.id,
                server=self.server,
                tool=request.tool,
            ),
            span(f"tools/call {request.tool}", request.traceparent) as traced,
        ):
            try:
                if tool is None:
                    return await self._refuse(request)
                return await self._run(self._call(tool, request, traced.traceparent))
            except SwitchgearError as error:
                log.info("call refused", code=error.code, message=error.message)
                return Outcome(request.correlation_id, error=error)
            except Exception:
                log.exception("call failed")
                return Outcome(
                    request.correlation_id,
                    error=InternalError(
                        f"an internal fault; quote {request.correlation_id} to the operator",
                        outcome="unknown",
                    ),
                )

    def listed(self, principal: Principal) -> list[Tool]:
        """Return the tools this principal may call, by name."""
        return [
            tool
            for tool in self.toolset.listed()
            if self._policies.permits_listing(principal, self._pins.facts(tool))
        ]

    async def complete(self, principal: Principal, argument: str, typed: str) -> list[str]:
        """Return values that continue what was typed, to who may call a tool that takes it.

        An empty list where the system behind does not answer: a completion is only a help.
        """
        completion = self.toolset.completions.get(argument)
        is_permitted = any(
            has_property(tool.input_schema, argument)
            and self._policies.permits_listing(principal, self._pins.facts(tool))
            for tool in self.toolset.tools.values()
        )
        if completion is None or not is_permitted or not is_storable(typed):
            return []
        caller = principal.to_caller(new_correlation_id())
        try:
            return await self.protection.run(
                lambda: completion(self._backend, caller, typed),
                deadline=Deadline.after(self._call_timeout_s),
                may_repeat=True,
                may_have_effect=False,
                is_keyed=False,
                holder=principal.id,
            )
        except SwitchgearError as error:
            log.info("no completion", argument=argument, code=error.code)
            return []

    async def _refuse(self, request: Request) -> Outcome:
        principal = request.principal
        await self._limits.hit((principal.tenant, principal.id, self.server), 1)
        error = no_tool(request.tool)
        await self._audit.append_soon(
            AuditEvent(
                tenant=principal.tenant,
                kind="denied",
                server=self.server,
                tool=request.tool[:64],
                principal=principal.id,
                requested_by=principal.origin,
                correlation_id=request.correlation_id,
                outcome=error.code,
            )
        )
        return Outcome(request.correlation_id, error=error)

    def _call(self, tool: Tool, request: Request, traceparent: str | None) -> Call:
        asked_s = self._call_timeout_s if request.timeout_s is None else request.timeout_s
        timeout_s = min(asked_s, self._call_timeout_s)
        return Call(
            tool=tool,
            server=self.server,
            arguments=request.arguments,
            principal=request.principal,
            correlation_id=request.correlation_id,
            deadline=Deadline.after(timeout_s),
            transport=request.transport,
            traceparent=traceparent,
            taint=request.taint,
            is_settling=request.is_settling and tool.effect == "write",
        )


def no_tool(name: str) -> NotFoundError:
    """Return the one answer for a tool that does not exist and for one that is not permitted."""
    return NotFoundError(f"no tool {name[:64]!r}")


class TimeLimit:
    """The stage that refuses to start what has no time left."""

    async def __call__(self, call: Call, proceed: Next) -> Outcome:
        """Raise DeadlineError if the deadline has passed."""
        call.deadline.check()
        return await proceed(call)


def compose(stages: Sequence[Stage], last: Next) -> Next:
    """Return one function that takes a call through `stages`, outermost first, to `last`."""
    chain = last
    for stage in reversed(stages):
        chain = _linked(stage, chain)
    return chain


def _linked(stage: Stage, proceed: Next) -> Next:
    async def run(call: Call) -> Outcome:
        return await stage(call, proceed)

    return run
