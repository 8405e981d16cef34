import asyncio
from collections.abc import Awaitable, Callable

import pytest

from switchgear_shared.errors import (
    BackendUnavailableError,
    BulkheadFullError,
    CircuitOpenError,
    DeadlineError,
    NotFoundError,
    SwitchgearError,
)
from switchgear_shared.resilience.breaker import BreakerSettings, BreakerSnapshot, CircuitBreaker
from switchgear_shared.resilience.bulkhead import Bulkhead, BulkheadSnapshot
from switchgear_shared.resilience.deadline import Deadline
from switchgear_shared.resilience.protection import BackendProtection, ProtectionSnapshot
from switchgear_shared.resilience.retry import RetryBudget, RetryPolicy
from switchgear_shared.resilience.virtual_time import in_virtual_time, virtual_clock


def a_protection(*, slots: int = 4, queue: int = 8, attempts: int = 3) -> BackendProtection:
    return BackendProtection(
        "tryton",
        CircuitBreaker("tryton", BreakerSettings(), virtual_clock, lambda: 0.0),
        Bulkhead("tryton", slots, queue),
        RetryPolicy(attempts, budget=RetryBudget(clock=virtual_clock), random=lambda: 1.0),
        attempt_timeout_s=10,
    )


class Backend:
    """A system behind that can be made to hang or refuse, and counts what reaches it."""

    def __init__(self) -> None:
        self.calls_count = 0
        self.answers_after_s: float = 0
        self.error: SwitchgearError | None = None

    async def __call__(self) -> str:
        self.calls_count += 1
        await asyncio.sleep(self.answers_after_s)
        if self.error is not None:
            raise self.error
        return "fine"


async def read(
    protection: BackendProtection, operation: Callable[[], Awaitable[str]], within_s: float = 30
) -> str:
    return await protection.run(
        operation,
        deadline=Deadline.after(within_s, virtual_clock),
        may_repeat=True,
        may_have_effect=False,
        is_keyed=False,
    )


async def write(
    protection: BackendProtection, operation: Callable[[], Awaitable[str]], *, is_keyed: bool
) -> str:
    return await protection.run(
        operation,
        deadline=Deadline.after(60, virtual_clock),
        may_repeat=is_keyed,
        may_have_effect=True,
        is_keyed=is_keyed,
    )


async def codes(calls: list[Awaitable[str]]) -> list[str]:
    results = await asyncio.gather(*calls, return_exceptions=True)
    return [r.code if isinstance(r, SwitchgearError) else str(r) for r in results]


@in_virtual_time
async def test_a_healthy_call_passes_and_leaves_one_healthy_mark() -> None:
    protection = a_protection()

    assert await read(protection, Backend()) == "fine"
    assert protection.snapshot() == ProtectionSnapshot(
        backend="tryton",
        breaker=BreakerSnapshot(state="closed", calls_count=1, failed_count=0, slow_count=0),
        bulkhead=BulkheadSnapshot(slots_count=4, in_use_count=0, queued_count=0),
        retries_count=0,
        retries_refused_count=0,
    )


@in_virtual_time
async def test_every_attempt_counts_for_the_breaker() -> None:
    protection, backend = a_protection(), Backend()
    backend.error = BackendUnavailableError("down")

    with pytest.raises(BackendUnavailableError):
        await read(protection, backend)

    snapshot = protection.snapshot()
    assert (backend.calls_count, snapshot.retries_count) == (3, 2)
    assert (snapshot.breaker.calls_count, snapshot.breaker.failed_count) == (3, 3)


@in_virtual_time
async def test_a_hanging_backend_answers_nobody_late_and_opens_the_circuit() -> None:
    protection, backend = a_protection(slots=16), Backend()
    backend.answers_after_s = 3600
    began_s = virtual_clock()

    outcomes = await codes([read(protection, backend, within_s=12) for _ in range(16)])

    assert virtual_clock() - began_s == pytest.approx(10.1)  # one attempt, then one short wait
    assert set(outcomes) == {"circuit_open", "deadline_exceeded"}  # retried, or out of budget
    assert (backend.calls_count, protection.breaker.state) == (16, "open")


@in_virtual_time
async def test_no_call_outlasts_its_deadline_whether_it_waits_tries_or_tries_again() -> None:
    protection, backend = a_protection(slots=2, queue=50), Backend()
    backend.answers_after_s = 3600
    overruns_s: list[float] = []

    async def call(number: int) -> None:
        deadline = Deadline.after(number / 2, virtual_clock)
        with pytest.raises(SwitchgearError):
            await read(protection, backend, within_s=number / 2)
        overruns_s.append(virtual_clock() - deadline.at_s)

    await asyncio.gather(*(call(number) for number in range(40)))

    assert max(overruns_s) < 0.001
    assert protection.snapshot().bulkhead.in_use_count == 0


@in_virtual_time
async def test_an_open_circuit_refuses_at_once_though_every_slot_is_held() -> None:
    protection, backend = a_protection(slots=1), Backend()
    backend.error = BackendUnavailableError("down")
    stuck = asyncio.create_task(protection.bulkhead.run(lambda: asyncio.sleep(9)))
    await asyncio.sleep(0)
    for _ in range(10):
        with pytest.raises(BackendUnavailableError):
            await protection.breaker.run(backend)
    began_s = virtual_clock()

    with pytest.raises(CircuitOpenError):
        await read(protection, backend)

    assert (virtual_clock() - began_s, backend.calls_count) == (0, 10)
    await stuck


