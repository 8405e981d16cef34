"""The databases that tests run on: SQLite always, PostgreSQL where one is named."""

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text

from switchgear_shared.storage.database import Database
from switchgear_shared.storage.migrate import MESSAGING_MIGRATIONS, migrate
from switchgear_shared.testing import TEST_DATABASE_URL, is_ci

OpenDatabase = Callable[[str, Path, Path], AbstractAsyncContextManager[Database]]


def service(name: str) -> str:
    """Return a service's URL from the environment; in CI its absence is a failure."""
    url = os.environ.get(name)
    if url:
        return url
    if is_ci():
        pytest.fail(f"{name} is not set, and CI runs every test")
    pytest.skip(f"{name} is not set")


@asynccontextmanager
async def on_sqlite(name: str, migrations: Path, folder: Path) -> AsyncGenerator[Database]:
    """Give a migrated file."""
    database = Database.at(name, data_dir=folder, database_url=None)
    await migrate(database, [migrations, MESSAGING_MIGRATIONS])
    yield database
    await database.close()


@asynccontextmanager
async def on_postgresql(name: str, migrations: Path, _folder: Path) -> AsyncGenerator[Database]:
    """Give a migrated schema, dropped afterwards."""
    database = Database(service(TEST_DATABASE_URL), f"{name}_{uuid4().hex}")
    await migrate(database, [migrations, MESSAGING_MIGRATIONS])
    yield database
    async with database.writer_engine.begin() as connection:
        await connection.execute(text(f'DROP SCHEMA "{database.name}" CASCADE'))
    await database.close()


ENGINES = [
    pytest.param(on_sqlite, id="sqlite"),
    pytest.param(on_postgresql, id="postgresql", marks=pytest.mark.service),
]


async def differences(database: Database, metadata: MetaData) -> list[Any]:
    """Return what Alembic would still change to make the tables those of the models."""

    def compared(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, kind, _parents: (
                    kind != "table" or name in metadata.tables
                ),
            },
        )
        return compare_metadata(context, metadata)

    async with database.writer_engine.connect() as connection:
        return await connection.run_sync(compared)
