"""What the events of processes say."""

from typing import Any, Literal

from switchgear_shared.contracts.model import Contract


class ProcessStarted(Contract):
    """A process began."""

    process_id: str
    process: str
    document_id: str | None


class ProcessWaiting(Contract):
    """A process waits for something outside of it."""

    process_id: str
    state: str
    waits_for: str
    approval_id: str | None


class ProcessCompleted(Contract):
    """A process reached its goal."""

    process_id: str
    process: str
    document_id: str | None
    result: dict[str, Any]


class ProcessAdvanced(Contract):
    """A process is to go on after `step`, or from its start."""

    process_id: str
    process: str
    document_id: str | None
    step: str | None


class ProcessReverted(Contract):
    """A process turned back: what its steps did is being undone."""

    process_id: str
    process: str
    document_id: str | None
    reason: str


class ProcessFailed(Contract):
    """A process ended without its result and undid what it could.

    `state` says why: a person or a policy said no, somebody cancelled it, or a step could not be
    done. The effects of the steps in `not_undone` stay.
    """

    process_id: str
    process: str
    document_id: str | None
    reason: str
    state: Literal["rejected", "cancelled", "failed"] = "failed"
    not_undone: tuple[str, ...] = ()


class ProcessReviewRequested(Contract):
    """A process asks a person to look at its document."""

    process_id: str
    document_id: str
    reasons: tuple[str, ...]
