import asyncio
from collections.abc import Generator

import pytest

from switchgear_shared.errors import (
    BackendUnavailableError,
    CircuitOpenError,
)
from switchgear_shared.resilience.breaker import (
    BreakerSettings,
    BreakerSnapshot,
    BreakerState,
    CircuitBreaker,
)


class Time:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Answer:
    """What a backend answers, once it is let."""

    def __await__(self) -> Generator[None, None, str]:
        yield
        return "fine"


class Attempt:
    """One call through a breaker, moved on by hand: no event loop, no time."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        async def operation() -> str:
            return await Answer()

        self._run = breaker.run(operation)
        self._run.send(None)

    def succeed(self) -> str:
        try:
            self._run.send(None)
        except StopIteration as stop:
            return str(stop.value)
        raise AssertionError("the call goes on")

    def fail(self, error: BaseException) -> None:
        with pytest.raises(type(error)):
            self._run.throw(error)


@pytest.fixture
def clock() -> Time:
    return Time()


def a_breaker(
    clock: Time, *, jitter: float = 0.0, **settings: float
) -> tuple[CircuitBreaker, list[tuple[BreakerState, BreakerState]]]:
    changes: list[tuple[BreakerState, BreakerState]] = []
    breaker = CircuitBreaker(
        "tryton",
        BreakerSettings.model_validate(settings),
        clock,
        lambda: jitter,
        lambda _name, before, after: changes.append((before, after)),
    )
    return breaker, changes


def unavailable() -> BackendUnavailableError:
    return BackendUnavailableError("tryton does not answer")


def break_it(breaker: CircuitBreaker) -> None:
    for _ in range(10):
        Attempt(breaker).fail(unavailable())


def refusal(breaker: CircuitBreaker) -> CircuitOpenError:
    with pytest.raises(CircuitOpenError) as caught:
        Attempt(breaker)
    return caught.value


def test_interleaved_failures_open_the_circuit_once_half_of_ten_calls_failed(clock: Time) -> None:
    breaker, changes = a_breaker(clock)

    for _ in range(4):
        Attempt(breaker).succeed()
        Attempt(breaker).fail(unavailable())
    Attempt(breaker).succeed()
    before = breaker.state
    Attempt(breaker).fail(unavailable())

    assert (before, breaker.state, changes) == ("closed", "open", [("closed", "open")])


def test_nine_failures_are_too_few_to_judge_by(clock: Time) -> None:
    breaker, _ = a_breaker(clock)

    for _ in range(9):
        Attempt(breaker).fail(unavailable())

    assert breaker.snapshot() == BreakerSnapshot(
        state="closed", calls_count=9, failed_count=9, slow_count=0
    )


def test_failures_older_than_the_window_are_forgotten(clock: Time) -> None:
    breaker, _ = a_breaker(clock)
    for _ in range(9):
        Attempt(breaker).fail(unavailable())

    clock.now_s += 30
    Attempt(breaker).fail(unavailable())

    assert breaker.snapshot() == BreakerSnapshot(
        state="closed", calls_count=1, failed_count=1, slow_count=0
    )


def test_calls_that_answer_but_slowly_open_the_circuit(clock: Time) -> None:
    breaker, _ = a_breaker(clock)

    calls = [Attempt(breaker) for _ in range(10)]
    clock.now_s += 5
    for call in calls:
        call.succeed()

    assert breaker.state == "open"


def test_an_open_circuit_says_exactly_when_to_come_back(clock: Time) -> None:
    breaker, _ = a_breaker(clock)
    break_it(breaker)

    clock.now_s += 2

    error = refusal(breaker)
    assert (error.message, error.retry_after_s, error.outcome) == (
        "tryton has been failing",
        3.0,
        "not_done",
    )


def test_three_of_twenty_concurrent_calls_are_let_through_half_open(clock: Time) -> None:
    breaker, _ = a_breaker(clock)
    break_it(breaker)
    clock.now_s += 5

    probes: list[Attempt] = []
    refused: list[float | None] = []
    for _ in range(20):
        try:
            probes.append(Attempt(breaker))
        except CircuitOpenError as error:
            refused.append(error.retry_after_s)

    assert (len(probes), refused) == (3, [5.0] * 17)


def test_the_circuit_closes_when_every_probe_is_healthy(clock: Time) -> None:
    breaker, changes = a_breaker(clock)
    break_it(breaker)
    clock.now_s += 5

    probes = [Attempt(breaker) for _ in range(3)]
    states: list[BreakerState] = []
    for probe in probes:
        probe.succeed()
        states.append(breaker.state)

    assert states == ["half_open", "half_open", "closed"]
    assert changes == [("closed", "open"), ("open", "half_open"), ("half_open", "closed")]


def test_one_failed_probe_opens_the_circuit_again(clock: Time) -> None:
    breaker, _ = a_breaker(clock)
    break_it(breaker)
    clock.now_s += 5

    Attempt(breaker).succeed()
    Attempt(breaker).fail(unavailable())

    assert breaker.state == "open"


def test_probes_that_are_all_slow_open_the_circuit_again(clock: Time) -> None:
    breaker, _ = a_breaker(clock)
    break_it(breaker)
    clock.now_s += 5

    probes = [Attempt(breaker) for _ in range(3)]
    clock.now_s += 6
    for probe in probes:
        probe.succeed()

    assert breaker.state == "open"


def breaks_in_a_row(breaker: CircuitBreaker, clock: Time, count: int) -> list[float | None]:
    break_it(breaker)
    durations = [breaker.snapshot().retry_after_s]
    for _ in range(count - 1):
        clock.now_s = clock.now_s + (breaker.snapshot().retry_after_s or 0)
        Attempt(breaker).fail(unavailable())
        durations.append(breaker.snapshot().retry_after_s)
    return durations


def test_breaks_grow_twofold_up_to_the_longest(clock: Time) -> None:
    breaker, _ = a_breaker(clock)

    assert breaks_in_a_row(breaker, clock, 6) == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]


def test_jitter_shortens_breaks_by_a_fifth_at_most(clock: Time) -> None:
    breaker, _ = a_breaker(clock, jitter=1.0)

    assert breaks_in_a_row(breaker, clock, 5) == [4.0, 8.0, 16.0, 32.0, 48.0]


def close_it(breaker: CircuitBreaker, clock: Time) -> None:
    clock.now_s += breaker.snapshot().retry_after_s or 0
    for _ in range(3):
        Attempt(breaker).succeed()
    assert breaker.state == "closed"


@pytest.mark.parametrize(("closed_for_s", "next_break_s"), [(29, 10.0), (30, 5.0)])
def test_a_flapping_backend_gets_longer_breaks_until_it_held_for_a_window(
    clock: Time, closed_for_s: int, next_break_s: float
) -> None:
    breaker, _ = a_breaker(clock)
    break_it(breaker)
    close_it(breaker, clock)

    clock.now_s += closed_for_s
    break_it(breaker)

    assert breaker.snapshot().retry_after_s == next_break_s


def test_results_of_calls_from_before_a_change_of_state_are_ignored(clock: Time) -> None:
    breaker, _ = a_breaker(clock)
    late = [Attempt(breaker) for _ in range(6)]
    break_it(breaker)
    clock.now_s += 5
    probe = Attempt(breaker)

    late[0].fail(unavailable())
    late[1].succeed()
    late[2].fail(asyncio.CancelledError())
    probe.succeed()
    half_open = breaker.snapshot()
    for _ in range(2):
        Attempt(breaker).succeed()
    late[3].fail(unavailable())

    assert half_open == BreakerSnapshot(
        state="half_open", calls_count=1, failed_count=0, slow_count=0
    )
    assert breaker.snapshot() == BreakerSnapshot(
        state="closed", calls_count=0, failed_count=0, slow_count=0
    )


def test_an_isolated_circuit_refuses_until_it_is_reset(clock: Time) -> None:
    breaker, _ = a_breaker(clock)

    breaker.isolate()
    clock.now_s += 3600
    error = refusal(breaker)
    breaker.reset()

    assert (error.message, error.retry_after_s) == (
        "tryton was taken out of use by an operator",
        None,
    )
    assert Attempt(breaker).succeed() == "fine"


def test_checking_admits_nothing(clock: Time) -> None:
    breaker, _ = a_breaker(clock)
    break_it(breaker)
    clock.now_s += 5

    for _ in range(10):
        breaker.check()
    probes = [Attempt(breaker) for _ in range(3)]

    assert len(probes) == 3
    with pytest.raises(CircuitOpenError):
        breaker.check()
