"""The tools of who looks after writes outside whose end nobody knows: in no list models see."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from switchgear_shared.calls.claims import RESOLVE, reference_of_row
from switchgear_shared.calls.telling import UnresolvedWrites, Word
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.pages import Page, decode_cursor, encode_cursor
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.governance.redaction import redact
from switchgear_shared.toolset import Toolset

_UNANSWERED = "nobody was answered, and nobody has looked since"
_CURSOR = "unresolved_writes"

WriteId = Annotated[
    str, Field(max_length=32, description="`id` from the list of unresolved writes.")
]


class UnresolvedWrite(Contract):
    """A write to the system behind of which nobody knows what came of it.

    `id` is our name for it over there, in a field of the record where there is one. `arguments`
    are without secrets; they and who asked are null where the write is too old to tell.
    """

    id: str
    tool: str
    arguments_digest: str
    arguments: dict[str, Any] | None
    requested_by: str | None
    correlation_id: str | None
    begun_at: datetime
    tried_at: datetime
    looks_count: int
    looked_at: datetime | None
    why: str


class UnresolvedWritePage(Page):
    """Writes of unknown end, the oldest first."""

    items: tuple[UnresolvedWrite, ...]


def add_unresolved(toolset: Toolset[Any], server: str, unresolved: UnresolvedWrites) -> None:
    """Declare `<server>_list_unresolved_writes` and `<server>_resolve_write` on a toolset."""

    async def list_writes(
        _backend: Any,
        caller: Caller,
        cursor: Annotated[
            str | None, Field(max_length=512, description="`next_cursor` of the page before.")
        ] = None,
        limit: Annotated[int, Field(ge=1, le=50, description="Most to return.")] = 10,
    ) -> UnresolvedWritePage:
        after = None
        if cursor is not None:
            at, key = decode_cursor(_CURSOR, cursor, datetime, str)
            after = (at, key)
        rows = await unresolved.list(caller.tenant, after, limit + 1)
        shown, has_more = rows[:limit], len(rows) > limit
        last = shown[-1] if has_more else None
        return UnresolvedWritePage(
            items=tuple(_shown(row, unresolved) for row in shown),
            next_cursor=encode_cursor(_CURSOR, [last.created_at, last.key]) if last else None,
            truncated=has_more,
        )

    async def resolve(
        _backend: Any,
        caller: Caller,
        write_id: WriteId,
        reason: Annotated[
            str, Field(min_length=3, max_length=500, description="How you know; kept for good.")
        ],
        done: Annotated[bool, Field(description="Whether it was done over there.")],
        record_id: Annotated[
            str | None,
            Field(max_length=128, description="What it made or changed; needed if it was done."),
        ] = None,
        unseen: Annotated[
            bool, Field(description="Take it though the system behind does not answer.")
        ] = False,
    ) -> WriteResult:
        if done is not (record_id is not None):
            raise InvalidRequestError(
                "a write that was done names its record, another one names none",
                field="record_id",
            )
        word = Word(record_id, reason, is_unseen=unseen)
        changed = await unresolved.tell(caller, write_id, word)
        return WriteResult(
            id=write_id,
            ref=record_id,
            state="done" if done else "not_done",
            version="",
            changed=changed,
        )

    list_writes.__name__ = f"{server}_list_unresolved_writes"
    list_writes.__doc__ = (
        "List writes to the system behind whose end nobody knows, the oldest first.\n\n"
        "No items means none. Fails with invalid_request for a foreign cursor."
    )
    resolve.__name__ = f"{server}{RESOLVE}"
    resolve.__doc__ = (
        "Say what came of a write of unknown end, having looked in the system behind.\n\n"
        "It is asked once more first. Who waits for the write goes on: done, it is never sent "
        "again; not done, it is sent by who repeats it. Fails with not_found, conflict where its "
        "end is known, it is being tried or the record is not there, and backend_unavailable."
    )
    toolset.read(permission=f"{server}.unresolved_write.read", listed=False)(list_writes)
    toolset.write(permission=f"{server}.unresolved_write.resolve", idempotent=True, listed=False)(
        resolve
    )


def _shown(row: Any, unresolved: UnresolvedWrites) -> UnresolvedWrite:
    call = unresolved.call_of(row)
    return UnresolvedWrite(
        id=reference_of_row(row),
        tool=row.tool,
        arguments_digest=row.digest,
        arguments=None if call is None else redact(call.arguments),
        requested_by=None if call is None else call.principal.origin,
        correlation_id=None if call is None else call.correlation_id,
        begun_at=row.created_at,
        tried_at=row.claimed_at,
        looks_count=row.looks_count or 0,
        looked_at=row.looked_at,
        why=row.why or _UNANSWERED,
    )
