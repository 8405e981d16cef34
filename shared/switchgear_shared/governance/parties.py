"""What the register says of a party and of its API keys, and the parties of the demo data."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId
from switchgear_shared.governance.principal import Principal

Kind = Literal["agent", "person", "service"]


@dataclass(frozen=True, slots=True)
class Agent:
    """A party as registered; the daily limits are None where there is none.

    `posted_minor_per_day` counts minor units of the company's currency.
    """

    id: str
    kind: Kind
    roles: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    tenant: TenantId = DEFAULT_TENANT
    is_disabled: bool = False
    calls_per_day: int | None = None
    posted_minor_per_day: int | None = None

    @property
    def principal(self) -> Principal:
        """The principal that this party is once it has shown a credential."""
        return Principal(self.id, self.kind, self.tenant, self.roles, self.scopes)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key without its secret."""

    id: str
    agent_id: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Holder:
    """The party that showed the secret of a key, and the key's id."""

    agent: Agent
    api_key_id: str


_READS = ("*.read", "registry.*")
DEFAULT_AGENTS = (
    Agent("assistant", "agent", ("assistant",), (*_READS, "documents.document.submit")),
    Agent("clerk", "person", ("clerk",), (*_READS, "documents.document.*", "documents.review.*")),
    Agent(
        "back-office",
        "agent",
        ("back_office",),
        (*_READS, "crm.*", "erp.*", "inventory.*", "workflows.process.*"),
    ),
    Agent(
        "finance",
        "person",
        ("approver",),
        (*_READS, "documents.document.submit", "workflows.approval.*"),
    ),
    Agent(
        "operator",
        "person",
        ("operator",),
        (
            *_READS,
            "documents.dead_letter.*",
            "documents.reading.teach",
            "documents.review.claim",
            *(f"{server}.unresolved_write.*" for server in ("crm", "erp", "inventory")),
            "workflows.process.*",
        ),
    ),
    Agent(
        "records",
        "person",
        ("records_manager",),
        (*_READS, "documents.hold.*", "documents.erasure.*", "documents.retention.*"),
    ),
    Agent(
        "workflows",
        "service",
        ("service",),
        ("crm.*", "erp.*", "inventory.*", "documents.*", "workflows.*"),
    ),
    Agent("documents", "service", ("service",), ("*.read", "documents.*", "workflows.*")),
)
"""The parties of the demo data: one for each role that the shipped policies know."""
