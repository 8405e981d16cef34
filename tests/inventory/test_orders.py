"""What the ERP's events do to the stock: once, whole, in whatever order they come."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from inventory.small_inventory import ACME, NOW, Clock, announced, caller_of, check_books, fill
from switchgear_inventory.models import LocationCode, ReceiptLine, Sku, StockLine
from switchgear_inventory.sql import SqlInventory
from switchgear_inventory.sql.orders import OrderEvents
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.errors import ConflictError, InvalidRequestError, SwitchgearError
from switchgear_shared.storage.database import Database

Line = tuple[Any, ...]


class Warehouse:
    """The small inventory and the handlers of the ERP's events on one database."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.inventory = SqlInventory(database, clock)
        self.orders = OrderEvents(database, clock)
        self.caller = caller_of(ACME)

    async def stock(self, sku: str, location: str = "HAM") -> tuple[Decimal, Decimal, Decimal]:
        """Return on hand, reserved and incoming."""
        stock = await self.inventory.get_stock(
            ACME, sku=Sku(sku), item_id=None, location=LocationCode(location)
        )
        return stock.on_hand, stock.reserved, stock.incoming

    async def reserve(self, ref: str, sku: str, quantity: str, location: str = "HAM") -> None:
        await self.inventory.reserve(
            ACME,
            lines=[StockLine(sku=Sku(sku), quantity=Decimal(quantity))],
            location=LocationCode(location),
            for_ref=ref,
            expires_at=None,
            caller=self.caller,
        )

    async def glue(self, lot: str, quantity: str, expires_on: date | None) -> None:
        line = ReceiptLine(
            sku=Sku("GLUE_50%"), quantity=Decimal(quantity), lot=lot, expires_on=expires_on
        )
        await self.inventory.receive(
            ACME,
            lines=[line],
            location=LocationCode("JEN"),
            source_ref="PO-9",
            caller=self.caller,
        )

    async def shipped(self, ref: str) -> list[tuple[str, Decimal, str | None, str]]:
        page = await self.inventory.list_movements(
            ACME, sku=None, source_ref=ref, kind=None, since=None, limit=50, cursor=None
        )
        return sorted(
            (m.sku, m.quantity, m.lot, f"{m.from_location}>{m.to_location}") for m in page.items
        )


@pytest.fixture
async def warehouse(database: Database, clock: Clock) -> Warehouse:
    await fill(database)
    return Warehouse(database, clock)


def event(what: str, ref: str, kind: str, data: Mapping[str, Any]) -> Event:
    facts = {"order_id": "ord_1", "ref": ref, "kind": kind, **data}
    return new_event(
        f"erp.order.{what}", source="erp", subject="ord_1", data=facts, caller=caller_of(ACME)
    )


def confirmed(ref: str, *lines: Line, kind: str = "purchase", location: str | None = None) -> Event:
    return event(
        "confirmed",
        ref,
        kind,
        {
            "party_id": "acc_1",
            "location": location,
            "promised_on": "2026-12-01",
            "lines": [
                {"number": number, "sku": sku, "quantity": quantity}
                for number, (sku, quantity) in enumerate(lines, 1)
            ],
        },
    )


def fulfilled(
    ref: str, *lines: Line, kind: str = "sale", location: str | None = None, complete: bool = False
) -> Event:
    return event(
        "fulfilled",
        ref,
        kind,
        {
            "fulfilment_id": "ful_1",
            "location": location,
            "is_complete": complete,
            "lines": [
                {
                    "number": number,
                    "sku": sku,
                    "quantity": quantity,
                    "lot": lot[0] if lot else None,
                    "expires_on": lot[1] if len(lot) > 1 else None,
                }
                for number, (sku, quantity, *lot) in enumerate(lines, 1)
            ],
        },
    )


def cancelled(ref: str, kind: str = "purchase") -> Event:
    return event("cancelled", ref, kind, {})


async def test_a_confirmed_purchase_is_incoming_once_however_often_it_is_said(
    warehouse: Warehouse,
) -> None:
    order = confirmed("PO-7", ("seal-9", "50"), ("SERVICE", "1"), ("SEAL-9", "5"))
    await warehouse.orders.expect(order)
    await warehouse.orders.expect(order)
    await warehouse.orders.expect(confirmed("PO-7", ("SEAL-9", "50")))

    assert await warehouse.stock("SEAL-9") == (0, 0, 55)
    answer = await warehouse.inventory.check_availability(
        ACME,
        lines=[StockLine(sku=Sku("SEAL-9"), quantity=Decimal(62))],
        location=None,
        by_date=None,
    )
    assert answer.lines[0].earliest_on == date(2026, 12, 1)


