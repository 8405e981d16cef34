"""Keyset pages over a day and an id, newest first."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from switchgear_shared.contracts.pages import decode_cursor, encode_cursor


class Slice(NamedTuple):
    """The rows of one page and where it stands in the whole."""

    rows: Sequence[Any]
    total: int
    next_cursor: str | None


async def newest_first(
    session: AsyncSession,
    statement: Select[*tuple[Any, ...]],
    *,
    listing: str,
    day: InstrumentedAttribute[date],
    id_: InstrumentedAttribute[str],
    keys: Callable[[Any], tuple[date, str]],
    limit: int,
    cursor: str | None,
) -> Slice:
    """Return the page of `statement` after `cursor`; `keys` reads day and id off a row."""
    total = await session.scalar(
        select(func.count()).select_from(statement.with_only_columns(id_).subquery())
    )
    if cursor is not None:
        statement = statement.where(_after(listing, cursor, day, id_))
    result = await session.execute(statement.order_by(day.desc(), id_.desc()).limit(limit + 1))
    found = result.all()
    shown = found[:limit]
    next_cursor = None
    if len(found) > limit:
        last_day, last_id = keys(shown[-1])
        next_cursor = encode_cursor(listing, [last_day.isoformat(), last_id])
    return Slice(shown, total or 0, next_cursor)


def called(
    query: str, id_: InstrumentedAttribute[str], numbers: Sequence[InstrumentedAttribute[Any]]
) -> ColumnElement[bool]:
    """Return the condition that a number has `query` in it or the id begins with it.

    Case does not count; `%` and `_` mean themselves.
    """
    text = query.lower()
    return or_(
        id_.startswith(text, autoescape=True),
        *(func.lower(number).contains(text, autoescape=True) for number in numbers),
    )


def _after(
    listing: str, cursor: str, day: InstrumentedAttribute[date], id_: InstrumentedAttribute[str]
) -> ColumnElement[bool]:
    last_day, last_id = decode_cursor(listing, cursor, date, str)
    return or_(day < last_day, and_(day == last_day, id_ < last_id))
