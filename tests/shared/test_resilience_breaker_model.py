"""The breaker against a naive model that keeps every verdict, over random histories."""

import asyncio
import math
from collections.abc import Generator
from contextlib import suppress
from typing import Any, NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from switchgear_shared.errors import (
    BackendUnavailableError,
    CircuitOpenError,
    NotFoundError,
    ThrottledError,
)
from switchgear_shared.resilience.breaker import BreakerSettings, CircuitBreaker

SETTINGS = BreakerSettings(
    minimum_throughput=4,
    window_s=10,
    slow_call_s=2,
    break_duration_s=3,
    max_break_duration_s=10,
    half_open_probes=2,
)
ENDINGS: dict[str, BaseException | None] = {
    "healthy": None,
    "business": NotFoundError("A-1"),
    "failed": BackendUnavailableError("down"),
    "throttled": ThrottledError("slow down"),
    "cancelled": asyncio.CancelledError(),
}


class Pause:
    def __await__(self) -> Generator[None, None, None]:
        yield


async def operation() -> None:
    await Pause()


class Verdict(NamedTuple):
    at_s: float
    is_failed: bool
    is_slow: bool


class Under(NamedTuple):
    run: Any
    era: int
    started_s: float


class BreakerHistory(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.breaker = CircuitBreaker("erp", SETTINGS, lambda: self.now_s, lambda: 0.0)
        self.calls: list[Under] = []
        self.state = "closed"
        self.era = 0
        self.verdicts: list[Verdict] = []
        self.probes_under_way = 0
        self.open_until_s = 0.0
        self.closed_at_s = 0.0
        self.breaks = 0

    def enter(self, state: str) -> None:
        self.state = state
        self.era += 1
        self.verdicts = []
        self.probes_under_way = 0
        if state == "closed":
            self.closed_at_s = self.now_s
        if state == "open":
            self.open_until_s = self.now_s + min(3 * 2**self.breaks, 10)
            self.breaks += 1

    def in_window(self) -> list[Verdict]:
        bucket = math.floor(self.now_s)
        return [v for v in self.verdicts if math.floor(v.at_s) > bucket - 10]

    def slots_for_probes(self) -> int:
        return SETTINGS.half_open_probes - self.probes_under_way - len(self.verdicts)

    @rule()
    def start(self) -> None:
        is_admitted = self.state == "closed" or (
            self.state == "half_open" and self.slots_for_probes() > 0
        )
        run = self.breaker.run(operation)
        try:
            run.send(None)
        except CircuitOpenError:
            assert not is_admitted
        else:
            assert is_admitted
            self.calls.append(Under(run, self.era, self.now_s))
            self.probes_under_way += self.state == "half_open"

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), ending=st.sampled_from(sorted(ENDINGS)))
    def finish(self, data: st.DataObject, ending: str) -> None:
        call = self.calls.pop(data.draw(st.integers(0, len(self.calls) - 1)))
        self.end(call, ending)
        if call.era != self.era:
            return
        self.probes_under_way -= self.state == "half_open"
        if ending in {"throttled", "cancelled"}:
            return
        is_slow = self.now_s - call.started_s >= SETTINGS.slow_call_s
        self.verdicts.append(Verdict(self.now_s, ending == "failed", is_slow))
        if self.state == "closed":
            self.judge_window(self.verdicts[-1])
        else:
            self.judge_probes()

    def judge_window(self, latest: Verdict) -> None:
        seen = self.in_window()
        if len(seen) < SETTINGS.minimum_throughput or not (latest.is_failed or latest.is_slow):
            return
        failed = sum(v.is_failed for v in seen) / len(seen)
        slow = sum(v.is_slow for v in seen) / len(seen)
        if failed >= SETTINGS.failure_ratio or slow >= SETTINGS.slow_ratio:
            if self.now_s - self.closed_at_s >= SETTINGS.window_s:
                self.breaks = 0
            self.enter("open")

    def judge_probes(self) -> None:
        if any(v.is_failed for v in self.verdicts):
            self.enter("open")
        elif len(self.verdicts) == SETTINGS.half_open_probes:
            self.enter("open" if all(v.is_slow for v in self.verdicts) else "closed")

    @staticmethod
    def end(call: Under, ending: str) -> None:
        error = ENDINGS[ending]
        with suppress(StopIteration, Exception, asyncio.CancelledError):
            call.run.send(None) if error is None else call.run.throw(error)

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 9.9, 30.0]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds
        if self.state == "open" and self.now_s >= self.open_until_s:
            self.enter("half_open")

    @rule()
    def isolate(self) -> None:
        self.breaker.isolate()
        self.enter("isolated")

    @rule()
    def reset(self) -> None:
        self.breaker.reset()
        self.breaks = 0
        self.enter("closed")

    @invariant()
    def agrees(self) -> None:
        snapshot = self.breaker.snapshot()
        seen = self.in_window() if self.state == "closed" else self.verdicts
        assert (snapshot.state, snapshot.calls_count, snapshot.failed_count) == (
            self.state,
            len(seen),
            sum(v.is_failed for v in seen),
        )
        assert snapshot.slow_count == sum(v.is_slow for v in seen)

    @invariant()
    def never_more_probes_than_allowed(self) -> None:
        assert self.slots_for_probes() >= 0 or self.state != "half_open"

    def teardown(self) -> None:
        for call in self.calls:
            call.run.close()


TestBreakerHistory = BreakerHistory.TestCase
TestBreakerHistory.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
