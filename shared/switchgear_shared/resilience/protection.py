"""What stands round every attempt at one backend: retry, bulkhead, breaker, attempt timeout."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from switchgear_shared.contracts.model import Contract
from switchgear_shared.resilience.breaker import BreakerSnapshot, CircuitBreaker
from switchgear_shared.resilience.bulkhead import Bulkhead, BulkheadSnapshot
from switchgear_shared.resilience.deadline import Deadline
from switchgear_shared.resilience.retry import RetryPolicy
from switchgear_shared.resilience.timeout import within

T = TypeVar("T")


class ProtectionSnapshot(Contract):
    """The health of one backend as its protection sees it."""

    backend: str
    breaker: BreakerSnapshot
    bulkhead: BulkheadSnapshot
    retries_count: int
    retries_refused_count: int


class BackendProtection:
    """One backend system's protection, shared by all its tools.

    The breaker stands inside the retry so that every attempt counts, the bulkhead outside the
    breaker so that probes hold a slot too, the timeout innermost so that silence is a failure.
    """

    def __init__(
        self,
        name: str,
        breaker: CircuitBreaker,
        bulkhead: Bulkhead,
        retry_policy: RetryPolicy,
        attempt_timeout_s: float,
        *,
        patience_s: float = 1.0,
    ) -> None:
        """`patience_s`: a caller's deadline shorter than this accuses no backend."""
        self.name = name
        self.breaker = breaker
        self.bulkhead = bulkhead
        self.retry_policy = retry_policy
        self._attempt_timeout_s = attempt_timeout_s
        self._patience_s = min(patience_s, attempt_timeout_s)

    async def run(
        self,
        operation: Callable[[], Awaitable[T]],
        *,
        deadline: Deadline,
        may_repeat: bool,
        may_have_effect: bool,
        is_keyed: bool,
        holder: str = "",
    ) -> T:
        """Return what `operation` returns; each attempt calls it anew.

        `holder`: whose call it is, for the bulkhead.
        `may_repeat`: it is read-only, idempotent or keyed. `is_keyed`: the backend does it once
        for its key, so that it is repeated even where an attempt may have had its effect.
        """

        async def limited(limit_s: float) -> T:
            return await within(limit_s, operation, may_have_effect=may_have_effect)

        async def guarded() -> T:
            limit_s = min(self._attempt_timeout_s, deadline.left_s)
            if limit_s >= self._patience_s:
                return await self.breaker.run(lambda: limited(limit_s))
            # Cut from outside the breaker: too short a deadline is a cancellation to it, or
            # else callers in a hurry could open the circuit of a healthy backend.
            return await within(
                limit_s, lambda: self.breaker.run(operation), may_have_effect=may_have_effect
            )

        async def attempt() -> T:
            self.breaker.check()  # an open circuit is known now; do not queue to learn it
            return await self.bulkhead.run(guarded, deadline, holder)

        return await self.retry_policy.run(
            attempt,
            deadline=deadline,
            may_repeat=may_repeat,
            may_repeat_unknown=is_keyed or not may_have_effect,
        )

    def snapshot(self) -> ProtectionSnapshot:
        """Return what an operator or an agent may want to know about the backend's health."""
        return ProtectionSnapshot(
            backend=self.name,
            breaker=self.breaker.snapshot(),
            bulkhead=self.bulkhead.snapshot(),
            retries_count=self.retry_policy.retries_count,
            retries_refused_count=self.retry_policy.refused_count,
        )
