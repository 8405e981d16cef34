import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchgear_shared.errors import (
    BackendRejectedError,
    BackendUnavailableError,
    BulkheadFullError,
    CircuitOpenError,
    ConflictError,
    DeadlineError,
    SwitchgearError,
    ThrottledError,
)
from switchgear_shared.resilience.deadline import Deadline
from switchgear_shared.resilience.retry import RetryBudget, RetryPolicy


class Time:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


class Backend:
    """Raises what it was told to, one after the other, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls_count = 0

    async def __call__(self) -> str:
        self.calls_count += 1
        if self.errors:
            raise self.errors.pop(0)
        return "fine"


def down(retry_after_s: float | None = None, *, unknown: bool = False) -> BackendUnavailableError:
    return BackendUnavailableError(
        "down", retry_after_s=retry_after_s, outcome="unknown" if unknown else "not_done"
    )


@pytest.fixture
def time() -> Time:
    return Time()


def a_policy(
    time: Time, *, attempts: int = 3, luck: float = 1.0, budget: RetryBudget | None = None
) -> RetryPolicy:
    return RetryPolicy(
        attempts,
        base_s=0.5,
        cap_s=4.0,
        budget=budget or RetryBudget(clock=time),
        random=lambda: luck,
        sleep=time.sleep,
    )


async def run(
    policy: RetryPolicy,
    backend: Backend,
    time: Time,
    *,
    within_s: float = 100,
    may_repeat: bool = True,
    may_repeat_unknown: bool = False,
) -> str:
    return await policy.run(
        backend,
        deadline=Deadline.after(within_s, time),
        may_repeat=may_repeat,
        may_repeat_unknown=may_repeat_unknown,
    )


async def test_a_call_that_fails_twice_succeeds_at_the_third_attempt(time: Time) -> None:
    backend, policy = Backend(down(), down()), a_policy(time)

    answer = await run(policy, backend, time)

    assert (answer, backend.calls_count, time.slept) == ("fine", 3, [0.5, 1.0])
    assert (policy.retries_count, policy.refused_count) == (2, 0)


async def test_attempts_count_the_first_and_the_last_error_comes_through(time: Time) -> None:
    last = down()
    backend = Backend(down(), down(), last, down())

    with pytest.raises(BackendUnavailableError) as caught:
        await run(a_policy(time), backend, time)

    assert caught.value is last
    assert backend.calls_count == 3


async def test_waits_are_random_below_a_doubling_and_capped_ceiling(time: Time) -> None:
    backend = Backend(*(down() for _ in range(7)))

    await run(a_policy(time, attempts=8, luck=0.5), backend, time)

    assert time.slept == [0.25, 0.5, 1.0, 2.0, 2.0, 2.0, 2.0]


async def test_a_call_that_may_not_be_repeated_is_made_once(time: Time) -> None:
    backend = Backend(down())

    with pytest.raises(BackendUnavailableError):
        await run(a_policy(time), backend, time, may_repeat=False, may_repeat_unknown=True)

    assert backend.calls_count == 1


@pytest.mark.parametrize(
    ("error", "calls_count"),
    [
        (down(), 2),
        (ThrottledError("slow down"), 2),
        (DeadlineError("no answer"), 2),
        (CircuitOpenError("failing"), 1),
        (BulkheadFullError("full"), 1),
        (ConflictError("moved on"), 1),
        (BackendRejectedError("closed period"), 1),
        (KeyError("a bug"), 1),
        (TimeoutError(), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
async def test_only_a_backend_that_is_away_busy_or_silent_is_asked_again(
    time: Time, error: Exception, calls_count: int
) -> None:
    backend = Backend(error)

    if calls_count == 1:
        with pytest.raises(type(error)):
            await run(a_policy(time), backend, time)
    else:
        await run(a_policy(time), backend, time)

    assert backend.calls_count == calls_count


async def test_a_circuit_that_opens_between_attempts_ends_them(time: Time) -> None:
    backend = Backend(down(), CircuitOpenError("failing"))

    with pytest.raises(CircuitOpenError):
        await run(a_policy(time), backend, time)

    assert backend.calls_count == 2


async def test_the_wait_the_backend_asks_for_is_kept_with_jitter_on_top(time: Time) -> None:
    await run(a_policy(time, luck=0.5), Backend(down(retry_after_s=7)), time)

    assert time.slept == [7.25]


async def test_a_retry_after_beyond_the_deadline_means_no_retry_and_costs_no_token(
    time: Time,
) -> None:
    backend, policy = Backend(ThrottledError("slow down", retry_after_s=30)), a_policy(time)

    with pytest.raises(ThrottledError):
        await run(policy, backend, time, within_s=20)

    assert (backend.calls_count, time.slept, policy.budget.tokens) == (1, [], 10.0)


async def test_nothing_is_repeated_at_or_after_the_deadline(time: Time) -> None:
    backend = Backend(down(), down(), down())

    with pytest.raises(BackendUnavailableError):
        await run(a_policy(time, attempts=9), backend, time, within_s=1.5)

    assert (backend.calls_count, time.slept) == (2, [0.5])


@pytest.mark.parametrize(("is_keyed", "calls_count"), [(True, 2), (False, 1)])
async def test_an_unknown_outcome_is_repeated_only_when_that_is_safe(
    time: Time, is_keyed: bool, calls_count: int
) -> None:
    backend = Backend(down(unknown=True), ConflictError("account A-1 is at version 7"))

    with pytest.raises(SwitchgearError) as caught:
        await run(a_policy(time), backend, time, may_repeat_unknown=is_keyed)

    assert (backend.calls_count, caught.value.outcome) == (calls_count, "unknown")


@pytest.mark.parametrize(
    ("errors", "outcome"),
    [
        ([down(unknown=True), down(), down()], "unknown"),
        ([down(), down(unknown=True), CircuitOpenError("failing")], "unknown"),
        ([down(), down(), down()], "not_done"),
    ],
)
async def test_one_attempt_of_unknown_outcome_makes_that_of_the_call_unknown(
    time: Time, errors: Sequence[Exception], outcome: str
) -> None:
    with pytest.raises(SwitchgearError) as caught:
        await run(a_policy(time), Backend(*errors), time, may_repeat_unknown=True)

    assert caught.value.outcome == outcome


async def test_concurrent_calls_of_one_policy_do_not_mix_their_attempts(time: Time) -> None:
    async def sleep(_seconds: float) -> None:
        await asyncio.sleep(0)

    budget = RetryBudget(burst=1000, clock=time)
    policy = RetryPolicy(4, budget=budget, random=lambda: 1.0, sleep=sleep)
    backends = [Backend(*(down() for _ in range(n % 4))) for n in range(40)]

    answers = await asyncio.gather(*(run(policy, b, time) for b in backends))

    assert answers == ["fine"] * 40
    assert [b.calls_count for b in backends] == [n % 4 + 1 for n in range(40)]


async def test_cancelling_a_call_between_attempts_cancels_it(time: Time) -> None:
    waiting = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    policy = RetryPolicy(3, budget=RetryBudget(clock=time), random=lambda: 1.0, sleep=sleep)
    backend = Backend(down())
    task = asyncio.create_task(run(policy, backend, time))
    await waiting.wait()
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert backend.calls_count == 1


async def test_an_outage_is_multiplied_by_no_more_than_the_budget(time: Time) -> None:
    """Without a budget these would be 3,000 attempts."""
    policy = a_policy(time, budget=RetryBudget(minimum_per_s=0, clock=time))
    attempts_count = 0

    for _ in range(1000):
        backend = Backend(down(), down(), down())
        with pytest.raises(BackendUnavailableError):
            await run(policy, backend, time)
        attempts_count += backend.calls_count

    assert attempts_count == 1109
    assert (policy.retries_count, policy.refused_count) == (109, 995)


@given(
    steps=st.lists(st.one_of(st.just("call"), st.just("retry"), st.floats(0, 100)), max_size=300),
    ratio=st.sampled_from([0.0, 0.1, 0.5]),
    minimum_per_s=st.sampled_from([0.0, 0.5, 2.0]),
    burst=st.sampled_from([1.0, 10.0]),
)
def test_retries_never_exceed_what_calls_and_time_have_earned(
    steps: list[str | float], ratio: float, minimum_per_s: float, burst: float
) -> None:
    time = Time()
    budget = RetryBudget(ratio, minimum_per_s, burst, time)
    calls = retries = 0

    for step in steps:
        if step == "call":
            budget.earn()
            calls += 1
        elif step == "retry":
            retries += budget.spend()
        else:
            time.now_s += float(step)
        assert 0 <= budget.tokens <= burst
        assert retries <= burst + ratio * calls + minimum_per_s * time.now_s + 1e-6


def test_a_policy_without_attempts_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        RetryPolicy(0)
