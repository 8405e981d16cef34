"""The last good answers of reads, served with their age when a backend does not answer."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from switchgear_shared.contracts.values import TenantId, utc_now
from switchgear_shared.resilience.deadline import Clock

T = TypeVar("T")


class AnswerKey(NamedTuple):
    """Whose answer to what: an answer is only ever given back to the principal it was made for."""

    tenant: TenantId
    principal_id: str
    tool: str
    arguments_digest: str


class LastGoodAnswer(NamedTuple, Generic[T]):
    """An answer, the moment it was true, and how long ago that is."""

    value: T
    as_of: datetime
    age_s: float


class _Kept(NamedTuple, Generic[T]):
    value: T
    as_of: datetime
    put_at_s: float


class LastGoodAnswers(Generic[T]):
    """The most recently used answers, at most `max_entries` and none older than `max_age_s`.

    Values are kept as given, not copied: put in what nobody changes.
    """

    def __init__(
        self,
        max_entries: int,
        max_age_s: float,
        clock: Clock = time.monotonic,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._max_entries = max_entries
        self._max_age_s = max_age_s
        self._clock = clock
        self._now = now
        self._answers: OrderedDict[AnswerKey, _Kept[T]] = OrderedDict()

    def put(self, key: AnswerKey, value: T) -> None:
        """Keep `value` as the answer to `key`, in place of an earlier one."""
        if self._max_age_s <= 0:
            return
        self._answers[key] = _Kept(value, self._now(), self._clock())
        self._answers.move_to_end(key)
        while len(self._answers) > self._max_entries:
            self._answers.popitem(last=False)

    def get(self, key: AnswerKey) -> LastGoodAnswer[T] | None:
        """Return the answer kept for `key`; None if there is none or it is too old."""
        kept = self._answers.get(key)
        if kept is None:
            return None
        age_s = self._clock() - kept.put_at_s
        if age_s > self._max_age_s:
            del self._answers[key]
            return None
        self._answers.move_to_end(key)
        return LastGoodAnswer(kept.value, kept.as_of, age_s)

    def __len__(self) -> int:
        return len(self._answers)
