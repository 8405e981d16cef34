"""Databases whose tables are made once in a process of tests: copied on SQLite, emptied after."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg

from engines import Engine, Place, place, service
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.migrate import MESSAGING_MIGRATIONS, migrate
from switchgear_shared.testing import TEST_DATABASE_URL

Tables = tuple[str, tuple[Path, ...]]
"""Whose they are, and the migrations that make them."""

_files: dict[Tables, bytes] = {}
_free_schemas: dict[Tables, list[str]] = defaultdict(list)
_shapes: dict[Tables, str] = {}

_SHAPE = """
SELECT string_agg(said, ',' ORDER BY said) FROM (
    SELECT format('%s.%s %s %s', c.relname, a.attname, a.atttypid, a.attnotnull) AS said
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    WHERE c.relnamespace = to_regnamespace($1) AND a.attnum > 0
    UNION ALL SELECT format('%s %s', t.tgname, t.tgenabled)
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = to_regnamespace($1) AND NOT t.tgisinternal
    UNION ALL SELECT conname FROM pg_constraint WHERE connamespace = to_regnamespace($1)
) AS parts
"""
_TABLES = """
SELECT format('DELETE FROM %I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname = $1 AND tablename <> 'alembic_version'
"""
_RESTART = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE schemaname = $1 AND last_value IS NOT NULL
"""


@asynccontextmanager
async def migrated(
    engine: Engine, name: str, folder: Path, migrations: Sequence[Path] = ()
) -> AsyncGenerator[Database]:
    """Give a database of the test's own with these tables, empty, beside those of messaging."""
    tables = (name, (*migrations, MESSAGING_MIGRATIONS))
    if engine == "sqlite":
        async with place(engine, name, folder) as chosen:
            yield await _filed(chosen, tables)
        return
    free = _free_schemas[tables]
    is_new = not free
    schema = f"{name}_{uuid4().hex}" if is_new else free.pop()
    chosen = Place(schema, folder, service(TEST_DATABASE_URL))
    database = chosen.open()
    try:
        if is_new:
            await migrate(database, tables[1])
            await _remember_shape(schema, tables)
        yield database
    finally:
        for opened in chosen.opened:
            await opened.close()
        await _give_back(schema, tables)


async def drop_free_schemas() -> None:
    """Drop the schemas that no test has."""
    names = [name for free in _free_schemas.values() for name in free]
    _free_schemas.clear()
    if not names:
        return
    connection = await asyncpg.connect(service(TEST_DATABASE_URL))
    for name in names:
        await _drop(connection, name)
    await connection.close()


async def _filed(chosen: Place, tables: Tables) -> Database:
    file = chosen.folder / f"{chosen.name}.db"
    is_new = not file.exists()
    if is_new and tables in _files:
        chosen.folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_files[tables])
        return chosen.open()
    database = chosen.open()
    await migrate(database, tables[1])
    if is_new:
        await database.truncate_log()
        _files[tables] = file.read_bytes()
    return database


async def _remember_shape(schema: str, tables: Tables) -> None:
    if tables not in _shapes:
        connection = await asyncpg.connect(service(TEST_DATABASE_URL))
        _shapes[tables] = await connection.fetchval(_SHAPE, schema)
        await connection.close()


async def _give_back(schema: str, tables: Tables) -> None:
    """Empty a schema for the next test; drop one that the test altered, or that we may not."""
    connection = await asyncpg.connect(service(TEST_DATABASE_URL))
    try:
        if await connection.fetchval(_SHAPE, schema) == _shapes.get(tables):
            await _empty(connection, schema)
            _free_schemas[tables].append(schema)
        else:
            await _drop(connection, schema)
    except asyncpg.InsufficientPrivilegeError:
        await _drop(connection, schema)
    finally:
        await connection.close()


async def _empty(connection: asyncpg.Connection, schema: str) -> None:
    deletions = [row[0] for row in await connection.fetch(_TABLES, schema)]
    async with connection.transaction():
        # What is posted stays as it is, for all but those who may switch triggers off.
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(";".join(deletions))
    await connection.fetch(_RESTART, schema)


async def _drop(connection: asyncpg.Connection, schema: str) -> None:
    await connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
