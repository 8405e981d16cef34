"""Rate limits: how many calls a key may make within a moving window."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from limits import RateLimitItem, parse_many
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from switchgear_shared.errors import ThrottledError
from switchgear_shared.resilience.deadline import Clock


@dataclass(slots=True)
class _Window:
    """The hits of one key, oldest first, as (moment, cost)."""

    hits: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    used: int = 0
    expires_at_s: float = 0.0


class MovingWindows(MemoryStorage):
    """Moving windows in memory, for the strategies of `limits`.

    The library's own storage sweeps every key in a thread on every hit (150 us a hit at 500
    keys), reads the wall clock, and cannot say when a hit of cost 2 would fit.
    """

    STORAGE_SCHEME = None

    def __init__(self, clock: Clock = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._windows: dict[str, _Window] = {}
        self._sweep: Iterator[str] = iter(())

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Record a hit of cost `amount` if it fits; see limits' MovingWindowSupport."""
        self._drop_one_expired()
        window = self._current(key, expiry)
        if window.used + amount > limit:
            return False
        now_s = self._clock()
        window.hits.append((now_s, amount))
        window.used += amount
        window.expires_at_s = now_s + expiry
        self._windows[key] = window
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 - the protocol's
        """Return the moment of the oldest hit and the cost used; see MovingWindowSupport."""
        window = self._current(key, expiry)
        return (window.hits[0][0] if window.hits else self._clock()), window.used

    async def reset(self) -> int | None:
        """Forget every key."""
        count = len(self._windows)
        self._windows.clear()
        return count

    async def clear(self, key: str) -> None:
        """Forget one key."""
        self._windows.pop(key, None)

    def fits_after_s(self, key: str, limit: int, expiry: int, amount: int) -> float | None:
        """Return the seconds until a hit of cost `amount` fits; None if it never will."""
        if amount > limit:
            return None
        window = self._current(key, expiry)
        excess = window.used + amount - limit
        now_s = self._clock()
        for hit_at_s, cost in window.hits:
            if excess <= 0:
                break
            excess -= cost
            if excess <= 0:
                return hit_at_s + expiry - now_s
        return 0.0

    def _current(self, key: str, expiry: int) -> _Window:
        """Return the window of `key` without the hits that left it."""
        window = self._windows.get(key)
        if window is None:
            return _Window()
        cutoff_s = self._clock() - expiry
        while window.hits and window.hits[0][0] <= cutoff_s:
            window.used -= window.hits.popleft()[1]
        return window

    def _drop_one_expired(self) -> None:
        """Look at one key a hit, so that idle keys go without a sweep anyone waits for."""
        key = next(self._sweep, None)
        if key is None:
            self._sweep = iter(tuple(self._windows))
        elif (window := self._windows.get(key)) and window.expires_at_s <= self._clock():
            del self._windows[key]


class RateLimits:
    """One rate, such as `600/minute`, for each of any number of keys; kept in this process."""

    def __init__(self, rate: str, clock: Clock = time.monotonic) -> None:
        rates = parse_many(rate)
        if len(rates) != 1:
            raise ValueError(f"{rate} is not one rate")
        self._rate: RateLimitItem = rates[0]
        self._windows = MovingWindows(clock)
        self._limiter = MovingWindowRateLimiter(self._windows)

    async def hit(self, key: tuple[str, ...], cost: int = 1) -> None:
        """Count a call of `cost`; raise ThrottledError, counting nothing, if it does not fit.

        `retry_after_s` is when it will fit if nothing else comes first; None means never.
        """
        if cost < 1:
            raise ValueError("a hit costs at least 1")
        identifiers = _unambiguous(key)
        if await self._limiter.hit(self._rate, *identifiers, cost=cost):
            return
        limit, expiry = self._rate.amount, self._rate.get_expiry()
        after_s = self._windows.fits_after_s(
            self._rate.key_for(*identifiers), limit, expiry, amount=cost
        )
        raise ThrottledError(f"the limit is {self._rate}", retry_after_s=after_s)


def _unambiguous(key: tuple[str, ...]) -> tuple[str, ...]:
    """`limits` joins identifiers with a slash: ("a/b", "c") must not meet ("a", "b/c")."""
    return tuple(part.replace("%", "%25").replace("/", "%2F") for part in key)
