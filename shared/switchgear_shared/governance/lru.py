"""A bounded memory of what was used last."""

from collections import OrderedDict
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")


class Lru(Generic[KeyT, ValueT]):
    """A mapping of at most `capacity` entries that forgets the least recently used."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[KeyT, ValueT] = OrderedDict()

    def get(self, key: KeyT) -> ValueT | None:
        """Return the entry, which is now the most recently used, or None."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: KeyT, value: ValueT) -> None:
        """Remember `value` and forget what is over capacity."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    def forget(self, key: KeyT) -> None:
        """Drop the entry if it is there."""
        self._entries.pop(key, None)

    def __len__(self) -> int:
        return len(self._entries)
