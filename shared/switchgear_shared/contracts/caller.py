"""Who is behind a call, as far as a tool or a backend may know."""

from typing import Literal

from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.values import CorrelationId, TenantId


class Caller(Contract):
    """The caller as a tool sees it; `requested_by` is the agent or person at the very start."""

    tenant: TenantId
    principal_id: str
    requested_by: str
    correlation_id: CorrelationId
    kind: Literal["agent", "person", "service"] = "agent"
    roles: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    idempotency_key: str | None = None
    traceparent: str | None = None
