"""One server's own database: readers beside one queued writer, and the ambient unit of work."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from switchgear_shared.errors import BackendUnavailableError
from switchgear_shared.storage.sqlite_driver import open_sqlite

_BUSY_TIMEOUT_MS = 20_000
_READERS = 4

EMITS = "emits"
"""Set in a session's `info` where its commit has something for the outbox's relay."""

_ambient: ContextVar[dict[int, AsyncSession] | None] = ContextVar("unit_of_work", default=None)


class Database:
    """The tables of one server, in SQLite (a file) or PostgreSQL (a schema).

    SQLite runs in WAL mode with synchronous=FULL: what is committed survives a power cut. Its
    writers queue in the process for one connection instead of spinning on the file lock.
    """

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        self.is_sqlite = url.startswith("sqlite")
        self._emission_listeners: list[Callable[[], None]] = []
        if self.is_sqlite:
            self._writer = _sqlite_engine(url, begin="BEGIN IMMEDIATE", size=1)
            self._reader = _sqlite_engine(url, begin="BEGIN DEFERRED", size=_READERS)
        else:
            self._writer = self._reader = _postgresql_engine(url, schema=name)

    @classmethod
    def at(cls, name: str, *, data_dir: Path, database_url: str | None) -> Database:
        """Return the database `name`: a file in `data_dir`, or a schema at `database_url`."""
        if database_url:
            return cls(database_url, name)
        data_dir.mkdir(parents=True, exist_ok=True)
        return cls(f"sqlite+aiosqlite:///{data_dir / name}.db", name)

    @property
    def writer_engine(self) -> AsyncEngine:
        """The engine that migrations run on."""
        return self._writer

    def on_emission(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every commit of this process that emits an event."""
        self._emission_listeners.append(listener)

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[AsyncSession]:
        """Give a session for reads; inside a unit of work, the unit's own session."""
        if (session := self._joined()) is not None:
            yield session
            return
        async with _translated(), AsyncSession(self._reader, expire_on_commit=False) as session:
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[AsyncSession]:
        """Give a session whose changes commit together at the end, or not at all.

        Inside `unit_of_work` the changes join the unit and commit with it.
        """
        if (session := self._joined()) is not None:
            yield session
            await session.flush()
            return
        async with self.unit_of_work() as session:
            yield session

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncGenerator[AsyncSession]:
        """Open a write transaction that every `reading` and `writing` within joins.

        Raises:
            BackendUnavailableError: `unknown` where the connection was lost in the commit.
            DuplicateKeyError: a unique key is taken.
        """
        is_committing = False
        try:
            async with _translated(), AsyncSession(self._writer, expire_on_commit=False) as session:
                outer = _ambient.get()
                token = _ambient.set({**(outer or {}), id(self): session})
                try:
                    async with session.begin():
                        yield session
                        is_committing = True
                finally:
                    _ambient.reset(token)
        except BackendUnavailableError as error:
            if is_committing and not _was_rolled_back(error.__cause__):
                error.outcome = "unknown"
            raise
        if session.info.get(EMITS):
            for listener in self._emission_listeners:
                listener()

    async def truncate_log(self) -> None:
        """Empty SQLite's write-ahead log, which holds what deleted rows said; best effort.

        While another process reads, it stays for the next time. Not within a unit of work.
        """
        if not self.is_sqlite:
            return
        async with _translated(), self._writer.connect() as connection:
            raw = await connection.get_raw_connection()
            assert raw.driver_connection is not None  # noqa: S101 - it is connected
            await raw.driver_connection.run(
                lambda cursor: cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            )

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()

    def _joined(self) -> AsyncSession | None:
        return (_ambient.get() or {}).get(id(self))


class DuplicateKeyError(Exception):
    """A unique key is taken; adapters turn it into the conflict it means."""


@asynccontextmanager
async def _translated() -> AsyncGenerator[None]:
    try:
        yield
    except IntegrityError as error:
        raise DuplicateKeyError(str(error.orig)) from error
    except (OperationalError, InterfaceError) as error:
        raise BackendUnavailableError("the database does not answer", retry_after_s=1) from error
    except DBAPIError as error:
        if error.connection_invalidated or _is_serialization_failure(error):
            raise BackendUnavailableError(
                "the database gave up this transaction", retry_after_s=0.1
            ) from error
        raise
    except (PoolTimeoutError, TimeoutError, ConnectionError) as error:
        raise BackendUnavailableError("the database is not reachable", retry_after_s=1) from error


def _was_rolled_back(cause: BaseException | None) -> bool:
    """Say whether a failed commit is known to have left nothing: the database said so itself."""
    if not isinstance(cause, DBAPIError) or cause.connection_invalidated:
        return False
    return _is_serialization_failure(cause) or isinstance(cause.orig, sqlite3.Error)


def _is_serialization_failure(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", "") in {"40001", "40P01", "57P01", "55P03"}


def _sqlite_engine(url: str, *, begin: str, size: int) -> AsyncEngine:
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=_BUSY_TIMEOUT_MS / 1000,
        connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000, "async_creator_fn": open_sqlite},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours to send
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")  # what is erased is written over
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def send_begin(connection: Any) -> None:
        connection.connection.driver_connection.begin(begin)

    _ = (configure, send_begin)
    return engine


def _postgresql_engine(url: str, *, schema: str) -> AsyncEngine:
    return create_async_engine(
        url.replace("postgresql://", "postgresql+asyncpg://", 1),
        pool_size=8,
        max_overflow=8,
        pool_pre_ping=True,
        connect_args={"server_settings": {"search_path": schema}},
    )
