"""Bring a database to the newest version of its tables, safely from several processes at once."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, text

from switchgear_shared.storage.database import Database

_HERE = Path(__file__).parent / "migrations"
MESSAGING_MIGRATIONS = _HERE / "versions"
"""The tables that every domain server has: outbox, inbox, idempotency."""


async def migrate(database: Database, versions: Sequence[Path]) -> None:
    """Apply every migration found in the folders `versions`; does nothing when all are applied.

    The whole upgrade is one transaction under a lock, so a second process waits and finds it done.
    """
    async with database.writer_engine.begin() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('switchgear'))"))
            await connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{database.name}"'))
        await connection.run_sync(_upgrade, versions)


logging.getLogger("alembic").setLevel(logging.WARNING)


def _upgrade(connection: Connection, versions: Sequence[Path]) -> None:
    from alembic import command  # noqa: PLC0415 - a third of a second that only this needs
    from alembic.config import Config  # noqa: PLC0415 - same

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    locations = os.pathsep.join(str(folder) for folder in versions)
    config.set_main_option("version_locations", locations)
    config.attributes["connection"] = connection
    command.upgrade(config, "heads")
