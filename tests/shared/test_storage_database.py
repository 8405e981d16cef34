"""The database under load: a writer that does not come free is a system that does not answer."""

from pathlib import Path

import pytest

from switchgear_shared.errors import BackendUnavailableError
from switchgear_shared.storage import database as storage
from switchgear_shared.storage.database import Database


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
