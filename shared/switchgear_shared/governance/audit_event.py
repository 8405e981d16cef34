"""One thing that happened, as the audit trail keeps it: what is hashed, and what may be erased."""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId, utc_now
from switchgear_shared.governance.digests import canonical

_WIDTHS = {"kind": 32, "server": 64, "tool": 128, "principal": 128, "correlation_id": 128}


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What the trail says of a call, a decision or a change of the rules.

    `kind`: intent (before a write), outcome, read, denied, approval, or what else happened.
    `arguments` are redacted by whoever makes the event; the digest is over the whole ones.
    """

    kind: str
    server: str = ""
    tool: str = ""
    principal: str = ""
    requested_by: str = ""
    correlation_id: str = ""
    tenant: TenantId = DEFAULT_TENANT
    time: datetime = field(default_factory=utc_now)
    arguments_digest: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict[str, Any])
    policy_ids: tuple[str, ...] = ()
    outcome: str | None = None
    approval_id: str | None = None
    idempotency_key: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_payload(self) -> str:
        """Return the text that may be erased: what was asked with, and what it came to.

        The salt is new each time: nobody tells from its digest what it said once it is gone.
        """
        return canonical(
            {
                "salt": secrets.token_hex(16),
                "arguments_digest": self.arguments_digest,
                "arguments": dict(self.arguments),
                "idempotency_key": self.idempotency_key,
                "detail": dict(self.detail),
            }
        ).decode()

    def to_body(self, payload: str) -> str:
        """Return the text that is hashed and kept for good; of the payload it has the digest."""
        return canonical(
            {
                "kind": self.kind,
                "server": self.server,
                "tool": self.tool,
                "principal": self.principal,
                "requested_by": self.requested_by,
                "correlation_id": self.correlation_id,
                "tenant": self.tenant,
                "time": self.time.isoformat(),
                "policy_ids": list(self.policy_ids),
                "outcome": self.outcome,
                "approval_id": self.approval_id,
                "payload_digest": payload_digest(payload),
            }
        ).decode()


ERASED = "erased"
"""The kind of a row that says whose payloads were erased; its `detail` has their `rows`."""


def payload_digest(payload: str) -> str:
    """Return what ties a payload to the body of its row."""
    return hashlib.sha256(payload.encode("utf-8", "surrogatepass")).hexdigest()


def columns_of(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the parts of a body that stand in columns of their own, cut to the columns' widths."""
    return {name: _storable(str(body.get(name, "")))[:width] for name, width in _WIDTHS.items()}


def _storable(text: str) -> str:
    """Return `text` without what PostgreSQL keeps in no text column."""
    return text.encode("utf-8", "replace").decode().replace("\0", " ")
