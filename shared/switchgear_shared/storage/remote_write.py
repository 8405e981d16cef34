"""One write to a system outside our transactions: its reference, and what is known of it so far."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import new_id, utc_now
from switchgear_shared.errors import BackendUnavailableError, ConflictError, SwitchgearError

_DIGITS = len(str(2**31))
_REFERENCES = re.compile(r"sg-[0-9a-f]{24}")

_current: ContextVar[RemoteWrite | None] = ContextVar("remote_write", default=None)


class NotThereError(BackendUnavailableError):
    """What an earlier attempt may have done is not there, and this one may not send it."""


@dataclass(slots=True)
class Note:
    """One record that the write changes or would change, before and after."""

    record: str
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(slots=True)
class RemoteWrite:
    """A write that another system does, as its adapter sees it.

    `reference` is our own name for it, the same for every attempt: the adapter stores it with the
    record it makes. `may_be_done` says that an earlier attempt may have had its effect: the
    adapter looks for the reference, or at the record's state, before anything is sent again. An
    attempt that is only a look sends nothing: an earlier one may be under way over there.
    `is_absent` says that the adapter has looked, and nothing of the write is there: not a part.
    In a rehearsal nothing is sent; the adapter notes what it would do. What is begun is there in
    part at least: a failure after it, of a read too, is not the end of the write. `told` is the
    id of the record that a person says an earlier attempt made or changed: a look then looks for
    that one, whether it bears our reference or not.
    """

    reference: str
    may_be_done: bool = False
    is_look: bool = False
    settled_at: datetime | None = None
    is_rehearsal: bool = False
    is_sent: bool = False
    is_begun: bool = False
    is_absent: bool = False
    events: list[Event] = field(default_factory=list[Event])
    notes: list[Note] = field(default_factory=list[Note])
    told: str | None = None

    def told_number(self, kind: str) -> int | None:
        """Return the other system's number in the id that a person told; 0 for one of no `kind`.

        None where nobody told any. Without a kind the id is the number alone.
        """
        if self.told is None:
            return None
        said, _, number = self.told.rpartition("-")
        is_one = said == kind and number.isascii() and number.isdigit() and len(number) < _DIGITS
        return int(number) if is_one else 0

    def check_is_free(self, *texts: str | None) -> None:
        """Raise ConflictError where the texts of the record that a person told name another write.

        What one write made is not what came of another.
        """
        if any({*_REFERENCES.findall(text or "")} - {self.reference} for text in texts):
            raise ConflictError(f"{self.told} is of another write")

    def check_may_send(self) -> None:
        """Let a change be sent; call it before each, so that what one left half done is known.

        Raises:
            NotThereError: this attempt is only a look, and what it looked for is not there.
            RuntimeError: this is a rehearsal.
        """
        if self.is_rehearsal:
            raise RuntimeError("a rehearsal changes nothing")
        if self.is_look:
            left_s = 0.0
            if self.settled_at is not None:
                left_s = max(0.0, (self.settled_at - utc_now()) / timedelta(seconds=1))
            raise NotThereError(
                "an earlier attempt is not there and may still be under way",
                retry_after_s=round(left_s, 3),
                outcome="unknown",
            )
        self.is_begun = self.is_sent
        self.is_sent = True

    @asynccontextmanager
    async def undone_by(self, take_back: Callable[[], Awaitable[object]]) -> AsyncGenerator[None]:
        """Take back what was begun if the block is refused; what cannot be is `unknown`."""
        try:
            yield
        except SwitchgearError as error:
            if error.outcome == "not_done":
                try:
                    await take_back()
                    self.is_begun = False
                except SwitchgearError:
                    error.outcome = "unknown"
            raise

    @contextmanager
    def reading_back(self) -> Generator[None]:
        """Read in the block what was done: who cannot knows no more than that it was sent."""
        try:
            yield
        except SwitchgearError as error:
            error.outcome = "unknown"
            raise

    def announce(self, event: Event) -> None:
        """Have `event` published once the write is known to be done."""
        self.events.append(event)

    def note(
        self, record: str, key: str, before: dict[str, Any] | None, after: dict[str, Any] | None
    ) -> None:
        """Note one record that changes, for previews."""
        self.notes.append(Note(record, key, before, after))


def current_write() -> RemoteWrite:
    """Return the write under way; outside of the call pipeline, one whose events go nowhere."""
    return _current.get() or RemoteWrite(new_id("write"))


@contextmanager
def writing_remotely(write: RemoteWrite) -> Generator[RemoteWrite]:
    """Make `write` the current one inside the block."""
    token = _current.set(write)
    try:
        yield write
    finally:
        _current.reset(token)
