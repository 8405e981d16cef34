"""What our own CRM tables promise beyond the port: migrations, events, the demo, its speed."""

import time

import orjson
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, select

from switchgear_crm.backend import CrmBackend
from switchgear_crm.demo import load_demo
from switchgear_crm.sql import SqlCrm
from switchgear_crm.tables import AccountRow, ActivityRow, Base, ContactRow, OpportunityRow
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import DEFAULT_TENANT
from switchgear_shared.demo_company import demo_company
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.shared_tables import outbox


async def test_migrations_and_models_agree(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_name": lambda name, kind, _parents: (
                    kind != "table" or name in Base.metadata.tables
                )
            },
        )
        return compare_metadata(context, Base.metadata)

    async with database.writer_engine.connect() as connection:
        assert await connection.run_sync(differences) == []


async def test_logging_announces_the_accounts_change_in_the_same_transaction(
    crm: CrmBackend, caller: Caller, database: Database
) -> None:
    async with database.unit_of_work() as session:
        await crm.log_activity(
            caller.tenant, about_id="opp_1", kind="call", subject="Hi", note="", caller=caller
        )
        bodies = list(await session.scalars(select(outbox.c.body)))
        await session.rollback()

    assert [
        (event["type"], event["subject"], event["correlationid"], event["data"])
        for event in map(orjson.loads, bodies)
    ] == [("crm.account.changed", "acc_mueller", "cor_test", {"account_id": "acc_mueller"})]
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(outbox)) == 0
        assert await session.get(ActivityRow, (caller.tenant, "act_1")) is not None


async def test_the_demo_loads_once_and_within_two_seconds_of_work(database: Database) -> None:
    demo_company()
    start = time.process_time()
    await load_demo(database)
    took = time.process_time() - start
    await load_demo(database)

    assert await _counts(database) == [200, 419, 260, 900]
    assert took < 2


async def test_the_demo_is_found_by_what_its_documents_say(database: Database) -> None:
    await load_demo(database)
    crm = SqlCrm(database)

    page = await crm.search(
        DEFAULT_TENANT, query="Hohlfeld Verfahrenstechnick", kind="account", limit=3, cursor=None
    )

    assert page.approximate
    assert page.items[0].name.startswith("Hohlfeldt Verfahrenstechnik")
    for match in page.items:
        assert len(match.model_dump_json()) <= 600


async def _counts(database: Database) -> list[int | None]:
    async with database.reading() as session:
        return [
            await session.scalar(select(func.count()).select_from(table))
            for table in (AccountRow, ContactRow, OpportunityRow, ActivityRow)
        ]
