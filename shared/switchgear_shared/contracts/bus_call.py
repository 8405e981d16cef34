"""A tool call between two processes of a suite, as it stands on the bus: request and reply."""

from typing import Any, Literal

from pydantic import Field

from switchgear_shared.contracts.freshness import Freshness
from switchgear_shared.contracts.model import Contract


class DescribeRequest(Contract):
    """Asks a server for the tools that it declares."""

    describe: Literal[True]


class CallRequest(Contract):
    """Asks a server for one tool call, for the party that the assertion names."""

    tool: str
    arguments: dict[str, Any]
    assertion: str = Field(description="Who calls, signed by this suite, good for a minute.")
    correlation_id: str
    timeout_s: float = Field(gt=0, description="What is left of the caller's deadline.")
    traceparent: str | None = Field(description="W3C trace context.")
    taint: list[str] = Field(description="What untrusted text the caller has been given.")
    is_settling: bool = Field(
        default=False, description="Do nothing: answer what a write under this key came to."
    )


class ErrorBody(Contract):
    """A failure that was foreseen; docs/errors.md has every code."""

    code: str
    message: str
    field: str | None
    retryable: bool
    retry_after_s: float | None
    outcome: Literal["not_done", "unknown"]
    correlation_id: str | None
    details: dict[str, Any] = Field(default_factory=dict[str, Any])


class CallReply(Contract):
    """What came of a call: the tool's answer, or the error."""

    structured: dict[str, Any] | None
    error: ErrorBody | None
    freshness: Freshness | None
    untrusted: bool = Field(description="The answer carries text of strangers.")


class DescribeReply(Contract):
    """Every listed tool of a server, with the hash that pins its definition."""

    tools: list[dict[str, Any]]
