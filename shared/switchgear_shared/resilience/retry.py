"""Retries: only what may be repeated, within a budget, and never past the deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from random import random as random_ratio
from typing import TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from switchgear_shared.errors import (
    BackendUnavailableError,
    DeadlineError,
    SwitchgearError,
    ThrottledError,
)
from switchgear_shared.resilience.deadline import Clock, Deadline

T = TypeVar("T")

_WORTH_REPEATING = (BackendUnavailableError, ThrottledError, DeadlineError)


class RetryBudget:
    """Tokens that retries are paid with, so that an outage is not multiplied.

    A call earns `ratio` of a token and so does every second `minimum_per_s`, up to `burst`; a
    retry costs one. Over any time, retries <= burst + ratio * calls + minimum_per_s * seconds.
    """

    def __init__(
        self,
        ratio: float = 0.1,
        minimum_per_s: float = 1.0,
        burst: float = 10.0,
        clock: Clock = time.monotonic,
    ) -> None:
        self._ratio = ratio
        self._minimum_per_s = minimum_per_s
        self._burst = burst
        self._clock = clock
        self._tokens = burst
        self._filled_at_s = clock()

    @property
    def tokens(self) -> float:
        """How many retries could be paid for now."""
        self._fill()
        return self._tokens

    def earn(self) -> None:
        """Add what one call earns."""
        self._tokens = min(self._burst, self._tokens + self._ratio)

    def spend(self) -> bool:
        """Pay for one retry; False if there is too little left."""
        self._fill()
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _fill(self) -> None:
        now_s = self._clock()
        earned = (now_s - self._filled_at_s) * self._minimum_per_s
        self._tokens = min(self._burst, self._tokens + earned)
        self._filled_at_s = now_s


class RetryPolicy:
    """How often and when an attempt at one backend is repeated.

    `attempts` counts the first one. The wait before attempt n + 1 is random up to
    `base_s * 2 ** (n - 1)`, at most `cap_s`, and comes on top of the error's `retry_after_s`.
    """

    def __init__(
        self,
        attempts: int = 3,
        base_s: float = 0.1,
        cap_s: float = 2.0,
        budget: RetryBudget | None = None,
        *,
        random: Callable[[], float] = random_ratio,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if attempts < 1:
            raise ValueError("the first attempt counts, so attempts is at least 1")
        self.budget = budget or RetryBudget()
        self.retries_count = 0
        self.refused_count = 0
        self._attempts = attempts
        self._base_s = base_s
        self._cap_s = cap_s
        self._random = random
        self._sleep = sleep

    async def run(
        self,
        operation: Callable[[], Awaitable[T]],
        *,
        deadline: Deadline,
        may_repeat: bool,
        may_repeat_unknown: bool,
    ) -> T:
        """Return what `operation` returns, called again after a failure worth repeating.

        `may_repeat_unknown` allows it also where the failed attempt may have had its effect.
        An error's outcome is `unknown` if that of any attempt was.
        """
        self.budget.earn()
        try:
            return await operation()
        except SwitchgearError as error:
            if not may_repeat or not _is_worth_repeating(error, may_repeat_unknown):
                raise
            first = error
        return await self._repeat(operation, first, deadline, may_repeat_unknown)

    async def _repeat(
        self,
        operation: Callable[[], Awaitable[T]],
        first: SwitchgearError,
        deadline: Deadline,
        may_repeat_unknown: bool,
    ) -> T:
        """Go on after `first`, which tenacity sees as its first attempt.

        A tenacity loop costs more than the rest of the pipeline, so only a failure builds one;
        it keeps state, so concurrent calls cannot share one.
        """
        pending: SwitchgearError | None = first
        is_unknown = False

        # tenacity awaits only what it recognises as a coroutine function: no lambda here.
        async def attempt() -> T:
            nonlocal pending, is_unknown
            try:
                if pending is not None:
                    error, pending = pending, None
                    raise error
                return await operation()
            except SwitchgearError as error:
                is_unknown = is_unknown or error.outcome == "unknown"
                error.outcome = "unknown" if is_unknown else "not_done"
                raise

        def is_worth(error: BaseException) -> bool:
            return _is_worth_repeating(error, may_repeat_unknown)

        def is_over(state: RetryCallState) -> bool:
            return self._is_over(state, deadline)

        retrying = AsyncRetrying(
            retry=retry_if_exception(is_worth),
            wait=self._wait_s,
            stop=is_over,
            sleep=self._sleep,
            reraise=True,
        )
        return await retrying(attempt)

    def _wait_s(self, state: RetryCallState) -> float:
        ceiling_s = min(self._cap_s, self._base_s * 2 ** min(state.attempt_number - 1, 60))
        error = state.outcome.exception() if state.outcome else None
        told_s = error.retry_after_s if isinstance(error, SwitchgearError) else None
        return max(0.0, told_s or 0.0) + ceiling_s * self._random()

    def _is_over(self, state: RetryCallState, deadline: Deadline) -> bool:
        if state.attempt_number >= self._attempts or state.upcoming_sleep >= deadline.left_s:
            return True
        if not self.budget.spend():
            self.refused_count += 1
            return True
        self.retries_count += 1
        return False


def _is_worth_repeating(error: BaseException, may_repeat_unknown: bool) -> bool:
    return isinstance(error, _WORTH_REPEATING) and (
        may_repeat_unknown or error.outcome == "not_done"
    )
