"""What the registry speaks of: servers, tools found, and their health."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from switchgear_shared.contracts.model import Contract


class ToolHit(Contract):
    """A tool that fits a query; describe it for its schema, then call it by name."""

    name: str
    server: str
    summary: str
    effect: Literal["read", "write", "forward"]
    score: float


class ToolHits(Contract):
    """Tools, best first; none means nothing you may call fits."""

    items: tuple[ToolHit, ...]
    hint: str | None = Field(description="What to try where nothing fits.")


class ToolDetails(Contract):
    """All a model needs to call one tool."""

    name: str
    server: str
    description: str
    effect: Literal["read", "write", "forward"]
    input_schema: dict[str, Any]


class ToolAnswer(Contract):
    """The structured answer of the tool called, as its own output schema says."""

    model_config = ConfigDict(extra="allow", frozen=True)


class ServerInfo(Contract):
    """One server of the suite."""

    name: str
    title: str
    tools: int = Field(description="How many of its tools you may call.")
    is_up: bool


class Servers(Contract):
    """Every server of the suite, by name."""

    items: tuple[ServerInfo, ...]


class AuditEnd(Contract):
    """Where the caller's audit chain ends, how far it is signed, and what is wrong there, if so.

    The whole chain is proven by `switchgear audit verify`.
    """

    rows: int
    last_at: datetime | None
    signed_rows: int
    signed_at: datetime | None
    problem: str | None


class ServerHealth(Contract):
    """How one server answers right now."""

    name: str
    is_up: bool
    latency_ms: float | None
    detail: str | None


class Health(Contract):
    """How every server answers right now, by name."""

    is_healthy: bool
    items: tuple[ServerHealth, ...]
