"""One at a time for each key, in the order of arrival."""

import asyncio
from collections.abc import AsyncGenerator, Hashable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)


class KeyedLocks(Generic[KeyT]):
    """Locks by key, made when needed and forgotten when free."""

    def __init__(self) -> None:
        self._locks: dict[KeyT, asyncio.Lock] = {}
        self._users: dict[KeyT, int] = {}

    @asynccontextmanager
    async def hold(self, key: KeyT) -> AsyncGenerator[None]:
        """Wait for the key's turn and hold it."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._users[key] = self._users.get(key, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]
