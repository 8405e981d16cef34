import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchgear_shared.errors import ThrottledError
from switchgear_shared.resilience.limits import MovingWindows, RateLimits

KEY = ("acme", "agent-1", "crm")


class Time:
    def __init__(self) -> None:
        self.now_s = 500.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Time:
    return Time()


async def refused_for_s(limits: RateLimits, cost: int = 1) -> float | None:
    with pytest.raises(ThrottledError) as caught:
        await limits.hit(KEY, cost)
    return caught.value.retry_after_s


async def test_a_call_over_the_rate_is_told_exactly_when_the_oldest_leaves_the_window(
    clock: Time,
) -> None:
    limits = RateLimits("3/minute", clock)
    for _ in range(3):
        await limits.hit(KEY)
        clock.now_s += 10

    with pytest.raises(ThrottledError) as caught:
        await limits.hit(KEY)
    clock.now_s += caught.value.retry_after_s or 0
    await limits.hit(KEY)

    assert (caught.value.message, caught.value.retry_after_s) == (
        "the limit is 3 per 1 minute",
        30.0,
    )
    assert await refused_for_s(limits) == 10.0


async def test_a_dear_call_waits_until_enough_has_left_the_window(clock: Time) -> None:
    limits = RateLimits("10/minute", clock)
    for cost in (2, 5, 3):
        await limits.hit(KEY, cost)
        clock.now_s += 10

    waits = [await refused_for_s(limits, cost) for cost in (1, 2, 3, 7, 8, 10)]

    assert waits == [30.0, 30.0, 40.0, 40.0, 50.0, 50.0]


async def test_a_call_dearer_than_the_whole_limit_never_fits(clock: Time) -> None:
    assert await refused_for_s(RateLimits("10/minute", clock), 11) is None


async def test_a_refused_call_counts_for_nothing(clock: Time) -> None:
    limits = RateLimits("2/second", clock)
    await limits.hit(KEY, 2)
    for _ in range(100):
        await refused_for_s(limits)

    clock.now_s += 1

    await limits.hit(KEY, 2)


async def test_keys_do_not_share_a_limit_whatever_characters_they_hold(clock: Time) -> None:
    limits = RateLimits("1/minute", clock)

    for key in [("a/b", "c"), ("a", "b/c"), ("a%2Fb", "c"), ("a", "b", "c"), ("a/b/c",)]:
        await limits.hit(key)

    with pytest.raises(ThrottledError):
        await limits.hit(("a", "b/c"))


async def test_of_concurrent_calls_exactly_as_many_pass_as_the_limit_allows(clock: Time) -> None:
    limits = RateLimits("20/minute", clock)

    results = await asyncio.gather(*(limits.hit(KEY) for _ in range(50)), return_exceptions=True)

    assert results.count(None) == 20


async def test_idle_keys_are_forgotten_as_others_call(clock: Time) -> None:
    windows = MovingWindows(clock)
    for number in range(100):
        await windows.acquire_entry(f"agent-{number}", 10, 60)
    clock.now_s += 61

    for _ in range(202):
        await windows.acquire_entry("busy", 1000, 60)

    assert await windows.reset() == 1


@given(
    steps=st.lists(
        st.one_of(st.integers(1, 4), st.sampled_from([0.25, 1.0, 3.5, 10.0])), max_size=120
    )
)
def test_no_window_ever_holds_more_than_the_limit_and_no_wait_is_too_long(
    steps: list[int | float],
) -> None:
    async def history() -> None:
        clock = Time()
        limits = RateLimits("7/10second", clock)
        passed: list[tuple[float, int]] = []
        for step in steps:
            if isinstance(step, float):
                clock.now_s += step
                continue
            used = sum(cost for at_s, cost in passed if at_s > clock.now_s - 10)
            try:
                await limits.hit(KEY, step)
            except ThrottledError as error:
                assert used + step > 7
                then_s = clock.now_s + (error.retry_after_s or 0)
                left = sum(cost for at_s, cost in passed if at_s > then_s - 10)
                just_before = sum(cost for at_s, cost in passed if at_s >= then_s - 10)
                assert left + step <= 7 < just_before + step
            else:
                assert used + step <= 7
                passed.append((clock.now_s, step))

    asyncio.run(history())


@pytest.mark.parametrize("rate", ["fast", "", "10/second;600/minute"])
def test_a_rate_that_is_not_one_rate_is_refused_at_the_start(rate: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        RateLimits(rate)


async def test_a_hit_costs_something(clock: Time) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        await RateLimits("1/minute", clock).hit(KEY, -5)
