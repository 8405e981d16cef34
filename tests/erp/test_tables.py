"""The tables themselves: made as the models say, and keeping what is posted."""

from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from engines import differences
from switchgear_erp.ledger import Booking, balanced
from switchgear_erp.tables import (
    Base,
    EntryLineRow,
    EntryRow,
    InvoiceLineRow,
    InvoiceRow,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import Event
from switchgear_shared.storage.database import Database, DuplicateKeyError

BILL: dict[str, Any] = {
    "direction": "payable",
    "party": "weidner",
    "order": "PO-2026-00001",
    "external_ref": "RE-4711",
}


async def test_migrations_make_the_tables_that_the_models_describe(database: Database) -> None:
    assert await differences(database, Base.metadata) == []


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(update(InvoiceRow).values(net_minor=1), id="amount"),
        pytest.param(update(InvoiceRow).values(ref="BILL-2026-00009"), id="number"),
        pytest.param(update(InvoiceRow).values(state="draft"), id="state"),
        pytest.param(delete(InvoiceLineRow), id="lines deleted"),
        pytest.param(update(InvoiceLineRow).values(net_minor=1), id="lines"),
        pytest.param(
            insert(InvoiceLineRow).from_select(
                ["tenant", "invoice_id", "number", "description", "quantity", "unit",
                 "unit_price", "tax_percent", "net_minor"],
                select(InvoiceRow.tenant, InvoiceRow.id, text("99, 'x', 1, 'C62', 1, 1, 1")),
            ),
            id="a line added",
        ),
        pytest.param(update(EntryRow).values(kind="payment"), id="entry"),
        pytest.param(update(EntryLineRow).values(minor=1), id="entry's side"),
        pytest.param(delete(EntryLineRow), id="entry's side deleted"),
    ],
)  # fmt: skip
async def test_what_is_posted_cannot_be_changed_even_in_sql(
    world: Any, database: Database, caller: Caller, statement: Any
) -> None:
    written = await world.create(caller, **BILL)
    await world.post(caller, written.id)
    before = await world.invoice(caller, written, "lines", "journal")

    with pytest.raises((DuplicateKeyError, DBAPIError), match="what is posted stays as it is"):
        async with database.writing() as session:
            await session.execute(statement)

    assert await world.invoice(caller, written, "lines", "journal") == before


async def test_a_draft_can_be_changed_and_a_posted_invoice_paid(
    world: Any, database: Database, caller: Caller
) -> None:
    draft = await world.create(caller, **BILL)
    async with database.writing() as session:
        await session.execute(update(InvoiceRow).values(document_id="doc_2"))
        await session.execute(update(InvoiceLineRow).values(description="Corrected"))
    await world.post(caller, draft.id)
    async with database.writing() as session:
        await session.execute(update(InvoiceRow).values(state="paid", paid_minor=95_795))

    paid = await world.invoice(caller, draft)
    assert (paid.state, paid.document_id) == ("paid", "doc_2")
    assert (await world.post(caller, draft.id)).changed is False


async def announced(database: Database) -> list[Event]:
    async with database.reading() as session:
        rows = await session.execute(text("SELECT body FROM outbox ORDER BY id"))
        return [Event.from_cloudevent(body.encode()) for (body,) in rows]


async def test_a_posting_that_is_undone_announces_nothing(
    world: Any, database: Database, caller: Caller
) -> None:
    written = await world.create(caller, **BILL)

    async def post_and_fail() -> None:
        async with database.unit_of_work():
            await world.post(caller, written.id)
            assert [event.type for event in await announced(database)] == [
                "erp.invoice.created",
                "erp.invoice.posted",
            ]
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        await post_and_fail()

    assert [event.type for event in await announced(database)] == ["erp.invoice.created"]
    assert (await world.invoice(caller, written)).state == "draft"
    assert (await world.post(caller, written.id)).ref == "BILL-2026-00001"


async def test_a_posting_announces_itself_once(
    world: Any, database: Database, caller: Caller
) -> None:
    written = await world.create(caller, **BILL, document_id="doc_1")

    await world.post(caller, written.id)
    await world.post(caller, written.id)

    _created, event = await announced(database)
    assert (event.type, event.subject, event.tenant, event.correlation_id) == (
        "erp.invoice.posted",
        written.id,
        caller.tenant,
        caller.correlation_id,
    )
    assert event.data == {
        "invoice_id": written.id,
        "ref": "BILL-2026-00001",
        "party_id": world.party["weidner"],
        "gross": {"amount": "957.95", "currency": "EUR"},
        "document_id": "doc_1",
    }


def test_an_entry_that_does_not_balance_is_never_made() -> None:
    with pytest.raises(ValueError, match="must balance"):
        balanced(Booking("1000", 100), Booking("4000", -99))
