"""One approval: what it is bound to, and the state it is in at a moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import ColumnElement, and_, or_

from switchgear_shared.contracts.values import CorrelationId, TenantId
from switchgear_shared.governance.digests import digest
from switchgear_shared.governance.principal import Principal
from switchgear_shared.governance.store import ApprovalRow

_UNBOUND = ("idempotency_key", "dry_run")
_LAPSING = ("open", "approved")

State = Literal["open", "approved", "denied", "withdrawn", "expired", "used"]


@dataclass(frozen=True, slots=True)
class Approval:
    """A request for approval and what became of it; `arguments` and `facts` are redacted."""

    id: str
    tenant: TenantId
    digest: str
    state: State
    server: str
    tool: str
    kinds: tuple[str, ...]
    summary: str
    arguments: Mapping[str, Any]
    facts: Mapping[str, Any]
    principal_id: str
    requested_by: str
    correlation_id: CorrelationId
    created_at: datetime
    expires_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """An approval in the hands of the one call that uses it."""

    tenant: TenantId
    id: str
    kinds: frozenset[str]


def approval_digest(
    *,
    principal: Principal,
    tool: str,
    pin: str,
    arguments: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> str:
    """Return what an approval is bound to: this call of this tool as it is defined now.

    Who is behind the call is part of it, so that no approver can use what another asked for; the
    idempotency key and the dry-run flag are not.
    """
    bound = {name: value for name, value in arguments.items() if name not in _UNBOUND}
    return digest(principal.tenant, principal.id, principal.origin, tool, pin, bound, dict(facts))


def state_of(row: ApprovalRow, now: datetime) -> State:
    """Return the state, which is expired for what nobody decided or used in time."""
    if row.state in _LAPSING and row.expires_at <= now:
        return "expired"
    return cast("State", row.state)


def is_in_state(state: State, now: datetime) -> ColumnElement[bool]:
    """Return the condition that `state_of` puts in SQL."""
    if state in _LAPSING:
        return and_(ApprovalRow.state == state, ApprovalRow.expires_at > now)
    if state == "expired":
        lapsed = and_(ApprovalRow.state.in_(_LAPSING), ApprovalRow.expires_at <= now)
        return or_(ApprovalRow.state == state, lapsed)
    return ApprovalRow.state == state


def approval_of(row: ApprovalRow, now: datetime) -> Approval:
    """Return the row as a value."""
    return Approval(
        id=row.id,
        tenant=TenantId(row.tenant),
        digest=row.digest,
        state=state_of(row, now),
        server=row.server,
        tool=row.tool,
        kinds=tuple(row.kinds),
        summary=row.summary,
        arguments=row.arguments,
        facts=row.facts,
        principal_id=row.principal_id,
        requested_by=row.requested_by,
        correlation_id=CorrelationId(row.correlation_id),
        created_at=row.created_at,
        expires_at=row.expires_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        used_at=row.used_at,
    )


def grant_of(row: ApprovalRow) -> Grant:
    """Return the row as what a call holds."""
    return Grant(TenantId(row.tenant), row.id, frozenset(row.kinds))
