"""Writes on our own tables: effect, key, outcome and events commit in one transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

from pydantic import BaseModel
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.calls.call import Call, Outcome
from switchgear_shared.calls.idempotency import (
    claim_of,
    done_with,
    given_up,
    not_done,
    place_of,
    prune_keys,
    stored_outcome,
)
from switchgear_shared.calls.preview import Effects, check_preview, previewed, recorded
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import ConflictError
from switchgear_shared.storage.database import Database, DuplicateKeyError
from switchgear_shared.storage.shared_tables import idempotency

Write = Callable[[], Awaitable[BaseModel]]

_MINE = (
    idempotency.c.tenant == bindparam("of_tenant"),
    idempotency.c.tool == bindparam("of_tool"),
    idempotency.c.key == bindparam("of_key"),
)
_FIND = select(idempotency).where(*_MINE)
_CLAIM = insert(idempotency)
_DONE = (
    update(idempotency)
    .where(*_MINE)
    .values({name: bindparam(name) for name in ("state", "outcome", "done_at")})
)


@dataclass(frozen=True, slots=True)
class EmbeddedWrites:
    """See Writes. A preview is the same write, rolled back."""

    database: Database

    async def find(self, call: Call) -> Outcome | None:
        """See Writes."""
        async with self.database.reading() as session:
            return await self._stored(session, call)

    async def run(self, call: Call, write: Write) -> Outcome:
        """See Writes; another's outcome for the key wins."""
        try:
            async with self.database.unit_of_work() as session:
                await session.execute(_CLAIM, claim_of(call, utc_now()))
                structured = await self._checked(call, write, session)
                done = done_with(structured, utc_now())
                await session.execute(_DONE, {**place_of(call), **done})
        except DuplicateKeyError as error:
            if (stored := await self.find(call)) is not None:
                return stored
            raise ConflictError("another record already has this unique value") from error
        return Outcome(call.correlation_id, structured=structured)

    async def settle(self, call: Call, write: Write) -> Outcome:
        """See Writes: whoever is at it holds the key until it commits, so we come after it."""
        now = utc_now()
        try:
            async with self.database.writing() as session:
                if (stored := await self._stored(session, call)) is not None:
                    return stored
                await session.execute(
                    insert(idempotency).values({**claim_of(call, now), **given_up(now)})
                )
        except DuplicateKeyError:
            return await self.settle(call, write)
        raise not_done(call)

    async def may_be_done(self, call: Call) -> bool:  # noqa: ARG002 - the port's
        """See Writes: what did not commit is not done."""
        return False

    async def was_begun(self, call: Call) -> bool:  # noqa: ARG002 - the port's
        """See Writes."""
        return False

    async def preview(self, call: Call, write: Write) -> Outcome:
        """See Writes."""
        try:
            await self._roll_back(write)
        except DuplicateKeyError as error:
            raise ConflictError("another record already has this unique value") from error
        except _RollBackError as done:
            return previewed(call, done.result, done.effects)

    async def prune(self, *, older_than: timedelta) -> int:
        """See Writes."""
        return await prune_keys(self.database, utc_now() - older_than)

    async def _checked(self, call: Call, write: Write, session: AsyncSession) -> dict[str, Any]:
        if call.preview_digest is None:
            return (await write()).model_dump(mode="json")
        with recorded(session) as effects:
            result = await write()
            await session.flush()
        check_preview(call, effects)
        return result.model_dump(mode="json")

    async def _roll_back(self, write: Write) -> NoReturn:
        async with self.database.unit_of_work() as session:
            with recorded(session) as effects:
                result = await write()
                await session.flush()
            raise _RollBackError(result, effects)

    async def _stored(self, session: AsyncSession, call: Call) -> Outcome | None:
        row = (await session.execute(_FIND, place_of(call))).first()
        return None if row is None else stored_outcome(call, row)


class _RollBackError(Exception):
    """Carries a preview out of the transaction that must not commit."""

    def __init__(self, result: BaseModel, effects: Effects) -> None:
        super().__init__()
        self.result = result
        self.effects = effects
