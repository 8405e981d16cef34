"""Which model is asked: by what it can do, what it costs, how fast and how well it is."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel

from switchgear_documents.asking.catalogue import Catalogue, Task
from switchgear_documents.asking.provider import InvalidAnswerError, LanguageModel
from switchgear_documents.asking.questions import Question
from switchgear_documents.asking.spending import Spending, Subject
from switchgear_shared.contracts.event_data import DocumentModelAsked
from switchgear_shared.errors import (
    BackendRejectedError,
    DeadlineError,
    SwitchgearError,
    ThrottledError,
)
from switchgear_shared.resilience.breaker import BreakerSettings, CircuitBreaker
from switchgear_shared.resilience.bulkhead import Bulkhead
from switchgear_shared.resilience.deadline import Clock, Deadline

AnswerT = TypeVar("AnswerT", bound=BaseModel)

_QUEUE = 32
_THROTTLED_S = 30.0
_REFUSED_S = 300.0
_NEW_SHARE = 0.3


@dataclass(slots=True)
class Candidate:
    """A model with what this process has seen of it; the mean latency forgets what is long ago."""

    model: LanguageModel
    breaker: CircuitBreaker
    bulkhead: Bulkhead
    latency_s: float | None = None
    resting_until_s: float = 0.0

    def failed_with(self, error: SwitchgearError, now_s: float) -> None:
        """Leave a model alone that wants it so, or that refuses us: that seldom mends by itself."""
        if isinstance(error, ThrottledError):
            self.resting_until_s = now_s + (error.retry_after_s or _THROTTLED_S)
        elif isinstance(error, BackendRejectedError) and not isinstance(error, InvalidAnswerError):
            self.resting_until_s = now_s + _REFUSED_S

    def saw(self, latency_s: float) -> None:
        """Take the latency of an answer into the mean."""
        old = self.latency_s
        self.latency_s = latency_s if old is None else old + _NEW_SHARE * (latency_s - old)


@dataclass(frozen=True, slots=True)
class Advice(Generic[AnswerT]):
    """An answer, whose it is and how far it is trusted; and every decision on the way to it."""

    answer: AnswerT | None
    model: str
    trust: float
    decisions: tuple[DocumentModelAsked, ...] = ()


@dataclass
class ModelRouter:
    """Asks the models of a catalogue in turn, until one answers.

    Each is asked once a question. One that is throttled, failing, full or too dear for what is
    left of the budget is passed over; one that fails is followed by the next. What each came to is
    a decision, for the document's trace.
    """

    catalogue: Catalogue
    spending: Spending
    models: Sequence[LanguageModel]
    clock: Clock = time.monotonic
    on_decision: Callable[[DocumentModelAsked], None] | None = None
    candidates: list[Candidate] = field(init=False)

    def __post_init__(self) -> None:
        self.candidates = [self._candidate(model) for model in self.models]

    async def ask(self, subject: Subject, question: Question[AnswerT]) -> Advice[AnswerT]:
        """Return the first valid answer; without one the advice holds the decisions alone."""
        decisions: list[DocumentModelAsked] = []
        for candidate in self._in_order(question):
            entry = candidate.model.entry
            asked = await self._ask_one(subject, question, candidate)
            decisions.append(asked[1])
            if self.on_decision is not None:
                self.on_decision(asked[1])
            if asked[0] is not None:
                return Advice(asked[0], entry.name, entry.trust, tuple(decisions))
        return Advice(None, "", 0.0, tuple(decisions))

    async def close(self) -> None:
        """Give up the connections to the models."""
        for model in self.models:
            await model.close()

    def _in_order(self, question: Question[AnswerT]) -> list[Candidate]:
        able = [c for c in self.candidates if question.task in c.model.entry.tasks]

        def rank(candidate: Candidate) -> tuple[float, float]:
            cost = float(self._most_micro(question, candidate))
            latency = candidate.latency_s or 0.0  # one that nobody knows yet is tried
            return (cost, latency) if self.catalogue.prefer == "cost" else (latency, cost)

        return sorted(able, key=rank)

    async def _ask_one(
        self, subject: Subject, question: Question[AnswerT], candidate: Candidate
    ) -> tuple[AnswerT | None, DocumentModelAsked]:
        decided = _Decision(subject, question.task, candidate.model.entry.name)
        wait_s = candidate.resting_until_s - self.clock()
        if wait_s > 0:
            return None, decided.skipped(f"it refused, and is left alone for {wait_s:.0f} s more")
        try:
            candidate.breaker.check()
        except SwitchgearError as error:
            return None, decided.skipped(error.message)
        entry = candidate.model.entry
        most_micro = self._most_micro(question, candidate)
        call_id = await self.spending.reserve(subject, question.task, entry, most_micro)
        if call_id is None:
            return None, decided.skipped("the budget has too little left for it")
        started_s = self.clock()
        try:
            deadline = Deadline.after(entry.timeout_s * 2, self.clock)
            answered = await candidate.bulkhead.run(
                lambda: candidate.breaker.run(lambda: candidate.model.ask(question)), deadline
            )
        except SwitchgearError as error:
            latency_s = self.clock() - started_s
            candidate.failed_with(error, self.clock())
            may_have_cost = isinstance(error, DeadlineError | InvalidAnswerError)
            failed = decided.failed(error, most_micro if may_have_cost else 0, latency_s)
            await self.spending.settle(subject, call_id, failed)
            return None, failed
        latency_s = self.clock() - started_s
        candidate.saw(latency_s)
        cost = entry.cost_micro(answered.input_tokens, answered.output_tokens)
        done = decided.answered(cost, answered.input_tokens, answered.output_tokens, latency_s)
        await self.spending.settle(subject, call_id, done)
        return answered.answer, done

    @staticmethod
    def _most_micro(question: Question[AnswerT], candidate: Candidate) -> int:
        """Return what the call costs at most: all of it twice, for there is one repair."""
        entry = candidate.model.entry
        sent = 2 * question.likely_tokens + question.most_tokens
        return entry.cost_micro(sent, 2 * question.most_tokens)

    def _candidate(self, model: LanguageModel) -> Candidate:
        entry = model.entry
        settings = BreakerSettings(
            window_s=300,
            minimum_throughput=3,
            slow_call_s=entry.timeout_s,
            break_duration_s=30,
            max_break_duration_s=600,
            half_open_probes=1,
        )
        return Candidate(
            model,
            CircuitBreaker(entry.name, settings, self.clock),
            Bulkhead(entry.name, entry.parallel, _QUEUE),
        )


@dataclass(frozen=True, slots=True)
class _Decision:
    subject: Subject
    task: Task
    model: str

    def skipped(self, reason: str) -> DocumentModelAsked:
        return self._made("skipped", reason=reason)

    def failed(self, error: SwitchgearError, cost: int, latency_s: float) -> DocumentModelAsked:
        reason = f"{error.code}: {error.message}"
        return self._made("failed", reason=reason, cost=cost, latency_s=latency_s)

    def answered(self, cost: int, sent: int, got: int, latency_s: float) -> DocumentModelAsked:
        return self._made("answered", cost=cost, sent=sent, got=got, latency_s=latency_s)

    def _made(
        self,
        outcome: str,
        *,
        reason: str | None = None,
        cost: int = 0,
        sent: int = 0,
        got: int = 0,
        latency_s: float = 0.0,
    ) -> DocumentModelAsked:
        return DocumentModelAsked.model_validate(
            {
                "document_id": self.subject.document_id,
                "task": self.task,
                "model": self.model,
                "outcome": outcome,
                "reason": reason,
                "cost_micro": cost,
                "input_tokens": sent,
                "output_tokens": got,
                "latency_ms": round(latency_s * 1000),
            }
        )
