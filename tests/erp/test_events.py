"""Every change of the ERP announces itself in its own transaction, and once."""

from typing import Any

from sqlalchemy import text

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import Event
from switchgear_shared.storage.database import Database

PUMP = {"sku": "PUMP-1", "quantity": "2"}


async def announced(database: Database) -> list[Event]:
    async with database.reading() as session:
        rows = await session.execute(text("SELECT body FROM outbox ORDER BY id"))
        return [Event.from_cloudevent(body.encode()) for (body,) in rows]


async def test_an_order_from_quote_to_cash_announces_every_step(
    world: Any, database: Database, caller: Caller
) -> None:
    made = await world.take(caller, lines=[PUMP], location="JEN", promised_on="2026-11-09")
    await world.advance(caller, made.id, "quoted", "confirmed")
    await world.advance(caller, made.id, "confirmed")
    await world.fulfil(caller, made.id, lines=[{**PUMP, "quantity": "1"}], location="HAM")
    await world.fulfil(caller, made.id)
    world.order["new"] = made.id
    sold = await world.posted(caller, direction="receivable", party="mueller", order="new")
    await world.pay(caller, sold.id, amount="95")
    await world.pay(caller, sold.id)
    await world.advance(caller, made.id, "processed")
    lost = await world.take(caller)
    await world.advance(caller, lost.id, "cancelled")

    events = await announced(database)
    assert [event.type.removeprefix("erp.") for event in events] == [
        "order.created",
        "order.quoted",
        "order.confirmed",
        "order.fulfilled",
        "order.fulfilled",
        "invoice.created",
        "invoice.posted",
        "payment.recorded",
        "payment.recorded",
        "order.processed",
        "order.created",
        "order.cancelled",
    ]
    assert {event.tenant for event in events} == {caller.tenant}
    assert events[2].data == {
        "order_id": made.id,
        "ref": made.ref,
        "kind": "sale",
        "party_id": world.party["mueller"],
        "location": "JEN",
        "promised_on": "2026-11-09",
        "lines": [{"number": 1, "sku": "PUMP-1", "quantity": "2"}],
    }
    shipped = [event.data for event in events if event.type == "erp.order.fulfilled"]
    assert [(one["location"], one["is_complete"]) for one in shipped] == [
        ("HAM", False),
        ("JEN", True),
    ]
    shipments = (await world.read(caller, made.id)).shipments
    assert {one["fulfilment_id"] for one in shipped} == {one.id for one in shipments}
    paid = [event.data for event in events if event.type == "erp.payment.recorded"]
    assert [(one["amount"]["amount"], one["is_paid"]) for one in paid] == [
        ("95.00", False),
        ("500.00", True),
    ]
