"""Writes on a system outside our transactions: claimed before they are sent, looked up after.

The claim commits before anything leaves us and the outcome after the system has answered. What
happens in between, a kill or a timeout, leaves the claim: whoever repeats the write is told that
it may be done, and looks for it over there before anything is sent again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel
from sqlalchemy import update

from switchgear_shared.calls.call import Call, Outcome
from switchgear_shared.calls.claims import (
    Claims,
    is_told_not_done,
    is_told_unseen,
    reference_of,
)
from switchgear_shared.calls.idempotency import (
    check_arguments,
    done_with,
    given_up,
    not_done,
    prune_keys,
    row_of,
    stored_outcome,
)
from switchgear_shared.calls.preview import Effects, check_preview, previewed
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import BackendUnavailableError, DeadlineError, SwitchgearError
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.remote_write import NotThereError, RemoteWrite, writing_remotely
from switchgear_shared.storage.shared_tables import idempotency

Write = Callable[[], Awaitable[BaseModel]]

_POLL_S = 0.1
_OVER = {"claim": None, "why": None}


class RemoteWrites:
    """See Writes. A preview is a rehearsal: the adapter says what it would send.

    An attempt that began `settle_s` ago is over, over there too: only then is what was looked
    for and not found sent again, and only then does another process take over a claim.
    """

    def __init__(
        self, database: Database, settle_s: float, now: Callable[[], datetime] = utc_now
    ) -> None:
        self.database = database
        self.claims = Claims(database, timedelta(seconds=settle_s), now)
        self._now = now

    async def find(self, call: Call) -> Outcome | None:
        """See Writes; waits while another process is at it.

        Raises:
            DeadlineError: the other process was not done in time.
        """
        while (row := await self.claims.row(call)) is not None:
            check_arguments(call, row)
            if row.state == "done":
                return stored_outcome(call, row)
            if self.claims.is_ours_to_try(row):
                return None
            if call.deadline.left_s <= _POLL_S:
                raise DeadlineError("another process has not done this yet", outcome="unknown")
            await asyncio.sleep(_POLL_S)
        return None

    async def run(self, call: Call, write: Write) -> Outcome:
        """See Writes; a refusal that leaves the claim says nothing of the attempt before."""
        claim = await self.claims.take(call)
        if claim is None:
            stored = await self.find(call)
            return stored if stored is not None else await self.run(call, write)
        attempt = RemoteWrite(
            reference_of(call), claim.may_be_done, claim.is_look, claim.settled_at
        )
        is_absent = not claim.may_be_done
        try:
            if call.preview_digest is None or claim.is_look:
                result = await under(attempt, write)
            else:
                result = None if is_absent else await _found(attempt, write)
                if result is None:
                    is_absent = True
                    check_preview(call, (await self._rehearsed(call, write))[1])
                    result = await under(attempt, write)
        except SwitchgearError as error:
            is_known = (attempt.is_sent and not attempt.is_begun) or (
                is_absent and not attempt.is_sent
            )
            if error.outcome == "not_done" and is_known:
                await self.claims.forget(call)
            else:
                await self.claims.keep_reason(call, why(error))
            raise
        structured = result.model_dump(mode="json")
        if claim.may_be_done and not attempt.is_sent:
            structured["replayed"] = True
        return await self._keep(call, structured, attempt)

    async def settle(self, call: Call, write: Write) -> Outcome:
        """See Writes: nothing is sent, and whoever is at it is waited for."""
        while True:
            if (stored := await self.find(call)) is not None:
                return stored
            row = await self.claims.row(call)
            if row is None:
                is_given_up = await self.claims.give_up_unused(call)
            elif is_told_not_done(row):
                if is_told_unseen(row):
                    with suppress(SwitchgearError):  # it may be back, and have done it
                        return await self._found_after_all(call, row, write)
                is_given_up = await self.claims.change(row, **_OVER, **given_up(self._now()))
            elif self.claims.is_ours_to_try(row):
                found = await self._looked_up(call, row, write)
                if found is not None:
                    return found
                is_given_up = await self.claims.change(row, **_OVER, **given_up(self._now()))
            else:
                is_given_up = False
            if is_given_up:
                raise not_done(call)

    async def may_be_done(self, call: Call) -> bool:
        """See Writes."""
        row = await self.claims.row(call)
        return row is not None and row.state == "in_flight" and not is_told_not_done(row)

    async def was_begun(self, call: Call) -> bool:
        """See Writes."""
        row = await self.claims.row(call)
        return row is not None and row.state == "in_flight"

    async def preview(self, call: Call, write: Write) -> Outcome:
        """See Writes."""
        result, effects = await self._rehearsed(call, write)
        return previewed(call, result, effects)

    async def prune(self, *, older_than: timedelta) -> int:
        """See Writes."""
        return await prune_keys(self.database, self._now() - older_than)

    async def unresolved_count(self) -> int:
        """Return how many writes were begun and are not known to be done or refused."""
        return await self.claims.unresolved_count()

    async def _rehearsed(self, call: Call, write: Write) -> tuple[BaseModel, Effects]:
        rehearsal = RemoteWrite(reference_of(call), is_rehearsal=True)
        result = await under(rehearsal, write)
        effects = Effects()
        for note in rehearsal.notes:
            effects.note(note.record, note.key, note.before, note.after)
        return result, effects

    async def _looked_up(self, call: Call, row: Any, write: Write) -> Outcome | None:
        """Return the outcome of an attempt that is over; None where nothing of it is there."""
        is_over = self.claims.is_settled(row)
        await self.claims.count_look(row)
        look = RemoteWrite(
            reference_of(call),
            may_be_done=True,
            is_look=True,
            settled_at=self.claims.settled_at(row),
        )
        try:
            result = await under(look, write)
        except SwitchgearError as error:
            is_missing = isinstance(error, NotThereError)
            if is_over and look.is_absent and (is_missing or error.outcome == "not_done"):
                return None
            await self.claims.keep_reason(call, why(error))
            if not (is_over and is_missing):
                raise
            raise BackendUnavailableError(
                f"{call.tool.name} was begun under this key, and what came of it is not known",
                outcome="unknown",
            ) from error
        return await self._keep(call, {**result.model_dump(mode="json"), "replayed": True}, look)

    async def _found_after_all(self, call: Call, row: Any, write: Write) -> Outcome:
        found = await self._looked_up(call, row, write)
        if found is None:
            raise NotThereError(f"nothing of {call.tool.name} is there")
        return found

    async def _keep(self, call: Call, structured: dict[str, Any], attempt: RemoteWrite) -> Outcome:
        """Keep the outcome with its events, unless another attempt has kept the same already."""
        done = (
            update(idempotency)
            .where(*row_of(call), idempotency.c.state == "in_flight")
            .values(**_OVER, **done_with(structured, self._now()))
        )
        try:
            async with self.database.writing() as session:
                result = await session.execute(done)
                if getattr(result, "rowcount", 0) == 1:
                    for event in attempt.events:
                        await emit(session, event)
                    return Outcome(call.correlation_id, structured=structured)
            stored = await self.find(call)
        except SwitchgearError as error:
            error.outcome = "unknown"
            raise
        return stored or Outcome(call.correlation_id, structured=structured)


def why(error: SwitchgearError) -> str:
    """Return why an attempt or a look has not told what came of a write."""
    return "a look found nothing that tells" if isinstance(error, NotThereError) else error.message


async def under(attempt: RemoteWrite, write: Write) -> BaseModel:
    """Return what a write ends with as one attempt at it."""
    with writing_remotely(attempt):
        return await write()


async def _found(attempt: RemoteWrite, write: Write) -> BaseModel | None:
    """Look for what an earlier attempt may have done; None where it is not there."""
    look = replace(attempt, is_look=True)  # what it announces is the attempt's: one list of events
    try:
        return await under(look, write)
    except NotThereError:
        return None
