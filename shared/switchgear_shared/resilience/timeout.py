"""The limit on one attempt, which turns silence into an error that says what may have happened."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from switchgear_shared.errors import DeadlineError

T = TypeVar("T")


async def within(
    seconds: float, operation: Callable[[], Awaitable[T]], *, may_have_effect: bool
) -> T:
    """Return what `operation` returns within `seconds`; with none left it is not called.

    Raises DeadlineError, also for a timeout of the operation's own; `may_have_effect` makes its
    outcome `unknown`.
    """
    if seconds <= 0:
        raise DeadlineError("the time was over before the attempt began")
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await operation()
    except TimeoutError as error:
        raise DeadlineError(
            f"no answer within {seconds:.3g} s" if limit.expired() else "the backend timed out",
            outcome="unknown" if may_have_effect else "not_done",
        ) from error
