"""The database that does not answer: a writer that does not come free, a line that is cut."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from engines import place, service
from switchgear_shared.errors import BackendUnavailableError
from switchgear_shared.storage import database as storage
from switchgear_shared.storage.database import Database
from switchgear_shared.testing import TEST_DATABASE_URL


async def test_a_writer_that_waits_too_long_is_told_that_the_database_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "_BUSY_TIMEOUT_MS", 50)
    database = Database.at("jars", data_dir=tmp_path, database_url=None)
    async with database.unit_of_work() as first:
        await first.connection()
        with pytest.raises(BackendUnavailableError):
            async with database.unit_of_work() as second:
                await second.connection()
    await database.close()


@asynccontextmanager
async def _line_cut_at(word: bytes, *, is_heard: bool) -> AsyncGenerator[str]:
    """Give the URL of the test database over a line that is cut when `word` is sent."""
    url = urlsplit(service(TEST_DATABASE_URL))

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_there = await asyncio.open_connection(url.hostname, url.port or 5432)

        async def answers() -> None:
            while data := await there.read(65536):
                writer.write(data)

        back = asyncio.create_task(answers())
        try:
            while data := await reader.read(65536):
                if word in data:
                    if is_heard:
                        back.cancel()
                        to_there.write(data)
                        await there.read(65536)
                    break
                to_there.write(data)
        finally:
            back.cancel()
            to_there.close()
            writer.close()

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield url._replace(netloc=f"{url.username}:{url.password or ''}@127.0.0.1:{port}").geturl()
    finally:
        server.close()


@pytest.mark.service
@pytest.mark.parametrize("is_heard", [True, False])
async def test_a_line_cut_in_the_commit_leaves_the_outcome_unknown(
    tmp_path: Path, is_heard: bool
) -> None:
    async with place("postgresql", "cut", tmp_path) as there:
        clean = there.open()
        async with clean.writing() as session:
            await session.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{there.name}"'))
            await session.execute(text("CREATE TABLE marks (mark integer)"))
        async with _line_cut_at(b"COMMIT", is_heard=is_heard) as url:
            cut = Database(url, there.name)
            with pytest.raises(BackendUnavailableError) as caught:
                async with cut.writing() as session:
                    await session.execute(text("INSERT INTO marks VALUES (1)"))
            await cut.close()

        async with clean.reading() as session:
            marks = await session.scalar(text("SELECT count(*) FROM marks"))
    assert (caught.value.outcome, marks) == ("unknown", 1 if is_heard else 0)


@pytest.mark.service
async def test_a_line_cut_before_the_commit_leaves_nothing_done() -> None:
    async with _line_cut_at(b"SELECT 'cut here'", is_heard=False) as url:
        cut = Database(url, "public")
        with pytest.raises(BackendUnavailableError) as caught:
            async with cut.writing() as session:
                await session.execute(text("SELECT 'cut here'"))
        await cut.close()
    assert caught.value.outcome == "not_done"


async def test_what_was_deleted_is_in_no_file_once_the_log_is_truncated(tmp_path: Path) -> None:
    database = Database.at("kept", data_dir=tmp_path, database_url=None)
    async with database.writing() as session:
        await session.execute(text("CREATE TABLE said (words TEXT)"))
        await session.execute(text("INSERT INTO said VALUES ('Mustermann')"))
    async with database.writing() as session:
        await session.execute(text("DELETE FROM said"))
    assert b"Mustermann" in _bytes_in(tmp_path)

    await database.truncate_log()

    assert b"Mustermann" not in _bytes_in(tmp_path)
    await database.close()


def _bytes_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())
