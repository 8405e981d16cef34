"""What one test leaves in a database, the next does not find."""

from pathlib import Path

import pytest
from sqlalchemy import insert, text

from engines import ENGINES, Engine
from erp.conftest import ERP_MIGRATIONS
from ready_databases import migrated
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.shared_tables import outbox


async def number_of_an_event(database: Database) -> int:
    """Announce something and return the number of its row."""
    event = {"event_id": "evt_1", "type": "erp.invoice.posted", "body": "{}"}
    new = insert(outbox).values(tenant="acme", created_at=utc_now(), **event)
    async with database.writing() as session:
        return await session.scalar(new.returning(outbox.c.id)) or 0


@pytest.mark.parametrize("engine", ENGINES)
async def test_the_next_test_finds_no_row_and_counts_from_one(
    engine: Engine, tmp_path: Path
) -> None:
    for turn in ("first", "second"):
        async with migrated(engine, "erp", tmp_path / turn, [ERP_MIGRATIONS]) as database:
            assert await number_of_an_event(database) == 1


@pytest.mark.service
async def test_tables_that_a_test_altered_are_no_other_tests(tmp_path: Path) -> None:
    async with migrated("postgresql", "erp", tmp_path, [ERP_MIGRATIONS]) as database:
        altered = database.name
        async with database.writing() as session:
            await session.execute(text("ALTER TABLE parties ADD COLUMN nickname TEXT"))

    async with migrated("postgresql", "erp", tmp_path, [ERP_MIGRATIONS]) as database:
        assert database.name != altered
        async with database.reading() as session:
            row = (await session.execute(text("SELECT * FROM parties"))).keys()
        assert "nickname" not in row


@pytest.mark.service
async def test_tables_that_no_test_altered_are_the_next_tests(tmp_path: Path) -> None:
    async with migrated("postgresql", "erp", tmp_path, [ERP_MIGRATIONS]) as database:
        first = database.name
    async with migrated("postgresql", "erp", tmp_path, [ERP_MIGRATIONS]) as database:
        assert database.name == first
