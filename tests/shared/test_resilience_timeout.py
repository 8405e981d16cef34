import asyncio

import pytest

from switchgear_shared.errors import DeadlineError
from switchgear_shared.resilience.timeout import within
from switchgear_shared.resilience.virtual_time import in_virtual_time, virtual_clock


@in_virtual_time
async def test_an_attempt_is_cut_at_its_limit() -> None:
    began_s = virtual_clock()

    with pytest.raises(DeadlineError) as caught:
        await within(2.5, lambda: asyncio.sleep(60), may_have_effect=True)

    assert virtual_clock() - began_s == pytest.approx(2.5)
    assert (caught.value.message, caught.value.outcome) == ("no answer within 2.5 s", "unknown")


@pytest.mark.parametrize(("may_have_effect", "outcome"), [(True, "unknown"), (False, "not_done")])
async def test_a_timeout_of_the_operation_itself_is_a_deadline_too(
    may_have_effect: bool, outcome: str
) -> None:
    async def time_out() -> None:
        raise TimeoutError("socket")

    with pytest.raises(DeadlineError) as caught:
        await within(5, time_out, may_have_effect=may_have_effect)

    assert (caught.value.message, caught.value.outcome) == ("the backend timed out", outcome)


async def test_a_cancelled_attempt_is_cancelled_and_no_deadline() -> None:
    task = asyncio.create_task(within(5, asyncio.Event().wait, may_have_effect=True))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
