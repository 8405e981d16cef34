"""The migrations make the tables that the code declares, on every database."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData

from engines import ENGINES, Engine, differences, place
from switchgear_shared.governance.store import (
    AuditTables,
    GovernanceTables,
    migrate_audit,
    migrate_governance,
)

CASES = [
    pytest.param("governance", migrate_governance, GovernanceTables.metadata, id="governance"),
    pytest.param("audit", migrate_audit, AuditTables.metadata, id="audit"),
]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("name", "migrate", "metadata"), CASES)
async def test_migrations_and_tables_agree(
    name: str, migrate: Any, metadata: MetaData, engine: Engine, tmp_path: Path
) -> None:
    async with place(engine, name, tmp_path) as chosen:
        database = chosen.open()
        await migrate(database)
        await migrate(database)

        assert await differences(database, metadata) == []
