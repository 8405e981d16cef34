"""The migrations make the tables that the code declares, on every database."""

import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text

from switchgear_shared.governance.store import (
    AuditTables,
    GovernanceTables,
    migrate_audit,
    migrate_governance,
)
from switchgear_shared.storage.database import Database

CASES = [
    pytest.param("governance", migrate_governance, GovernanceTables.metadata, id="governance"),
    pytest.param("audit", migrate_audit, AuditTables.metadata, id="audit"),
]
URL = os.environ.get("SWITCHGEAR_TEST_DATABASE_URL")
PLACES = [
    pytest.param(None, id="sqlite"),
    pytest.param(URL, id="postgresql", marks=pytest.mark.service),
]


@pytest.fixture(params=PLACES)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Any]:
    if request.param is None and request.node.get_closest_marker("service"):
        pytest.skip("SWITCHGEAR_TEST_DATABASE_URL names no PostgreSQL")
    opened: list[Database] = []

    def open_(name: str) -> Database:
        database = Database.at(f"test_tables_{name}", data_dir=tmp_path, database_url=request.param)
        opened.append(database)
        return database

    yield open_
    for database in opened:
        if not database.is_sqlite:
            async with database.writer_engine.begin() as connection:
                await connection.execute(text(f'DROP SCHEMA "{database.name}" CASCADE'))
        await database.close()


@pytest.mark.parametrize(("name", "migrate", "metadata"), CASES)
async def test_migrations_and_tables_agree(
    name: str, migrate: Any, metadata: MetaData, place: Any
) -> None:
    database = place(name)
    await migrate(database)
    await migrate(database)

    def differences(connection: Connection) -> list[Any]:
        def is_ours(_object: Any, name: str | None, kind: str, *_rest: Any) -> bool:
            return kind != "table" or name in metadata.tables

        options = {"include_object": is_ours}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    async with database.writer_engine.connect() as connection:
        assert await connection.run_sync(differences) == []
