"""The circuit breaker: stops calling a system that fails, and tries it again with care."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import random as random_ratio
from typing import Literal, TypeVar

from pydantic import Field

from switchgear_shared.contracts.model import Contract
from switchgear_shared.errors import (
    BackendUnavailableError,
    CircuitOpenError,
    DeadlineError,
    SwitchgearError,
    ThrottledError,
)
from switchgear_shared.resilience.deadline import Clock

T = TypeVar("T")
BreakerState = Literal["closed", "open", "half_open", "isolated"]
Verdict = Literal["healthy", "failed"]

_BUCKETS = 10
_JITTER_RATIO = 0.2


class BreakerSettings(Contract):
    """When a circuit opens and how it closes again."""

    failure_ratio: float = Field(default=0.5, gt=0, le=1)
    slow_ratio: float = Field(default=0.8, gt=0, le=1)
    slow_call_s: float = Field(default=5.0, gt=0)
    window_s: float = Field(default=30.0, gt=0)
    minimum_throughput: int = Field(default=10, ge=1)
    break_duration_s: float = Field(default=5.0, gt=0)
    max_break_duration_s: float = Field(default=60.0, gt=0)
    half_open_probes: int = Field(default=3, ge=1)


class BreakerSnapshot(Contract):
    """What a breaker knows now; the counts are those of its window or, half open, its probes."""

    state: BreakerState
    calls_count: int
    failed_count: int
    slow_count: int
    retry_after_s: float | None = None


@dataclass(slots=True)
class _Tally:
    """Verdicts counted together."""

    index: int = 0
    calls: int = 0
    failed: int = 0
    slow: int = 0

    def count(self, *, failed: bool, slow: bool) -> None:
        self.calls += 1
        self.failed += failed
        self.slow += slow


class CircuitBreaker:
    """A breaker for one backend system; its state stays in this process.

    BackendUnavailableError, DeadlineError and OSError (which a TimeoutError is) are failures.
    Any other SwitchgearError is an answer, and so healthy. No verdict at all are a cancellation,
    a ThrottledError (the system lives, but a refusal must neither close a circuit nor thin out
    its failures) and a foreign exception, which is a bug of ours and must not cut off a backend.
    """

    def __init__(
        self,
        name: str,
        settings: BreakerSettings | None = None,
        clock: Clock = time.monotonic,
        random: Callable[[], float] = random_ratio,
        on_change: Callable[[str, BreakerState, BreakerState], None] | None = None,
    ) -> None:
        self.name = name
        self._settings = settings or BreakerSettings()
        self._clock = clock
        self._random = random
        self._on_change = on_change
        self._slow_call_s = self._settings.slow_call_s
        self._bucket_s = self._settings.window_s / _BUCKETS
        self._state: BreakerState = "closed"
        self._generation = 0
        self._buckets: deque[_Tally] = deque()
        self._total = _Tally()
        self._probes_admitted = 0
        self._breaks_in_a_row = 0
        self._closed_at_s = clock()
        self._open_until_s = 0.0

    async def run(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Return what `operation` returns; raise CircuitOpenError instead of calling it."""
        generation = self._admit()
        started_s = self._clock()
        verdict: Verdict | None = None
        try:
            result = await operation()
            verdict = "healthy"
        except SwitchgearError as error:
            verdict = _judge(error)
            raise
        except OSError:
            verdict = "failed"
            raise
        finally:
            self._record(generation, verdict, started_s)
        return result

    def check(self) -> None:
        """Raise CircuitOpenError if a call would be refused now; admits nothing."""
        if self._state == "closed":
            return
        self._end_break()
        if self._state == "isolated":
            raise CircuitOpenError(f"{self.name} was taken out of use by an operator")
        if self._state == "open":
            left_s = self._open_until_s - self._clock()
            raise CircuitOpenError(f"{self.name} has been failing", retry_after_s=left_s)
        if self._probes_admitted >= self._settings.half_open_probes:
            raise CircuitOpenError(
                f"{self.name} has been failing and is being tried",
                retry_after_s=self._slow_call_s,  # by then every probe has answered or is slow
            )

    def isolate(self) -> None:
        """Refuse every call until `reset`."""
        self._enter("isolated")

    def reset(self) -> None:
        """Close the circuit and forget the past; calls under way are no longer counted."""
        self._breaks_in_a_row = 0
        self._enter("closed")

    @property
    def state(self) -> BreakerState:
        """The state now: a break that is over reads `half_open`."""
        self._end_break()
        return self._state

    def snapshot(self) -> BreakerSnapshot:
        """Return the state and the counts behind it."""
        self._end_break()
        self._forget_old(self._bucket_now())
        is_open = self._state == "open"
        return BreakerSnapshot(
            state=self._state,
            calls_count=self._total.calls,
            failed_count=self._total.failed,
            slow_count=self._total.slow,
            retry_after_s=self._open_until_s - self._clock() if is_open else None,
        )

    def _admit(self) -> int:
        self.check()
        if self._state == "half_open":
            self._probes_admitted += 1
        return self._generation

    def _record(self, generation: int, verdict: Verdict | None, started_s: float) -> None:
        if generation != self._generation:
            return  # the answer is about a state of affairs that is over
        if verdict is None:
            if self._state == "half_open":
                self._probes_admitted -= 1
            return
        is_failed = verdict == "failed"
        is_slow = self._clock() - started_s >= self._slow_call_s
        if self._state == "half_open":
            self._total.count(failed=is_failed, slow=is_slow)
            self._judge_probes()
            return
        index = self._bucket_now()
        self._forget_old(index)
        if not self._buckets or self._buckets[-1].index != index:
            self._buckets.append(_Tally(index))
        self._buckets[-1].count(failed=is_failed, slow=is_slow)
        self._total.count(failed=is_failed, slow=is_slow)
        if is_failed or is_slow:
            self._judge_window()

    def _judge_window(self) -> None:
        settings, total = self._settings, self._total
        if total.calls < settings.minimum_throughput:
            return
        if (
            total.failed / total.calls >= settings.failure_ratio
            or total.slow / total.calls >= settings.slow_ratio
        ):
            if self._clock() - self._closed_at_s >= settings.window_s:
                self._breaks_in_a_row = 0  # it held long enough to start afresh
            self._break()

    def _judge_probes(self) -> None:
        settings, total = self._settings, self._total
        if total.failed:
            self._break()
        elif total.calls >= settings.half_open_probes:
            if total.slow / total.calls >= settings.slow_ratio:
                self._break()
            else:
                self._enter("closed")

    def _break(self) -> None:
        settings = self._settings
        duration_s = settings.break_duration_s
        for _ in range(self._breaks_in_a_row):
            if duration_s >= settings.max_break_duration_s:
                break
            duration_s *= 2
        duration_s = min(duration_s, settings.max_break_duration_s)
        self._breaks_in_a_row += 1
        self._open_until_s = self._clock() + duration_s * (1 - _JITTER_RATIO * self._random())
        self._enter("open")

    def _end_break(self) -> None:
        if self._state == "open" and self._clock() >= self._open_until_s:
            self._enter("half_open")

    def _enter(self, state: BreakerState) -> None:
        before, self._state = self._state, state
        self._generation += 1
        self._buckets.clear()
        self._total = _Tally()
        self._probes_admitted = 0
        if state == "closed":
            self._closed_at_s = self._clock()
        if self._on_change is not None and before != state:
            self._on_change(self.name, before, state)

    def _bucket_now(self) -> int:
        return int(self._clock() / self._bucket_s)

    def _forget_old(self, index: int) -> None:
        while self._buckets and self._buckets[0].index <= index - _BUCKETS:
            old = self._buckets.popleft()
            self._total.calls -= old.calls
            self._total.failed -= old.failed
            self._total.slow -= old.slow


def _judge(error: SwitchgearError) -> Verdict | None:
    if isinstance(error, (BackendUnavailableError, DeadlineError)):
        return "failed"
    return None if isinstance(error, ThrottledError) else "healthy"
