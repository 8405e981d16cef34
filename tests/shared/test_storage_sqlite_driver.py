"""SQLite's driver: one trip to its thread for a statement, and all that a cursor tells."""

import asyncio
from pathlib import Path
from typing import Any

import aiosqlite
import pytest
from sqlalchemy import text

from switchgear_shared.contracts.events import new_event
from switchgear_shared.messaging.outbox import emit
from switchgear_shared.storage.database import Database, DuplicateKeyError
from switchgear_shared.storage.shared_tables import outbox

JARS = "CREATE TABLE jars (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"


async def stocked(folder: Path, *names: str) -> Database:
    database = Database.at("jars", data_dir=folder, database_url=None)
    async with database.writing() as session:
        await session.execute(text(JARS))
        for name in names:
            await session.execute(text("INSERT INTO jars (name) VALUES (:name)"), {"name": name})
    return database


async def test_a_statement_and_its_rows_are_one_trip_to_the_drivers_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await stocked(tmp_path, "plum", "pear")
    trips: list[Any] = []
    plain = aiosqlite.Connection._execute  # pyright: ignore[reportPrivateUsage] - to count by

    async def counted(self: aiosqlite.Connection, work: Any, *arguments: Any) -> Any:
        trips.append(work)
        return await plain(self, work, *arguments)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    async with database.writing() as session:
        await session.execute(text("SELECT 1"))
        before = len(trips)
        found = await session.execute(text("SELECT name FROM jars ORDER BY id"))
        assert found.scalars().all() == ["plum", "pear"]
        assert len(trips) - before == 1

    await database.close()


async def test_a_cursor_tells_how_many_rows_changed_and_what_they_are_now(tmp_path: Path) -> None:
    database = await stocked(tmp_path, "plum", "pear")
    async with database.writing() as session:
        one: Any = await session.execute(text("UPDATE jars SET name = name || 's'"))
        two: Any = await session.execute(text("INSERT INTO jars (name) VALUES ('fig')"))
        three = await session.execute(text("DELETE FROM jars WHERE id > 1 RETURNING name"))
        assert (one.rowcount, two.lastrowid) == (2, 3)
        assert sorted(three.scalars()) == ["fig", "pears"]

    async with database.writing() as session:
        many = [{"name": "quince"}, {"name": "sloe"}]
        await session.execute(text("INSERT INTO jars (name) VALUES (:name)"), many)

    async with database.reading() as session:
        left = await session.execute(text("SELECT name FROM jars ORDER BY name"))
        assert left.scalars().all() == ["plums", "quince", "sloe"]
    await database.close()


async def test_a_statement_that_fails_is_undone_and_the_connection_goes_on(tmp_path: Path) -> None:
    database = await stocked(tmp_path, "plum")

    async def stock_twice() -> None:
        async with database.writing() as session:
            await session.execute(text("INSERT INTO jars (name) VALUES ('pear')"))
            await session.execute(text("INSERT INTO jars (name) VALUES ('plum')"))

    with pytest.raises(DuplicateKeyError):
        await stock_twice()

    async with database.reading() as session:
        assert (await session.execute(text("SELECT name FROM jars"))).scalars().all() == ["plum"]
    await database.close()


async def test_only_a_commit_that_emits_wakes_the_relay(tmp_path: Path) -> None:
    database = await stocked(tmp_path)
    woken: list[str] = []
    database.on_emission(lambda: woken.append("woken"))
    async with database.writing() as session:
        await session.run_sync(lambda sync: outbox.create(sync.connection()))
    assert woken == []

    async with database.writing() as session, session.begin_nested():
        data = {"document_id": "doc_1"}
        await emit(
            session,
            new_event("documents.document.filed", source="documents", subject="doc_1", data=data),
        )
        assert woken == []

    assert woken == ["woken"]
    await database.close()


async def test_a_transaction_begins_with_its_first_statement_and_the_end_of_none_is_no_trip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await stocked(tmp_path, "plum")
    async with database.reading() as session:
        await session.execute(text("SELECT 1"))
    trips: list[Any] = []
    plain = aiosqlite.Connection._execute  # pyright: ignore[reportPrivateUsage] - to count by

    async def counted(self: aiosqlite.Connection, work: Any, *arguments: Any) -> Any:
        trips.append(work)
        return await plain(self, work, *arguments)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", counted)
    async with database.writing() as session:
        await session.execute(text("UPDATE jars SET name = 'pear'"))
    assert len(trips) == 2  # the statement, the commit
    async with database.reading() as session:
        await session.execute(text("SELECT 1"))
    assert len(trips) == 4  # the statement, the end
    async with database.writing() as session:
        pass
    assert len(trips) == 4

    await database.close()


async def test_what_a_checkpoint_answers_is_not_left_in_progress(tmp_path: Path) -> None:
    database = await stocked(tmp_path, "plum")
    await database.truncate_log()
    async with database.writing() as session, session.begin_nested():
        await session.execute(text("UPDATE jars SET name = 'pear'"))
    await database.close()


async def test_a_statement_that_is_given_up_leaves_no_transaction_open(tmp_path: Path) -> None:
    database = await stocked(tmp_path, "plum")
    other = Database.at("jars", data_dir=tmp_path, database_url=None)
    slow = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
        "UPDATE jars SET name = (SELECT max(i) FROM n)"
    )

    async def rename() -> None:
        async with database.writing() as session:
            await session.execute(text(slow))

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(rename(), timeout=0.005)

    async with other.writing() as session:
        found = await session.execute(text("SELECT name FROM jars"))
        assert found.scalars().all() == ["plum"]
    await other.close()
    await database.close()
