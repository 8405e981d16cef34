"""Every failure Switchgear foresees, as one tree with stable codes (see docs/errors.md)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

Doneness = Literal["not_done", "unknown"]


class SwitchgearError(Exception):
    """A foreseen failure that an agent can act on.

    `code` is stable; `retryable` says whether the same call may succeed later without a change;
    `outcome` says whether the effect may have happened anyway.
    """

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        retry_after_s: float | None = None,
        outcome: Doneness = "not_done",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.retry_after_s = retry_after_s
        self.outcome: Doneness = outcome
        self.details = dict(details or {})

    def to_body(self, correlation_id: str | None = None) -> dict[str, Any]:
        """Return the JSON an agent reads; the same fields for every error."""
        return {
            "code": self.code,
            "message": self.message,
            "field": self.field,
            "retryable": self.retryable,
            "retry_after_s": self.retry_after_s,
            "outcome": self.outcome,
            "correlation_id": correlation_id,
            **({"details": self.details} if self.details else {}),
        }


class NotFoundError(SwitchgearError):
    """The record named does not exist for this tenant."""

    code = "not_found"


class ConflictError(SwitchgearError):
    """The record moved on, or a key was reused with other arguments: read again, decide again."""

    code = "conflict"


class InvalidRequestError(SwitchgearError):
    """The arguments break the schema or a business rule."""

    code = "invalid_request"


class UnauthenticatedError(SwitchgearError):
    """The caller showed no credential, or one that does not hold."""

    code = "unauthenticated"


class PolicyDeniedError(SwitchgearError):
    """A policy refuses this call for this caller."""

    code = "policy_denied"


class ApprovalRequiredError(SwitchgearError):
    """A policy wants another person's approval; `details.approval_id` names the request."""

    code = "approval_required"


class BackendUnavailableError(SwitchgearError):
    """The system behind the server cannot be reached or is not answering."""

    code = "backend_unavailable"
    retryable = True


class BackendRejectedError(SwitchgearError):
    """The system behind the server refused the request for a reason of its own."""

    code = "backend_rejected"


class ThrottledError(SwitchgearError):
    """A rate limit of ours or of the system behind is spent; `retry_after_s` says until when."""

    code = "throttled"
    retryable = True


class CircuitOpenError(SwitchgearError):
    """We refused to try: the system behind has been failing."""

    code = "circuit_open"
    retryable = True


class BulkheadFullError(SwitchgearError):
    """We refused to try: as many calls as allowed are already waiting for this system."""

    code = "bulkhead_full"
    retryable = True


class DeadlineError(SwitchgearError):
    """The time the caller gave is over; `outcome` says whether the effect may have happened."""

    code = "deadline_exceeded"
    retryable = True


class UnreadableDocumentError(SwitchgearError):
    """The document cannot be read: damaged, encrypted, over a limit or not what it claims."""

    code = "unreadable_document"


class AuditUnavailableError(SwitchgearError):
    """The audit trail cannot be written, so nothing that changes a record may run."""

    code = "audit_unavailable"
    retryable = True


class InternalError(SwitchgearError):
    """A fault of ours; the log has the cause under the correlation ID."""

    code = "internal"


def _subclasses(root: type[SwitchgearError]) -> list[type[SwitchgearError]]:
    return [cls for sub in root.__subclasses__() for cls in (sub, *_subclasses(sub))]


def error_from_body(body: Mapping[str, Any]) -> SwitchgearError:
    """Rebuild the error that `to_body` described, as raised in another process."""
    by_code: dict[str, type[SwitchgearError]] = {}
    for known in _subclasses(SwitchgearError):
        by_code.setdefault(known.code, known)  # the class of the tree before one made from it
    cls = by_code.get(str(body.get("code")), InternalError)
    return cls(
        str(body.get("message", "")),
        field=body.get("field"),
        retry_after_s=body.get("retry_after_s"),
        outcome="unknown" if body.get("outcome") == "unknown" else "not_done",
        details=body.get("details"),
    )
