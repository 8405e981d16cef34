"""A server whose records another system keeps: a till that answers as the test tells it to.

The till stands for what cannot share our transaction. It does what it is sent, knows what it did
by our reference, and can fall silent before or after.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from switchgear_shared.calls.call import Outcome, Request
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import new_event
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import CorrelationId, new_correlation_id
from switchgear_shared.errors import (
    BackendUnavailableError,
    ConflictError,
    InvalidRequestError,
    SwitchgearError,
)
from switchgear_shared.governance.identity import Agent
from switchgear_shared.part import Part
from switchgear_shared.runtime import new_host
from switchgear_shared.server import Host
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.remote_write import current_write
from switchgear_shared.testing import settings_for
from switchgear_shared.toolset import Toolset

SETTLED_S = 1.5
"""An attempt is over after this; it is given up after one second."""

Mood = Literal[
    "well", "silent_before", "silent_after", "refusing", "refusing_late", "cut_after", "late"
]


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class Till:
    """The other system: what it took, by reference, and how it answers."""

    mood: Mood = "well"
    taken: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    looked: int = 0
    is_closed: bool = False
    is_vague: bool = False
    """Whether it cannot tell nothing from a part."""
    is_full: bool = False
    """Whether our own check refuses once it is known that nothing was taken."""
    forgets: bool = False
    """Whether it has no trace of our references."""
    is_away: bool = False
    records: dict[str, int] = field(default_factory=dict[str, int])
    """What it has under names of its own."""
    is_asked: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    is_looking: asyncio.Event = field(default_factory=asyncio.Event)
    may_look: asyncio.Event = field(default_factory=_set)

    async def take(self, reference: str, coins: int) -> None:
        """Take coins, unless the mood is against it."""
        self.is_asked.set()
        if self.mood == "refusing_late":
            await self.may_answer.wait()
        if self.mood.startswith("refusing"):
            raise BackendUnavailableError("the till is locked")
        if self.mood == "silent_before":
            await asyncio.Event().wait()
        self.taken.append((reference, coins))
        if self.mood == "silent_after":
            await asyncio.Event().wait()
        if self.mood == "late":
            await self.may_answer.wait()
        if self.mood == "cut_after":
            raise BackendUnavailableError("the line was cut", outcome="unknown")

    async def look(self, reference: str) -> int | None:
        """Return what was taken under a reference."""
        self.looked += 1
        self.is_looking.set()
        await self.may_look.wait()
        if self.is_away:
            raise BackendUnavailableError("the till is away")
        if self.forgets:
            return None
        return next((coins for known, coins in self.taken if known == reference), None)


class TillAdapter:
    """The backend over the till, as an adapter should be written."""

    def __init__(self, till: Till) -> None:
        self.till = till

    async def take(self, caller: Caller, coins: int) -> WriteResult:
        """Take coins once, however often it is tried."""
        write = current_write()
        if self.till.is_closed:
            raise InvalidRequestError("the till is closed", field="coins")
        if write.may_be_done and await self.till.look(write.reference) is not None:
            return self._done(caller, write.reference)
        if write.told in self.till.records:
            return self._done(caller, write.told)
        write.is_absent = not self.till.is_vague
        if self.till.is_full:
            raise ConflictError("the till is full")
        if write.is_rehearsal:
            write.note("till", "till", {"coins": self.total}, {"coins": self.total + coins})
            return WriteResult(id="", state="taken", version=str(self.total))
        write.check_may_send()
        await self.till.take(write.reference, coins)
        return self._done(caller, write.reference)

    def _done(self, caller: Caller, reference: str) -> WriteResult:
        event = new_event(
            "documents.document.filed",
            source="till",
            subject=reference,
            data={"document_id": reference},
            caller=caller,
        )
        current_write().announce(event)
        return WriteResult(id=reference, state="taken", version=str(self.total))

    @property
    def total(self) -> int:
        """The coins in the till."""
        return sum(coins for _, coins in self.till.taken)


@dataclass(frozen=True)
class TillSuite:
    """A host that serves the till."""

    host: Host
    till: Till

    @property
    def database(self) -> Database:
        """Our own database beside the till."""
        database = self.host.servers["till"].part.database
        assert database is not None
        return database

    async def take(
        self,
        coins: int = 5,
        *,
        key: str = "k-1",
        timeout_s: float = 5,
        taint: tuple[str, ...] = (),
        is_settling: bool = False,
        **more: Any,
    ) -> Outcome:
        """Call the tool, or ask what came of the call."""
        arguments = {"coins": coins, "idempotency_key": key, **more}
        return await self._call(
            "till_take_coins", arguments, timeout_s, taint, is_settling=is_settling
        )

    async def whoami(self) -> dict[str, Any]:
        """Return what the server says of itself."""
        return (await self._call("till_whoami", {}, 5)).unwrap()

    async def refusal(self, coins: int = 5, **how: Any) -> SwitchgearError:
        """Return the error of a call that must fail."""
        outcome = await self.take(coins, **how)
        assert outcome.error is not None, outcome.structured
        return outcome.error

    async def _call(
        self,
        tool: str,
        arguments: dict[str, Any],
        timeout_s: float,
        taint: tuple[str, ...] = (),
        *,
        is_settling: bool = False,
    ) -> Outcome:
        return await self.host.servers["till"].pipeline.dispatch(
            Request(
                server="till",
                tool=tool,
                arguments=arguments,
                principal=Agent("cashier", "agent", (), ("till.*",)).principal,
                correlation_id=CorrelationId(new_correlation_id()),
                timeout_s=timeout_s,
                taint=frozenset(taint),
                is_settling=is_settling,
            )
        )


@asynccontextmanager
async def serving_till(
    data: Path, till: Till, *, settle_s: float = SETTLED_S, **changes: Any
) -> AsyncGenerator[TillSuite]:
    """Open a host with the till on a data directory until the block ends."""
    settings = settings_for(
        data, **{"attempt_timeout_s": 1.0, "settle_s": settle_s, "retry_attempts": 1, **changes}
    )
    host, _ = new_host(settings)
    try:
        await host.open([])
        database = Database.at("till", data_dir=data, database_url=None)
        await host.add(till_part(database, till))
        yield TillSuite(host, till)
    finally:
        await host.close()


def till_part(database: Database, till: Till) -> Part:
    """Return the till as a server."""
    toolset = Toolset[TillAdapter]()

    async def content(backend: TillAdapter, _caller: Caller, _arguments: Any) -> dict[str, Any]:
        return {"coins_in_till": backend.total}

    @toolset.write(permission="till.coin.take", idempotent=False, facts=content)
    async def till_take_coins(
        backend: TillAdapter,
        caller: Caller,
        coins: Annotated[int, Field(ge=1, description="How many.")],
    ) -> WriteResult:
        """Put coins into the till.

        Use to be paid. Fails with invalid_request.
        """
        return await backend.take(caller, coins)

    _ = till_take_coins
    return Part(
        name="till",
        title="Till",
        instructions="A till.",
        toolset=toolset,
        backend=TillAdapter(till),
        backend_name="till",
        database=database,
        is_remote=True,
        caveats=("previews are checked just before the change, not with it",),
    )