async def test_a_confirmed_sale_brings_nothing(warehouse: Warehouse) -> None:
    await warehouse.orders.expect(confirmed("SO-7", ("SEAL-9", "50"), kind="sale"))

    assert await warehouse.stock("SEAL-9") == (0, 0, 0)


async def test_of_a_cancelled_purchase_nothing_more_is_incoming(warehouse: Warehouse) -> None:
    await warehouse.orders.cancel(cancelled("PO-3"))
    await warehouse.orders.cancel(cancelled("PO-3"))

    assert await warehouse.stock("BOLT-M8", "JEN") == (90, 30, 0)
    assert await warehouse.stock("SEAL-9", "JEN") == (0, 0, 0)
    with pytest.raises(ConflictError) as refused:
        await warehouse.orders.fulfil(
            fulfilled("PO-3", ("SEAL-9", "1"), kind="purchase", location="JEN")
        )
    assert refused.value.message == "PO-3 expects 0 more of SEAL-9, not 1"


async def test_a_purchase_cancelled_before_its_confirmation_arrives_brings_nothing(
    warehouse: Warehouse,
) -> None:
    await warehouse.orders.cancel(cancelled("PO-7"))
    await warehouse.orders.expect(confirmed("PO-7", ("SEAL-9", "50")))

    assert await warehouse.stock("SEAL-9") == (0, 0, 0)


async def test_what_came_before_its_confirmation_arrives_is_not_expected_again(
    warehouse: Warehouse,
) -> None:
    await warehouse.orders.fulfil(fulfilled("PO-7", ("SEAL-9", "20"), kind="purchase"))
    await warehouse.orders.expect(confirmed("PO-7", ("SEAL-9", "50"), ("HOSE-2", "1")))

    assert await warehouse.stock("SEAL-9") == (20, 0, 30)
    assert await warehouse.stock("HOSE-2") == (0, 0, 1)


async def test_a_cancelled_order_holds_nothing(warehouse: Warehouse) -> None:
    await warehouse.orders.cancel(cancelled("SO-2", "sale"))

    assert await warehouse.stock("PUMP-1") == (1, 0, 0)
    assert await warehouse.stock("HOSE-2", "JEN") == (Decimal("12.5"), 0, 0)
    events = await announced(warehouse.database)
    assert [(name, data["reason"]) for name, data in events] == [
        ("released", "order_cancelled"),
        ("released", "order_cancelled"),
    ]
    await check_books(warehouse.database)


async def test_goods_of_a_purchase_are_received_and_name_their_fulfilment(
    warehouse: Warehouse,
) -> None:
    came = fulfilled(
        "PO-7", ("GLUE_50%", "2", "L9", "2027-01-01"), ("SERVICE", "1"), kind="purchase"
    )
    await warehouse.orders.fulfil(came)
    await warehouse.orders.fulfil(came)

    assert await warehouse.stock("GLUE_50%") == (2, 0, 0)
    [(name, data)] = await announced(warehouse.database)
    assert (name, data["fulfilment_id"], data["lot"]) == ("received", "ful_1", "L9")
    await check_books(warehouse.database)


async def test_goods_of_a_purchase_go_on_the_line_they_are_reported_for(
    warehouse: Warehouse,
) -> None:
    await warehouse.orders.fulfil(
        fulfilled("PO-3", ("SERVICE", "1"), ("BOLT-M8", "5"), kind="purchase", location="JEN")
    )

    assert await warehouse.stock("BOLT-M8", "JEN") == (95, 30, 40)


async def test_a_sale_ships_what_is_held_for_it_from_the_first_warehouse(
    warehouse: Warehouse,
) -> None:
    await warehouse.reserve("SO-7", "BOLT-M8", "20")
    sent = fulfilled("SO-7", ("bolt-m8", "15"), ("SERVICE", "1"))
    await warehouse.orders.fulfil(sent)
    await warehouse.orders.fulfil(sent)

    assert await warehouse.stock("BOLT-M8") == (5, 5, 0)
    assert await warehouse.shipped("SO-7") == [("BOLT-M8", 15, None, "HAM>customer")]
    events = await announced(warehouse.database, "released", "shipped")
    assert [(name, data["quantity"]) for name, data in events] == [
        ("released", "15"),
        ("shipped", "15"),
    ]
    assert events[0][1]["reason"] == "shipped"
    assert events[1][1]["fulfilment_id"] == "ful_1"
    await check_books(warehouse.database)


