"""The authenticated party behind a call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import DEFAULT_TENANT, CorrelationId, TenantId


@dataclass(frozen=True, slots=True)
class Principal:
    """An agent, a person or one of our own services, as verified from a credential.

    `scopes` are permissions (`erp.invoice.read`) or families of them (`erp.*`, `*.read`);
    `requested_by` is the party at the start of the chain when a service acts for another.
    """

    id: str
    kind: Literal["agent", "person", "service"]
    tenant: TenantId = DEFAULT_TENANT
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    requested_by: str | None = None

    @property
    def origin(self) -> str:
        """The party at the start of the chain: who an approver must differ from."""
        return self.requested_by or self.id

    @classmethod
    def of(cls, caller: Caller) -> Principal:
        """Return the principal whom a tool knows as `caller`."""
        return cls(
            id=caller.principal_id,
            kind=caller.kind,
            tenant=caller.tenant,
            roles=caller.roles,
            scopes=caller.permissions,
            requested_by=None
            if caller.requested_by == caller.principal_id
            else caller.requested_by,
        )

    def to_caller(
        self,
        correlation_id: CorrelationId,
        *,
        idempotency_key: str | None = None,
        traceparent: str | None = None,
    ) -> Caller:
        """Return this principal as a tool may see it, within one piece of work."""
        return Caller(
            tenant=self.tenant,
            principal_id=self.id,
            requested_by=self.origin,
            correlation_id=correlation_id,
            kind=self.kind,
            roles=self.roles,
            permissions=self.scopes,
            idempotency_key=idempotency_key,
            traceparent=traceparent,
        )

    def holds(self, permission: str) -> bool:
        """Say whether the scopes cover `permission` (`server.noun.verb`)."""
        return any(_covers(scope, permission) for scope in self.scopes)


def _covers(scope: str, permission: str) -> bool:
    if scope == permission:
        return True
    wanted = scope.split(".")
    parts = permission.split(".")
    if wanted == ["*", "read"]:
        return parts[-1] == "read"
    return (
        wanted[-1] == "*" and parts[: len(wanted) - 1] == wanted[:-1] and len(parts) >= len(wanted)
    )
