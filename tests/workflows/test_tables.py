"""The tables of processes are made as the models say, on every engine."""

from pathlib import Path

import pytest

import switchgear_workflows
from engines import ENGINES, Engine, differences
from ready_databases import migrated
from switchgear_workflows.tables import Base

MIGRATIONS = Path(switchgear_workflows.__file__).parent / "migrations"


@pytest.mark.parametrize("engine", ENGINES)
async def test_migrations_make_the_tables_that_the_models_describe(
    engine: Engine, tmp_path: Path
) -> None:
    async with migrated(engine, "workflows", tmp_path, [MIGRATIONS]) as database:
        assert await differences(database, Base.metadata) == []
