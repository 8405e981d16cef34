"""What the breaker makes of each way a call can end."""

import asyncio

import pytest

from switchgear_shared.errors import (
    BackendRejectedError,
    BackendUnavailableError,
    ConflictError,
    DeadlineError,
    InvalidRequestError,
    NotFoundError,
    PolicyDeniedError,
    ThrottledError,
)
from switchgear_shared.resilience.breaker import BreakerSnapshot, CircuitBreaker
from switchgear_shared.resilience.virtual_time import in_virtual_time, virtual_clock

UNTOUCHED = BreakerSnapshot(state="closed", calls_count=0, failed_count=0, slow_count=0)


def a_breaker() -> CircuitBreaker:
    return CircuitBreaker("tryton", clock=virtual_clock, random=lambda: 0.0)


async def fail(breaker: CircuitBreaker, error: BaseException, times: int) -> None:
    async def operation() -> None:
        raise error

    for _ in range(times):
        with pytest.raises(type(error)):
            await breaker.run(operation)


async def succeed(breaker: CircuitBreaker, times: int) -> None:
    async def operation() -> None:
        return None

    for _ in range(times):
        await breaker.run(operation)


@pytest.mark.parametrize(
    "error",
    [
        NotFoundError("account A-1"),
        ConflictError("account A-1 is at version 7"),
        InvalidRequestError("amount"),
        PolicyDeniedError("no"),
        BackendRejectedError("closed period"),
    ],
    ids=lambda error: error.code,
)
@in_virtual_time
async def test_a_business_error_is_a_healthy_answer(error: Exception) -> None:
    breaker = a_breaker()

    await fail(breaker, error, 50)

    assert breaker.snapshot() == BreakerSnapshot(
        state="closed", calls_count=50, failed_count=0, slow_count=0
    )


@pytest.mark.parametrize(
    "error",
    [
        BackendUnavailableError("down"),
        DeadlineError("no answer"),
        TimeoutError(),
        ConnectionResetError(),
    ],
    ids=lambda error: type(error).__name__,
)
@in_virtual_time
async def test_silence_and_refused_connections_are_failures(error: Exception) -> None:
    breaker = a_breaker()

    await fail(breaker, error, 10)

    assert breaker.state == "open"


@pytest.mark.parametrize(
    "error",
    [ThrottledError("slow down"), asyncio.CancelledError(), KeyError("a bug of ours")],
    ids=lambda error: type(error).__name__,
)
@in_virtual_time
async def test_throttling_cancellation_and_bugs_are_no_verdict_and_keep_no_probe(
    error: BaseException,
) -> None:
    breaker = a_breaker()
    await fail(breaker, error, 50)
    before = breaker.snapshot()
    await fail(breaker, BackendUnavailableError("down"), 10)
    await asyncio.sleep(5)

    await fail(breaker, error, 10)
    half_open = breaker.state
    await succeed(breaker, 3)

    assert (before, half_open, breaker.state) == (UNTOUCHED, "half_open", "closed")


@in_virtual_time
async def test_ten_cancelled_tasks_leave_the_circuit_closed() -> None:
    breaker = a_breaker()
    started: list[None] = []

    async def hang() -> None:
        started.append(None)
        await asyncio.Event().wait()

    tasks = [asyncio.create_task(breaker.run(hang)) for _ in range(10)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert (len(started), breaker.snapshot()) == (10, UNTOUCHED)
