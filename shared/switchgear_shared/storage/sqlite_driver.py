"""SQLite's driver with one trip to its thread for a statement: on its own it takes four.

What a trip costs is about what a short statement does, on both sides of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Self

import aiosqlite


class _Answer(NamedTuple):
    """What a statement gave: its rows, all of them, and what is said about them."""

    rows: list[Any]
    description: Any
    rowcount: int
    lastrowid: int | None


class OneTripConnection(aiosqlite.Connection):
    """A connection whose statements come back with their rows; its thread ends with the process.

    A transaction begins with its first statement, and the end of none costs no trip.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, iter_chunk_size=1)
        self._thread.daemon = True
        self._begin: str | None = None
        self._may_be_open = False

    def begin(self, sql: str) -> None:
        """Have a transaction begun by `sql` in the trip of the next statement."""
        self._begin = sql

    async def commit(self) -> None:
        """Commit the transaction; does nothing where none is open."""
        await self._end(sqlite3.Connection.commit)

    async def rollback(self) -> None:
        """Roll the transaction back; does nothing where none is open."""
        await self._end(sqlite3.Connection.rollback)

    def cursor(self) -> Any:
        """Return a cursor, without a trip."""
        return _Cursor(self)

    async def run(self, work: Callable[[sqlite3.Cursor], Any]) -> _Answer:
        """Run a statement and take all it gives in one trip."""
        begin, self._begin = self._begin, None
        self._may_be_open = True  # and stays so where the trip is cancelled or fails
        answer = await self._execute(_answer, self._conn, begin, work)
        self._may_be_open = self._conn.in_transaction
        return answer

    async def _end(self, end: Callable[[sqlite3.Connection], None]) -> None:
        self._begin = None
        if self._may_be_open:
            await self._execute(end, self._conn)
            self._may_be_open = self._conn.in_transaction


class _Cursor:
    """As much of a cursor as SQLAlchemy's adapter asks for."""

    arraysize = 1

    def __init__(self, connection: OneTripConnection) -> None:
        self._connection = connection
        self._answer = _Answer([], None, -1, None)

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        self._answer = await self._connection.run(lambda cursor: cursor.execute(sql, parameters))
        return self

    async def executemany(self, sql: str, parameters: Iterable[Sequence[Any]]) -> Self:
        self._answer = await self._connection.run(
            lambda cursor: cursor.executemany(sql, parameters)
        )
        return self

    async def fetchall(self) -> list[Any]:
        return self._answer.rows

    async def close(self) -> None:
        """Do nothing: the trip closed it."""

    @property
    def description(self) -> Any:
        return self._answer.description

    @property
    def rowcount(self) -> int:
        return self._answer.rowcount

    @property
    def lastrowid(self) -> int | None:
        return self._answer.lastrowid


def open_sqlite(database: str | Path, **options: Any) -> OneTripConnection:
    """Return a connection for SQLAlchemy to await; options are those of `sqlite3.connect`."""
    return OneTripConnection(partial(sqlite3.connect, str(database), **options))


def _answer(
    connection: sqlite3.Connection, begin: str | None, work: Callable[[sqlite3.Cursor], Any]
) -> _Answer:
    cursor = connection.cursor()
    try:
        if begin is not None:
            cursor.execute(begin)
        work(cursor)
        rows = cursor.fetchall() if cursor.description else []
        return _Answer(rows, cursor.description, cursor.rowcount, cursor.lastrowid)
    finally:
        cursor.close()
