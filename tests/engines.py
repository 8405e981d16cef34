"""The databases that tests run on: SQLite always, PostgreSQL where one is named."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text

from switchgear_shared.storage.database import Database
from switchgear_shared.testing import TEST_DATABASE_URL, is_ci

Engine = Literal["sqlite", "postgresql"]

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.service)]


SYSTEMS = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.service),
    pytest.param("tryton", marks=pytest.mark.live),
]
"""What the suite of a port runs over, through the whole pipeline."""


def service(name: str) -> str:
    """Return a service's URL from the environment; in CI its absence is a failure."""
    url = os.environ.get(name)
    if url:
        return url
    if is_ci():
        pytest.fail(f"{name} is not set, and CI runs every test")
    pytest.skip(f"{name} is not set")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one test's database is; opened as often as the test has processes."""

    name: str
    folder: Path
    url: str | None
    opened: list[Database] = field(default_factory=list[Database])

    def open(self) -> Database:
        """Return another door to the database."""
        database = Database.at(self.name, data_dir=self.folder, database_url=self.url)
        self.opened.append(database)
        return database


@asynccontextmanager
async def own_database(server: str) -> AsyncGenerator[str]:
    """Make a database on the server of a URL, give its URL, and drop it afterwards."""
    name = f"test_{uuid4().hex}"
    connection = await asyncpg.connect(server)
    await connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield f"{server.rsplit('/', 1)[0]}/{name}"
    finally:
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await connection.close()


@asynccontextmanager
async def place(engine: Engine, name: str, folder: Path) -> AsyncGenerator[Place]:
    """Give a place that no other test has, emptied and closed afterwards."""
    if engine == "sqlite":
        chosen = Place(name, folder, None)
    else:
        chosen = Place(f"{name}_{uuid4().hex}", folder, service(TEST_DATABASE_URL))
    try:
        yield chosen
    finally:
        if chosen.url is not None:
            async with chosen.open().writer_engine.begin() as connection:
                await connection.execute(text(f'DROP SCHEMA IF EXISTS "{chosen.name}" CASCADE'))
        for database in chosen.opened:
            await database.close()


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
