"""The tables of documents are made as the models say, on every engine."""

from pathlib import Path

import pytest

import switchgear_documents
from engines import ENGINES, Engine, differences
from ready_databases import migrated
from switchgear_documents.tables import Base

MIGRATIONS = Path(switchgear_documents.__file__).parent / "migrations"


@pytest.mark.parametrize("engine", ENGINES)
async def test_migrations_make_the_tables_that_the_models_describe(
    engine: Engine, tmp_path: Path
) -> None:
    async with migrated(engine, "documents", tmp_path, [MIGRATIONS]) as database:
        assert await differences(database, Base.metadata) == []
