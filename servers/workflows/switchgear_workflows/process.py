"""What a process is made of: named steps, each with one of five ends and a way back."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.values import CorrelationId, TenantId


@dataclass(frozen=True, slots=True)
class Done:
    """The step's effect is there; `data` is kept for the steps that follow."""

    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class AwaitApproval:
    """The step waits until a person grants or denies the approval; then it is taken again."""

    approval_id: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class AwaitReview:
    """A person must look at the document; then the process starts over with what they say.

    A process without a document fails with the reasons.
    """

    reasons: tuple[str, ...]
    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Rejected:
    """A person or a policy says no: the process ends without a record."""

    reason: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The step was not done and cannot be; what the steps before it did is undone."""

    reason: str


@dataclass(frozen=True, slots=True)
class Undone:
    """The effect of the step is gone."""

    detail: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class NotUndone:
    """The effect of the step stays, for a reason that people can read."""

    reason: str


End = Done | AwaitApproval | AwaitReview | Rejected | Failed
UndoEnd = Undone | NotUndone | AwaitApproval


@dataclass(slots=True)
class Settling:
    """A step that is asked what came of it, after its process has turned back.

    Its writes are not done any more: how many of them were done, and how many were not.
    """

    done: int = 0
    not_done: int = 0


@dataclass(frozen=True, slots=True)
class Work:
    """What a step is given: the process's identity, its input and the data of the steps before."""

    process_id: str
    tenant: TenantId
    document_id: str | None
    requested_by: str
    correlation_id: CorrelationId
    traceparent: str | None
    data: Mapping[str, Any]
    input: Mapping[str, Any] = field(default_factory=dict[str, Any])
    attempts: Mapping[str, int] = field(default_factory=dict[str, int])
    """How often each step was begun anew after the process had been undone."""
    kept: frozenset[str] = frozenset()
    """The steps whose effect could not be undone."""
    settling: Settling | None = None
    """Set where writes only say what came of them."""

    def key(self, step: str, part: str | None = None) -> str:
        """Return the idempotency key of a step's effect: the same however often it is tried.

        A step with several effects names the `part`. What is done anew, after a review or when
        a process that was undone is taken up again, gets a new key.
        """
        name = step if part is None else f"{step}.{part}"
        return f"{self.process_id}:{name}:{self.attempt(step)}"

    def undo_key(self, step: str) -> str:
        """Return the idempotency key of undoing what `key` stands for."""
        return self.key(step, "undo")

    def attempt(self, step: str) -> int:
        """Return how often the step was begun anew."""
        return int(self.data.get("round", 0)) + self.attempts.get(step, 0)


@dataclass(frozen=True, slots=True)
class Step:
    """One step and its way back.

    `undo` takes its effect back. A step with an effect that nothing takes back says in `stays`
    why, and so does one that is undone in a special case only; one with neither only reads.
    `undo` may be repeated, and may find nothing to do.
    """

    take: Callable[[Work], Awaitable[End]]
    undo: Callable[[Work], Awaitable[UndoEnd]] | None = None
    stays: str | None = None

    @property
    def has_effect(self) -> bool:
        """Whether the step changes records."""
        return self.undo is not None or self.stays is not None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of process: its steps in order. `version` rises when their meaning changes.

    With an `input` model the process can be started by a call; with `input_of`, by each event of
    a type in `starts_with` for which that returns an input. Of those with the same `subject_of`
    their input only one is open at a time.
    """

    name: str
    version: int
    starts_with: tuple[str, ...]
    waits_for: tuple[str, ...]
    steps: Mapping[str, Step]
    record_of: Callable[[Mapping[str, Any]], dict[str, Any]]
    input: type[Contract] | None = None
    input_of: Callable[[Event], Mapping[str, Any] | None] | None = None
    subject_of: Callable[[Mapping[str, Any]], str] | None = None

    def after(self, step: str | None) -> str | None:
        """Return the step that follows `step`, the first for None, None at the end."""
        names = list(self.steps)
        position = 0 if step is None else names.index(step) + 1
        return names[position] if position < len(names) else None

    def before(self, step: str) -> str | None:
        """Return the step before `step`, None for the first."""
        names = list(self.steps)
        position = names.index(step)
        return names[position - 1] if position else None


class Kinds:
    """Every kind of process in every version that is installed."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self._kinds = {(kind.name, kind.version): kind for kind in kinds}
        self._newest: dict[str, Kind] = {}
        for kind in sorted(self._kinds.values(), key=lambda kind: kind.version):
            self._newest[kind.name] = kind

    def newest(self, name: str) -> Kind | None:
        """Return the version that new processes start with."""
        return self._newest.get(name)

    def of(self, name: str, version: int) -> Kind | None:
        """Return one version of a kind, None where it is not installed any more."""
        return self._kinds.get((name, version))

    def all(self) -> tuple[Kind, ...]:
        """Return the newest version of every kind, by name."""
        return tuple(self._newest[name] for name in sorted(self._newest))

    def versions(self, name: str) -> tuple[int, ...]:
        """Return the installed versions of a kind."""
        return tuple(sorted(version for known, version in self._kinds if known == name))
