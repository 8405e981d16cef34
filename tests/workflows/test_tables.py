"""The tables of processes are made as the models say, on every engine."""

from pathlib import Path

import pytest

import switchgear_workflows
from journeys.engines import ENGINES, OpenDatabase, differences
from switchgear_workflows.tables import Base

MIGRATIONS = Path(switchgear_workflows.__file__).parent / "migrations"


@pytest.mark.parametrize("engine", ENGINES)
async def test_migrations_make_the_tables_that_the_models_describe(
    engine: OpenDatabase, tmp_path: Path
) -> None:
    async with engine("workflows", MIGRATIONS, tmp_path) as database:
        assert await differences(database, Base.metadata) == []
