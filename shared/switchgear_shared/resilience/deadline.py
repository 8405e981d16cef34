"""The moment by which a call must have answered, passed on to everything it does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from switchgear_shared.errors import DeadlineError

Clock = Callable[[], float]
"""Monotonic seconds; `time.monotonic` outside tests."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A point on the monotonic clock."""

    at_s: float
    clock: Clock = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Clock = time.monotonic) -> Deadline:
        """Return the deadline `seconds` from now."""
        return cls(clock() + seconds, clock)

    @property
    def left_s(self) -> float:
        """Seconds left, zero when it has passed."""
        return max(0.0, self.at_s - self.clock())

    def sooner(self, seconds: float) -> Deadline:
        """Return the earlier of this deadline and `seconds` from now."""
        return Deadline(min(self.at_s, self.clock() + seconds), self.clock)

    def check(self) -> None:
        """Raise DeadlineError if it has passed."""
        if self.left_s <= 0:
            raise DeadlineError("the time for this call is over")