async def test_a_sale_that_is_complete_holds_nothing_more_anywhere(warehouse: Warehouse) -> None:
    await warehouse.reserve("SO-7", "BOLT-M8", "5")
    await warehouse.reserve("SO-7", "BOLT-M8", "5", "JEN")
    await warehouse.orders.fulfil(fulfilled("SO-7", ("BOLT-M8", "5"), complete=True))

    assert await warehouse.stock("BOLT-M8") == (15, 0, 0)
    assert await warehouse.stock("BOLT-M8", "JEN") == (90, 30, 45)
    reasons = [data["reason"] for _, data in await announced(warehouse.database, "released")]
    assert reasons == ["shipped", "released"]


async def test_what_expires_first_is_shipped_first_unless_a_lot_is_named(
    warehouse: Warehouse, clock: Clock
) -> None:
    await warehouse.glue("L2", "2", date(2027, 5, 1))
    await warehouse.glue("L0", "1", NOW.date())
    clock.move(days=1)
    await warehouse.orders.fulfil(
        fulfilled("SO-7", ("GLUE_50%", "3"), ("GLUE_50%", "1.5", "L2"), location="JEN")
    )

    assert await warehouse.shipped("SO-7") == [
        ("GLUE_50%", Decimal("0.5"), "L2", "JEN>customer"),
        ("GLUE_50%", Decimal("1.5"), "L2", "JEN>customer"),
        ("GLUE_50%", Decimal("2.5"), "L1", "JEN>customer"),
    ]
    await check_books(warehouse.database)


TOO_MUCH = "SO-7 ships 21 of BOLT-M8 from HAM, but only 20 may leave"
NOT_SENT: list[tuple[tuple[Line, ...], type[SwitchgearError], str]] = [
    ((("BOLT-M8", "21"),), ConflictError, TOO_MUCH),
    ((("BOLT-M8", "5"), ("PUMP-1", "1")), ConflictError, "SO-7 ships 1 of PUMP-1"),
    ((("BOLT-M8", "0.5"),), InvalidRequestError, "whole pieces"),
    ((("BOLT-M8", "-1"),), InvalidRequestError, "line 1 has -1 of BOLT-M8"),
    ((("BOLT-M8", "1", "L1"),), InvalidRequestError, "BOLT-M8 has no lots"),
    ((("GLUE_50%", "1", "L%"),), SwitchgearError, "there is no lot L%"),
]


@pytest.mark.parametrize(("lines", "error", "message"), NOT_SENT)
async def test_a_shipment_that_cannot_be_books_nothing_and_says_why(
    warehouse: Warehouse, lines: tuple[Line, ...], error: type[SwitchgearError], message: str
) -> None:
    with pytest.raises(error, match=message) as refused:
        await warehouse.orders.fulfil(fulfilled("SO-7", *lines))

    assert not refused.value.retryable
    assert await warehouse.stock("BOLT-M8") == (20, 0, 0)
    assert await announced(warehouse.database) == []
    await check_books(warehouse.database)


async def test_an_expired_lot_is_not_shipped_even_if_it_is_named(
    warehouse: Warehouse, clock: Clock
) -> None:
    await warehouse.glue("L2", "2", NOW.date())
    clock.now += timedelta(days=1)

    with pytest.raises(InvalidRequestError, match="lot L2 of GLUE_50% expired on 2026-11-02"):
        await warehouse.orders.fulfil(fulfilled("SO-7", ("GLUE_50%", "1", "L2"), location="JEN"))


async def test_a_shipment_refused_for_lack_of_stock_succeeds_once_there_is_some(
    warehouse: Warehouse,
) -> None:
    sent = fulfilled("SO-7", ("BOLT-M8", "21"))
    with pytest.raises(ConflictError):
        await warehouse.orders.fulfil(sent)
    await warehouse.inventory.receive(
        ACME,
        lines=[ReceiptLine(sku=Sku("BOLT-M8"), quantity=Decimal(1))],
        location=LocationCode("HAM"),
        source_ref="PO-9",
        caller=warehouse.caller,
    )

    await warehouse.orders.fulfil(sent)

    assert await warehouse.stock("BOLT-M8") == (0, 0, 0)
    await check_books(warehouse.database)


async def test_a_receipt_without_the_lot_it_needs_books_nothing(warehouse: Warehouse) -> None:
    for lot in ((), ("L" * 65,)):
        with pytest.raises(InvalidRequestError):
            await warehouse.orders.fulfil(
                fulfilled("PO-7", ("SEAL-9", "1"), ("GLUE_50%", "1", *lot), kind="purchase")
            )

    assert await warehouse.stock("SEAL-9") == (0, 0, 0)
    assert await announced(warehouse.database) == []
