"""What a person says came of a write outside of which nobody else can tell.

The other system is asked first, once more: what it tells stands. Only then a person's word is
kept, and who waits for the write goes on as if the look-up had said it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import and_, or_, select

from switchgear_shared.calls.call import Call
from switchgear_shared.calls.claims import (
    Claims,
    call_of,
    is_told_not_done,
    reference_of_row,
    unresolved,
)
from switchgear_shared.calls.idempotency import done_with
from switchgear_shared.calls.remote_writes import RemoteWrites, under
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import (
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    SwitchgearError,
)
from switchgear_shared.governance.digests import canonical
from switchgear_shared.resilience.protection import BackendProtection
from switchgear_shared.storage.remote_write import NotThereError, RemoteWrite, current_write
from switchgear_shared.storage.shared_tables import idempotency
from switchgear_shared.toolset import Tool

_UNSEEN = "taken on a person's word: the system behind could not be asked"


@dataclass(frozen=True, slots=True)
class Word:
    """What a person says: the record that the write made or changed, or None where it did not."""

    record: str | None
    reason: str
    is_unseen: bool = False


@dataclass(frozen=True, slots=True)
class UnresolvedWrites:
    """The writes of one server of which nobody knows what came of them."""

    server: str
    tools: Mapping[str, Tool]
    backend: Any
    protection: BackendProtection
    writes: RemoteWrites
    call_timeout_s: float

    async def list(
        self, tenant: TenantId, after: tuple[datetime, str] | None, limit: int
    ) -> Sequence[Any]:
        """Return the rows that come after a time and a key, the oldest first, `limit` at most."""
        table = idempotency.c
        query = select(idempotency).where(
            *unresolved(),
            table.tenant == tenant,
            table.claimed_at < self._claims.begun_before(),
        )
        if after is not None:
            at, key = after
            later = and_(table.created_at == at, table.key > key)
            query = query.where(or_(table.created_at > at, later))
        query = query.order_by(table.created_at, table.key).limit(limit)
        async with self._claims.database.reading() as session:
            return (await session.execute(query)).all()

    def call_of(self, row: Any) -> Call | None:
        """Return the call behind a row; None where the row does not say."""
        return call_of(row, self.tools, self.server, self.call_timeout_s)

    async def tell(self, caller: Caller, write_id: str, word: Word) -> bool:
        """Keep what a person says of a write; False where the same was said before.

        Raises:
            NotFoundError: there is no such write, or it is over and forgotten.
            ConflictError: it is being tried, what came of it is known, or the record is not there.
            SwitchgearError: the other system could not be asked, and the word is not `is_unseen`.
        """
        row = await self._row(caller.tenant, write_id)
        if _says(row, word):
            return current_write().may_be_done
        self._check_open(row)
        current_write().is_absent = True
        call = self.call_of(row)
        await self._ask(row, call, word)
        told = await self._told(row, call, word)
        write = current_write()
        if write.is_rehearsal:
            after = {"state": _state(word), "record": word.record}
            write.note("write", write_id, {"state": "unknown"}, after)
            return True
        write.check_may_send()
        kept = {
            "record": word.record,
            "reason": word.reason,
            "by": caller.requested_by,
            "at": self._claims.now().isoformat(),
            "is_unseen": word.is_unseen,
        }
        values = {"told": canonical(kept).decode(), "created_at": self._claims.now()}
        if not await self._keep(row, told, values):
            raise ConflictError(f"write {write_id} is being tried at this moment")
        return True

    async def _keep(self, row: Any, told: "_Found | None", values: dict[str, Any]) -> bool:
        if told is None:
            return await self._claims.change(row, **values)
        done = done_with({**told.structured, "replayed": True}, self._claims.now())
        return await self._claims.change(
            row, events=told.look, claim=None, why=None, **done, **values
        )

    async def _row(self, tenant: TenantId, write_id: str) -> Any:
        table = idempotency.c
        is_it = or_(
            table.reference == write_id, and_(table.reference.is_(None), *unresolved())
        )  # what was begun before there was a column has none
        async with self._claims.database.reading() as session:
            rows = (
                await session.execute(select(idempotency).where(table.tenant == tenant, is_it))
            ).all()
        for row in rows:
            if reference_of_row(row) == write_id:
                return row
        raise NotFoundError(f"there is no write {write_id}", field="write_id")

    def _check_open(self, row: Any) -> None:
        if row.state == "done":
            raise _known(row)
        if not self._claims.is_settled(row):
            raise ConflictError(
                f"write {reference_of_row(row)} is being tried at this moment",
                details={"until": self._claims.settled_at(row).isoformat()},
            )

    async def _ask(self, row: Any, call: Call | None, word: Word) -> None:
        """Ask the other system once more; raise where it tells that a person's word is wrong."""
        if call is None:
            if not word.is_unseen:
                raise InvalidRequestError(
                    f"write {reference_of_row(row)} is too old to be looked for", field="unseen"
                )
            return
        try:
            found = await self._look(row, call, None)
        except NotThereError:
            return
        except SwitchgearError:
            if word.is_unseen:
                return
            raise  # refused before it was looked for, which tells nothing
        if found.structured["id"] == word.record:
            return
        if not current_write().is_rehearsal:
            await self._keep(row, found, {})
        raise ConflictError(
            f"{row.tool} was done: {found.structured['id']}",
            details={"id": found.structured["id"], "state": found.structured["state"]},
        )

    async def _told(self, row: Any, call: Call | None, word: Word) -> "_Found | None":
        """Return what the write ended with if it was done as a person says."""
        if word.record is None:
            return None
        try:
            if call is None:
                return _unseen(word.record)
            return await self._look(row, call, word.record)
        except SwitchgearError as error:
            self._check_answered(error, word)
            if _is_away(error):
                return _unseen(word.record)
            shown = "nothing that this write can have done"
            text = shown if isinstance(error, NotThereError) else error.message
            raise ConflictError(
                f"{word.record} is not what came of {row.tool}: {text}", field="record_id"
            ) from error

    async def _look(self, row: Any, call: Call, record: str | None) -> "_Found":
        look = RemoteWrite(
            reference_of_row(row),
            may_be_done=True,
            is_look=True,
            settled_at=self._claims.settled_at(row),
            told=record,
        )

        async def write() -> BaseModel | NotThereError:
            try:
                return await under(
                    look, lambda: call.tool.run(self.backend, call.caller, call.arguments)
                )
            except NotThereError as error:
                return error  # an answer, of a system that is well

        await self._claims.count_look(row)
        try:
            result = await self.protection.run(
                write,
                deadline=call.deadline,
                may_repeat=False,
                may_have_effect=False,
                is_keyed=False,
                holder=call.principal.id,
            )
        except SwitchgearError as error:
            if look.is_absent and error.outcome == "not_done":
                raise NotThereError(error.message) from error
            raise
        if isinstance(result, NotThereError):
            raise result
        return _Found(result.model_dump(mode="json"), look)

    def _check_answered(self, error: SwitchgearError, word: Word) -> None:
        if _is_away(error) and not word.is_unseen:
            raise error

    @property
    def _claims(self) -> Claims:
        return self.writes.claims


@dataclass(frozen=True, slots=True)
class _Found:
    """What a look ended with, and what it announces."""

    structured: dict[str, Any]
    look: RemoteWrite | None = None


def _unseen(record: str) -> _Found:
    result = WriteResult(id=record, state="done", version="", caveat=_UNSEEN)
    return _Found(result.model_dump(mode="json"))


def _is_away(error: SwitchgearError) -> bool:
    """Say whether the other system did not answer at all."""
    return error.retryable and not isinstance(error, NotThereError)


def _state(word: Word) -> str:
    return "not_done" if word.record is None else "done"


def _says(row: Any, word: Word) -> bool:
    """Say whether the row says already what a person says."""
    if row.state == "done":
        done_as = None if row.outcome is None else json.loads(row.outcome)["id"]
        said = json.loads(row.told)["record"] if row.told else done_as
        return word.record in {done_as, said}
    return is_told_not_done(row) and word.record is None


def _known(row: Any) -> ConflictError:
    if row.outcome is None:
        return ConflictError(f"{row.tool} was not done, and its key was given up")
    outcome = json.loads(row.outcome)
    return ConflictError(
        f"{row.tool} was done: {outcome['id']}",
        details={"id": outcome["id"], "state": outcome["state"]},
    )
