import asyncio
import random

import pytest

from switchgear_shared.errors import BulkheadFullError, DeadlineError
from switchgear_shared.resilience.bulkhead import Bulkhead, BulkheadSnapshot
from switchgear_shared.resilience.deadline import Deadline
from switchgear_shared.resilience.virtual_time import in_virtual_time, virtual_clock

EMPTY = BulkheadSnapshot(slots_count=2, in_use_count=0, queued_count=0)


async def nap() -> str:
    await asyncio.sleep(1)
    return "done"


@in_virtual_time
async def test_calls_beyond_the_slots_wait_and_beyond_the_queue_are_refused() -> None:
    bulkhead = Bulkhead("tryton", slots=2, queue=3)

    tasks = [asyncio.create_task(bulkhead.run(nap)) for _ in range(7)]
    await asyncio.sleep(0)
    full = bulkhead.snapshot()
    results = await asyncio.gather(*tasks, return_exceptions=True)

    assert full == BulkheadSnapshot(slots_count=2, in_use_count=2, queued_count=3)
    assert results[:5] == ["done"] * 5
    assert [(type(e), str(e), getattr(e, "retry_after_s", 0)) for e in results[5:]] == [
        (BulkheadFullError, "tryton has 2 calls under way and 3 waiting", 1.0)
    ] * 2
    assert bulkhead.snapshot() == EMPTY


@in_virtual_time
async def test_those_who_wait_are_served_in_the_order_they_came() -> None:
    bulkhead = Bulkhead("tryton", slots=1, queue=10)
    served: list[int] = []

    async def serve(number: int) -> None:
        async def operation() -> None:
            served.append(number)
            await asyncio.sleep(1)

        await bulkhead.run(operation)

    await asyncio.gather(*(serve(n) for n in range(8)))

    assert served == list(range(8))


@in_virtual_time
async def test_nobody_waits_past_the_deadline_and_the_operation_is_not_called() -> None:
    bulkhead = Bulkhead("tryton", slots=1, queue=10)
    holder = asyncio.create_task(bulkhead.run(lambda: asyncio.sleep(60)))
    await asyncio.sleep(0)
    calls: list[None] = []

    async def operation() -> None:
        calls.append(None)

    began_s = virtual_clock()
    with pytest.raises(DeadlineError) as caught:
        await bulkhead.run(operation, Deadline.after(2.5, virtual_clock))

    assert virtual_clock() - began_s == pytest.approx(2.5)
    assert (caught.value.outcome, calls) == ("not_done", [])
    assert bulkhead.snapshot() == BulkheadSnapshot(slots_count=1, in_use_count=1, queued_count=0)
    await holder


@in_virtual_time
async def test_ten_cancellations_leak_no_slot_and_no_place_in_the_queue() -> None:
    bulkhead = Bulkhead("tryton", slots=2, queue=10)
    tasks = [asyncio.create_task(bulkhead.run(nap)) for _ in range(10)]
    await asyncio.sleep(0.5)

    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    assert all(task.cancelled() for task in tasks)
    assert bulkhead.snapshot() == EMPTY


@in_virtual_time
async def test_a_slot_handed_to_a_call_that_is_cancelled_at_that_moment_goes_to_the_next() -> None:
    bulkhead = Bulkhead("tryton", slots=1, queue=10)
    go = asyncio.Event()

    async def hold() -> None:
        await bulkhead.run(go.wait)
        unlucky.cancel()  # who has the slot by now, but has not resumed

    holder = asyncio.create_task(hold())
    await asyncio.sleep(0)
    unlucky = asyncio.create_task(bulkhead.run(nap))
    following = asyncio.create_task(bulkhead.run(nap))
    await asyncio.sleep(0)

    go.set()
    await holder

    assert await following == "done"
    assert unlucky.cancelled()
    assert bulkhead.snapshot().in_use_count == 0


@in_virtual_time
async def test_a_failed_operation_gives_its_slot_back() -> None:
    bulkhead = Bulkhead("tryton", slots=2, queue=0)

    async def fail() -> None:
        raise KeyError("a bug")

    for _ in range(5):
        with pytest.raises(KeyError):
            await bulkhead.run(fail)

    assert bulkhead.snapshot() == EMPTY


@pytest.mark.parametrize("seed", range(20))
def test_under_random_load_the_slots_hold_and_nothing_leaks(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a repeatable history

    @in_virtual_time
    async def history() -> tuple[int, BulkheadSnapshot]:
        bulkhead = Bulkhead("tryton", slots=2, queue=5)
        working = most = 0

        async def work() -> None:
            nonlocal working, most
            working += 1
            most = max(most, working)
            try:
                await asyncio.sleep(dice.random())
            finally:
                working -= 1

        async def call() -> None:
            await asyncio.sleep(dice.random() * 5)
            await bulkhead.run(work, Deadline.after(dice.random(), virtual_clock))

        tasks = [asyncio.create_task(call()) for _ in range(60)]
        for _ in range(20):
            await asyncio.sleep(dice.random() / 3)
            dice.choice(tasks).cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return most, bulkhead.snapshot()

    assert history() == (2, EMPTY)


def test_a_bulkhead_without_slots_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one slot"):
        Bulkhead("tryton", slots=0, queue=1)


@in_virtual_time
async def test_one_holder_cannot_take_every_slot_and_others_go_past_it() -> None:
    bulkhead = Bulkhead("tryton", slots=3, queue=10, slots_per_holder=2)
    served: list[str] = []

    async def serve(holder: str) -> None:
        async def operation() -> None:
            served.append(holder)
            await asyncio.sleep(1)

        await bulkhead.run(operation, holder=holder)

    tasks = [asyncio.create_task(serve(name)) for name in ("a", "a", "a", "a", "b")]
    await asyncio.sleep(0.5)
    assert served == ["a", "a", "b"]
    assert bulkhead.snapshot() == BulkheadSnapshot(slots_count=3, in_use_count=3, queued_count=2)
    await asyncio.gather(*tasks)

    assert served == ["a", "a", "b", "a", "a"]
    assert bulkhead.snapshot() == BulkheadSnapshot(slots_count=3, in_use_count=0, queued_count=0)


@in_virtual_time
async def test_a_slot_that_frees_goes_to_the_first_whose_holder_has_room() -> None:
    bulkhead = Bulkhead("tryton", slots=2, queue=10, slots_per_holder=1)
    served: list[str] = []

    async def serve(holder: str, seconds: float) -> None:
        async def operation() -> None:
            served.append(holder)
            await asyncio.sleep(seconds)

        await bulkhead.run(operation, holder=holder)

    plan = (("a", 10), ("b", 1), ("a", 1), ("c", 1))
    await asyncio.gather(*(serve(holder, seconds) for holder, seconds in plan))

    assert served == ["a", "b", "c", "a"]


def test_a_holder_has_at_least_one_slot() -> None:
    with pytest.raises(ValueError, match="at least one slot"):
        Bulkhead("tryton", slots=1, queue=1, slots_per_holder=0)


@in_virtual_time
async def test_one_holder_cannot_fill_the_queue_of_others() -> None:
    bulkhead = Bulkhead("tryton", slots=2, queue=4, slots_per_holder=1)
    greedy = [asyncio.create_task(bulkhead.run(nap, holder="a")) for _ in range(6)]
    await asyncio.sleep(0)

    other = asyncio.create_task(bulkhead.run(nap, holder="b"))
    results = await asyncio.gather(*greedy, return_exceptions=True)

    assert await other == "done"
    assert [result == "done" for result in results] == [True] * 3 + [False] * 3
    assert all(isinstance(result, BulkheadFullError) for result in results[3:])