@in_virtual_time
async def test_a_caller_in_a_hurry_cannot_open_the_circuit_of_a_healthy_backend() -> None:
    protection, backend = a_protection(), Backend()
    backend.answers_after_s = 0.5

    outcomes = [
        code
        for _ in range(10)
        for code in await codes([read(protection, backend, within_s=0.1) for _ in range(4)])
    ]

    assert outcomes == ["deadline_exceeded"] * 40
    assert protection.breaker.snapshot() == BreakerSnapshot(
        state="closed", calls_count=0, failed_count=0, slow_count=0
    )


@in_virtual_time
async def test_a_deadline_of_a_second_that_passes_in_silence_accuses_the_backend() -> None:
    protection, backend = a_protection(slots=16), Backend()
    backend.answers_after_s = 3600

    await codes([read(protection, backend, within_s=1) for _ in range(10)])

    assert protection.breaker.state == "open"


@in_virtual_time
async def test_an_unkeyed_write_without_an_answer_is_sent_once_and_its_outcome_is_unknown() -> None:
    protection, backend = a_protection(), Backend()
    backend.answers_after_s = 3600

    with pytest.raises(DeadlineError) as caught:
        await write(protection, backend, is_keyed=False)

    assert (backend.calls_count, caught.value.outcome) == (1, "unknown")


@in_virtual_time
async def test_an_idempotent_write_without_a_key_is_not_repeated_after_silence() -> None:
    protection, backend = a_protection(), Backend()
    backend.answers_after_s = 3600

    with pytest.raises(DeadlineError):
        await protection.run(
            backend,
            deadline=Deadline.after(60, virtual_clock),
            may_repeat=True,
            may_have_effect=True,
            is_keyed=False,
        )

    assert backend.calls_count == 1


@in_virtual_time
async def test_a_keyed_write_without_an_answer_is_sent_again() -> None:
    protection, backend = a_protection(), Backend()
    backend.answers_after_s = 3600

    with pytest.raises(DeadlineError) as caught:
        await write(protection, backend, is_keyed=True)

    assert (backend.calls_count, caught.value.outcome) == (3, "unknown")


@in_virtual_time
async def test_a_call_whose_time_is_over_never_reaches_the_backend() -> None:
    protection, backend = a_protection(), Backend()

    with pytest.raises(DeadlineError) as caught:
        await read(protection, backend, within_s=0)

    assert (backend.calls_count, caught.value.outcome) == (0, "not_done")


@in_virtual_time
async def test_more_calls_than_slots_and_queue_are_refused_and_never_reach_the_backend() -> None:
    protection, backend = a_protection(slots=2, queue=3), Backend()
    backend.answers_after_s = 1

    outcomes = await codes([read(protection, backend) for _ in range(8)])

    assert outcomes == ["fine"] * 5 + [BulkheadFullError.code] * 3
    assert backend.calls_count == 5


@in_virtual_time
async def test_three_of_twenty_calls_probe_a_backend_that_may_be_back() -> None:
    protection, backend = a_protection(slots=20, attempts=1), Backend()
    backend.error = BackendUnavailableError("down")
    await codes([read(protection, backend) for _ in range(10)])
    await asyncio.sleep(5)
    backend.error, backend.calls_count, backend.answers_after_s = None, 0, 1

    outcomes = await codes([read(protection, backend) for _ in range(20)])

    assert backend.calls_count == 3
    assert outcomes == ["fine"] * 3 + ["circuit_open"] * 17
    assert protection.breaker.state == "closed"


@in_virtual_time
async def test_ten_cancelled_calls_leave_nothing_behind() -> None:
    protection, backend = a_protection(slots=4, queue=8), Backend()
    backend.answers_after_s = 60
    tasks = [asyncio.create_task(read(protection, backend)) for _ in range(10)]
    await asyncio.sleep(1)

    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert protection.snapshot() == ProtectionSnapshot(
        backend="tryton",
        breaker=BreakerSnapshot(state="closed", calls_count=0, failed_count=0, slow_count=0),
        bulkhead=BulkheadSnapshot(slots_count=4, in_use_count=0, queued_count=0),
        retries_count=0,
        retries_refused_count=0,
    )


@in_virtual_time
async def test_a_total_outage_of_an_hour_is_hardly_multiplied() -> None:
    """One call a second for an hour: the circuit and the budget spare the backend."""
    protection, backend = a_protection(), Backend()
    backend.error = BackendUnavailableError("down")

    for _ in range(3600):
        with pytest.raises(SwitchgearError):
            await read(protection, backend)
        await asyncio.sleep(1)

    assert backend.calls_count < 120


@in_virtual_time
async def test_business_errors_reach_the_caller_unchanged_and_unrepeated() -> None:
    protection, backend = a_protection(), Backend()
    backend.error = NotFoundError("account A-1")

    with pytest.raises(NotFoundError) as caught:
        await read(protection, backend)

    assert caught.value is backend.error
    assert backend.calls_count == 1
