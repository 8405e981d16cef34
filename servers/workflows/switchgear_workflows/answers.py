"""Rows of processes, and approvals, as the tools answer them."""

from collections.abc import Sequence

from switchgear_shared.contracts.schemas import closed_input_schema
from switchgear_shared.governance.approval_record import Approval
from switchgear_workflows.history import standing
from switchgear_workflows.models import (
    ApprovalRecord,
    Process,
    ProcessKind,
    ProcessRow,
    StepStanding,
)
from switchgear_workflows.process import Kind
from switchgear_workflows.tables import ProcessRecord, StepRecord

_HIDDEN = {"version", "steps", "receipt", "waits_for_whom"}


def to_process(
    record: ProcessRecord, kind: Kind | None, steps: Sequence[StepRecord], whom: str | None
) -> Process:
    """Return a process with its steps and how each of its kind's steps stands."""
    names = Process.model_fields.keys() - _HIDDEN
    taken = [
        {"name": step.name, "outcome": step.outcome, "at": step.at, "detail": step.detail}
        for step in steps
    ]
    return Process.model_validate(
        {
            **{name: getattr(record, name) for name in names},
            "waits_for_whom": whom,
            "receipt": _receipt(kind, steps),
            "steps": taken,
            "version": str(record.version),
        }
    )


def to_row(record: ProcessRecord) -> ProcessRow:
    """Return a process as lists show it."""
    names = ProcessRow.model_fields.keys()
    return ProcessRow.model_validate({name: getattr(record, name) for name in names})


def to_approval(approval: Approval) -> ApprovalRecord:
    """Return an approval whole."""
    return ApprovalRecord(
        id=approval.id,
        state=approval.state,
        server=approval.server,
        tool=approval.tool,
        needs=approval.kinds,
        arguments=dict(approval.arguments),
        facts=dict(approval.facts),
        requested_by=approval.requested_by,
        called_by=approval.principal_id,
        requested_at=approval.created_at,
        expires_at=approval.expires_at,
        decided_by=approval.decided_by,
        decided_at=approval.decided_at,
        reason=approval.reason,
        correlation_id=approval.correlation_id,
    )


def to_kind(kind: Kind) -> ProcessKind:
    """Return what agents need to know of a kind."""
    return ProcessKind(
        process=kind.name,
        version=kind.version,
        starts_with=kind.starts_with,
        steps=tuple(kind.steps),
        undoes=tuple(name for name, step in kind.steps.items() if step.undo and not step.stays),
        waits_for=kind.waits_for,
        input_schema=closed_input_schema(kind.input) if kind.input else None,
    )


def _receipt(kind: Kind | None, steps: Sequence[StepRecord]) -> tuple[StepStanding, ...]:
    last = standing(steps)
    names = list(kind.steps) if kind else list(last)
    return tuple(
        StepStanding.model_validate(
            {
                "step": name,
                "state": last[name].outcome if name in last else "not_reached",
                "reason": last[name].detail.get("reason") if name in last else None,
            }
        )
        for name in names
    )
