"""The steps of a process as they were taken and undone, and how each stands."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.values import utc_now
from switchgear_workflows.process import (
    AwaitApproval,
    AwaitReview,
    Done,
    End,
    Failed,
    Kind,
    NotUndone,
    Rejected,
    UndoEnd,
    Undone,
)
from switchgear_workflows.tables import ProcessRecord, StepRecord


async def history(session: AsyncSession, record: ProcessRecord) -> Sequence[StepRecord]:
    """Return what was taken and undone, in order."""
    found = await session.scalars(
        select(StepRecord)
        .where(StepRecord.tenant == record.tenant, StepRecord.process_id == record.id)
        .order_by(StepRecord.number)
    )
    return found.all()


async def note(session: AsyncSession, record: ProcessRecord, step: str, end: End | UndoEnd) -> None:
    """Write down what a step came to."""
    count = await session.scalar(
        select(func.count()).where(
            StepRecord.tenant == record.tenant, StepRecord.process_id == record.id
        )
    )
    outcome, detail = _described(end)
    session.add(
        StepRecord(
            tenant=record.tenant,
            process_id=record.id,
            number=(count or 0) + 1,
            name=step,
            outcome=outcome,
            detail=detail,
            at=utc_now(),
        )
    )


def standing(steps: Iterable[StepRecord]) -> dict[str, StepRecord]:
    """Return the last word on each step that was reached."""
    return {step.name: step for step in steps}


def next_to_undo(kind: Kind, steps: Iterable[StepRecord]) -> str | None:
    """Return the last step whose effect is there and was not tried to be undone."""
    last = _effects(steps)
    undoable = (
        name for name in reversed(list(kind.steps)) if kind.steps[name].has_effect and name in last
    )
    return next((name for name in undoable if last[name].outcome == "done"), None)


def not_undone(steps: Iterable[StepRecord]) -> tuple[str, ...]:
    """Return the steps whose effect stays though the process was undone."""
    return tuple(name for name, step in _effects(steps).items() if step.outcome == "not_undone")


def _effects(steps: Iterable[StepRecord]) -> dict[str, StepRecord]:
    told = ("done", "undone", "not_undone")
    return {step.name: step for step in steps if step.outcome in told}


_WORDS: dict[type[End | UndoEnd], str] = {
    Done: "done",
    AwaitApproval: "waiting",
    AwaitReview: "waiting",
    Rejected: "refused",
    Failed: "failed",
    Undone: "undone",
    NotUndone: "not_undone",
}


def _described(end: End | UndoEnd) -> tuple[str, dict[str, Any]]:
    if isinstance(end, Done | Undone):
        detail = dict(end.detail)
    elif isinstance(end, AwaitApproval):
        detail = {"approval_id": end.approval_id, "expires_at": end.expires_at}
    elif isinstance(end, AwaitReview):
        detail = {"reasons": list(end.reasons)}
    else:
        detail = {"reason": end.reason}
    return _WORDS[type(end)], detail
