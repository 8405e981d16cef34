"""What a write changes, read off the session that changes it, and the digest that binds it."""

import re
from collections.abc import Collection, Generator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python
from sqlalchemy import event, inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from switchgear_shared.calls.call import Call, Outcome
from switchgear_shared.contracts.results import Effect, Preview
from switchgear_shared.errors import ConflictError
from switchgear_shared.governance.digests import digest

_LAST_NUMBER = "last_number"
"""The column of a number series."""
_FRESH_ID = re.compile(r"^[a-z]+_[0-9a-f]{32}$")


class Effects:
    """The rows that one session created, changed and removed, first state against last."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], tuple[dict[str, Any] | None, dict[str, Any] | None]] = {}

    def note(self, record: str, key: str, before: Any, after: Any) -> None:
        """Add one flush's view of a row; the earliest `before` and the latest `after` stay."""
        first = self._rows.get((record, key), (before, None))[0]
        self._rows[record, key] = (first, after)

    def items(self) -> tuple[Effect, ...]:
        """Return one effect a row, ordered by table and key."""
        return tuple(
            Effect(record=record, before=before, after=after)
            for (record, _), (before, after) in sorted(self._rows.items(), key=lambda row: row[0])
            if before != after
        )

    def digest(self, call: Call) -> str:
        """Return a digest equal for two runs of one call that find and leave rows in one state.

        What differs between a preview and its execution does not count in the state they leave:
        fresh ids, the running number that a record gets, moments, the correlation ID and the trace.
        """
        own = {call.correlation_id, call.traceparent}
        rows = ((effect.record, *_unnumbered(effect)) for effect in self.items())
        stable = sorted(
            digest(record, before, _stable(after, own)) for record, before, after in rows
        )
        return digest(call.tool.name, call.arguments, stable)


def previewed(call: Call, result: BaseModel, effects: Effects) -> Outcome:
    """Return the answer to a dry run."""
    preview = Preview(preview_digest=effects.digest(call), effects=effects.items())
    body = {**result.model_dump(mode="json"), "preview": preview.model_dump(mode="json")}
    return Outcome(call.correlation_id, structured=body)


def check_preview(call: Call, effects: Effects) -> None:
    """Raise ConflictError unless the call's `preview_digest` is that of `effects`."""
    if effects.digest(call) != call.preview_digest:
        raise ConflictError(
            "this would not do what was previewed: the records moved, or the call is another",
            field="preview_digest",
        )


@contextmanager
def recorded(session: AsyncSession) -> Generator[Effects]:
    """Record what is flushed through `session` inside the block."""
    effects = Effects()

    def after_flush(sync_session: Session, _context: Any) -> None:
        for row in sync_session.new:
            _note(effects, row, is_new=True)
        for row in sync_session.dirty:
            if sync_session.is_modified(row):
                _note(effects, row)
        for row in sync_session.deleted:
            _note(effects, row, is_deleted=True)

    event.listen(session.sync_session, "after_flush", after_flush)
    try:
        yield effects
    finally:
        event.remove(session.sync_session, "after_flush", after_flush)


def _note(effects: Effects, row: Any, *, is_new: bool = False, is_deleted: bool = False) -> None:
    if getattr(row, "__previewed__", True) is False:
        return
    state = inspect(row)
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for column in state.mapper.column_attrs:
        history = state.attrs[column.key].history
        new = getattr(row, column.key)
        old = history.deleted[0] if history.deleted else new
        before[column.key] = to_jsonable_python(old)
        after[column.key] = to_jsonable_python(new)
    key = "/".join(str(getattr(row, c.key)) for c in state.mapper.primary_key)
    effects.note(
        state.mapper.local_table.name,
        key,
        None if is_new else before,
        None if is_deleted else after,
    )


def _unnumbered(effect: Effect) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return the row before and after, without the number that the write gives and its series."""
    has_number = effect.before is not None and effect.before.get("ref") is not None
    dropped = {_LAST_NUMBER} if has_number else {_LAST_NUMBER, "ref"}
    before, after = (
        row and {name: value for name, value in row.items() if name not in dropped}
        for row in (effect.before, effect.after)
    )
    return before, after


def _stable(value: Any, own: Collection[str | None]) -> Any:
    if isinstance(value, dict):
        return {key: _stable(item, own) for key, item in value.items()}
    if isinstance(value, list):
        return [_stable(item, own) for item in value]
    if isinstance(value, str) and (value in own or _FRESH_ID.match(value) or _is_moment(value)):
        return "*"
    return value


def _is_moment(text: str) -> bool:
    if "T" not in text:
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
