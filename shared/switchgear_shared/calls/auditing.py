"""The record around every call: denials and outcomes outside, the intent just before a write."""

import time
from collections.abc import Mapping
from typing import Any

from switchgear_shared.calls.call import Call, Next, Outcome
from switchgear_shared.errors import (
    ApprovalRequiredError,
    AuditUnavailableError,
    PolicyDeniedError,
    SwitchgearError,
)
from switchgear_shared.governance.audit import Audit
from switchgear_shared.governance.audit_event import AuditEvent
from switchgear_shared.governance.digests import digest
from switchgear_shared.governance.redaction import redact
from switchgear_shared.observability.metrics import Metrics


class AuditedOutcome:
    """The outermost stage: one audit row a call, whatever came of it, and its metrics.

    A write's outcome is committed before the answer leaves; a read's joins the next group.
    """

    def __init__(self, audit: Audit, metrics: Metrics) -> None:
        self._audit = audit
        self._metrics = metrics

    async def __call__(self, call: Call, proceed: Next) -> Outcome:
        """Record how the call ended; errors pass on."""
        started = time.perf_counter()
        code = "internal"
        detail: dict[str, Any] = {}
        try:
            outcome = await proceed(call)
            code = "ok" if outcome.error is None else outcome.error.code
            detail = _result_of(call, outcome)
        except SwitchgearError as error:
            code = error.code
            detail = {"message": error.message, "outcome": error.outcome, **error.details}
            raise
        else:
            return outcome
        finally:
            taken_s = time.perf_counter() - started
            self._metrics.call(call.server, call.tool.name, code, taken_s)
            await self._record(call, code, detail)

    async def _record(self, call: Call, code: str, detail: dict[str, Any]) -> None:
        kind = "outcome"
        if code == PolicyDeniedError.code:
            kind = "denied"
        elif code == ApprovalRequiredError.code:
            kind = "approval"
        entry = audit_event(call, kind=kind, code=code, detail=detail)
        if call.tool.effect == "read":
            await self._audit.append_soon(entry)
            return
        try:
            await self._audit.append(entry)
        except AuditUnavailableError as error:
            if not call.notes.get("is_intended"):
                raise
            raise AuditUnavailableError(
                error.message, retry_after_s=error.retry_after_s, outcome="unknown"
            ) from error


class AuditedIntent:
    """The stage before a write's effect: without a committed intent row nothing is changed."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    async def __call__(self, call: Call, proceed: Next) -> Outcome:
        """Raise AuditUnavailableError if the intent cannot be recorded."""
        if call.is_write:
            await self._audit.append(audit_event(call, kind="intent", code=None, detail={}))
            call.notes["is_intended"] = True
        return await proceed(call)


def audit_event(call: Call, *, kind: str, code: str | None, detail: dict[str, Any]) -> AuditEvent:
    """Return the audit row for a call: a digest of its arguments, and those redacted.

    They are the tool's own, as validated; of a call that was not valid, those that came.
    """
    arguments: Mapping[str, Any] = call.notes.get("arguments", call.arguments)
    return AuditEvent(
        tenant=call.principal.tenant,
        kind=kind,
        server=call.server,
        tool=call.tool.name,
        principal=call.principal.id,
        requested_by=call.principal.origin,
        correlation_id=call.correlation_id,
        arguments_digest=_digest_of(arguments),
        arguments=redact(arguments),
        policy_ids=tuple(call.notes.get("policy_ids", ())),
        outcome=code,
        approval_id=call.notes.get("approval_id"),
        idempotency_key=call.notes.get("idempotency_key"),
        detail={
            **detail,
            **({"dry_run": True} if call.notes.get("is_dry_run") else {}),
            **({"settling": True} if call.is_settling else {}),
        },
    )


def _digest_of(arguments: Mapping[str, Any]) -> str | None:
    try:
        return digest(arguments)
    except RecursionError:
        return None  # nested so deep that validation has refused it


def _result_of(call: Call, outcome: Outcome) -> dict[str, Any]:
    if call.tool.effect != "write" or outcome.structured is None:
        return {}
    names = ("id", "ref", "state", "replayed")
    return {name: outcome.structured[name] for name in names if outcome.structured.get(name)}
