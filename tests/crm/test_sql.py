"""What our own CRM tables promise beyond the port: migrations, events, the demo, its speed."""

import time
from typing import Any

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


async def test_logging_announces_it_and_the_accounts_change_in_the_same_transaction(
    crm: CrmBackend, caller: Caller, database: Database
) -> None:
    async with database.unit_of_work() as session:
        written = await crm.log_activity(
            caller.tenant, about_id="opp_1", kind="call", subject="Hi", note="", caller=caller
        )
        bodies = list(await session.scalars(select(outbox.c.body)))
        await session.rollback()

    assert [
        (event["type"], event["subject"], event["correlationid"], event["data"])
        for event in map(orjson.loads, bodies)
    ] == [
        ("crm.account.changed", "acc_mueller", "cor_test", {"account_id": "acc_mueller"}),
        (
            "crm.activity.logged",
            written.id,
            "cor_test",
            {"activity_id": written.id, "about_id": "opp_1"},
        ),
    ]
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


async def test_rows_of_the_demos_lists_are_slim(database: Database) -> None:
    await load_demo(database)
    crm = SqlCrm(database)
    every: dict[str, Any] = {"limit": 50, "cursor": None}
    filters = ("query", "stage", "owner_email", "account_id", "closing_before", "at_least")

    matches = await crm.search(DEFAULT_TENANT, query="e", kind=None, **every)
    deals = await crm.list_opportunities(DEFAULT_TENANT, **dict.fromkeys(filters), **every)
    done = await crm.list_activities(
        DEFAULT_TENANT,
        about_id=deals.items[0].account_id,
        kind=None,
        since=None,
        full_notes=False,
        **every,
    )

    rows = [*matches.items, *deals.items, *done.items]
    assert len(rows) > 100
    assert [row for row in rows if len(row.model_dump_json().encode()) > 600] == []
    assert max(len(type(row).model_fields) for row in rows) <= 12


async def _counts(database: Database) -> list[int | None]:
    async with database.reading() as session:
        return [
            await session.scalar(select(func.count()).select_from(table))
            for table in (AccountRow, ContactRow, OpportunityRow, ActivityRow)
        ]
