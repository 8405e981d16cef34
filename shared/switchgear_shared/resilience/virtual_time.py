"""Virtual time for tests of code that waits: an event loop whose clock jumps to the next timer."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_DEADLOCK_AFTER_S = 5.0


class _JumpingSelector(selectors.DefaultSelector):
    """Where a selector would sleep, this one moves the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            ready = super().select(_DEADLOCK_AFTER_S)
            if not ready:
                raise RuntimeError("nothing is left that could happen: the test waits for ever")
            return ready
        ready = super().select(0)
        if not ready:
            self.now_s += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop that never sleeps; `loop.time` is the Clock to hand to the code under test."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the virtual moment."""
        return self._jumping.now_s


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Make an async test a plain one that runs in virtual time."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            return runner.run(test(*args, **kwargs))

    return run


def virtual_clock() -> float:
    """Return the running loop's moment; a Clock."""
    return asyncio.get_running_loop().time()
