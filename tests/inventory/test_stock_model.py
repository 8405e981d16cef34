"""Whatever is called in whatever order, the books balance, and a repeated key changes nothing."""

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from inventory.counter import Counter, serving
from inventory.small_inventory import announced, caller_of, check_books
from switchgear_inventory.sql.orders import OrderEvents
from switchgear_shared.contracts.events import new_event
from switchgear_shared.contracts.values import DEFAULT_TENANT
from switchgear_shared.errors import ConflictError

SKUS = st.sampled_from(["BOLT-M8", "GLUE_50%", "PUMP-1"])
PLACES = st.sampled_from(["JEN", "HAM"])
ORDERS = st.sampled_from(["SO-1", "SO-2", "SO-3"])
QUANTITIES = st.sampled_from(["1", "3", "10", "40"])
LOTS = st.sampled_from(["L1", "L2"])
EXPECTED = {"conflict", "not_found", "invalid_request"}


class StockHistory(RuleBasedStateMachine):
    """One keeper at the counter, one clock, and the ERP's shipments."""

    @initialize()
    def open(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="stock-"))
        self.counter: Counter = self.loop.run_until_complete(
            self.stack.enter_async_context(serving(self.folder / "data"))
        )
        self.orders = OrderEvents(self.counter.database, self.counter.clock)
        self.keys = 0

    def call(self, tool: str, **arguments: Any) -> None:
        """Call twice with one key: the second answers as the first, and changes nothing."""
        self.keys += 1
        keyed = {**arguments, "idempotency_key": f"k-{self.keys}"}

        async def twice() -> None:
            first = await self.counter.call(tool, keyed)
            if first.error is not None:
                assert first.error.code in EXPECTED, first.error
                return
            events = await announced(self.counter.database)
            again = (await self.counter.call(tool, keyed)).unwrap()
            assert again == {**first.unwrap(), "replayed": True}
            assert await announced(self.counter.database) == events

        self.loop.run_until_complete(twice())

    @rule(sku=SKUS, place=PLACES, quantity=QUANTITIES, lot=LOTS, expires=st.booleans())
    def receive(self, sku: str, place: str, quantity: str, lot: str, expires: bool) -> None:
        line: dict[str, Any] = {"sku": sku, "quantity": quantity}
        if sku == "GLUE_50%":
            line["lot"] = lot
            if expires and lot == "L2":
                line["expires_on"] = "2026-11-05"
        self.call("receive", lines=[line], location=place, source_ref="PO-9")

    @rule(
        skus=st.lists(SKUS, min_size=1, max_size=2),
        place=PLACES,
        quantity=QUANTITIES,
        order=ORDERS,
        hours=st.sampled_from([0, 5, 100]),
    )
    def reserve(self, skus: list[str], place: str, quantity: str, order: str, hours: int) -> None:
        until = self.counter.clock.now + timedelta(hours=hours)
        self.call(
            "reserve",
            lines=[{"sku": sku, "quantity": quantity} for sku in skus],
            location=place,
            for_ref=order,
            expires_at=until.isoformat() if hours else None,
        )

    @rule(order=ORDERS)
    def release(self, order: str) -> None:
        self.call("release", for_ref=order)

    @rule(sku=SKUS, quantity=QUANTITIES, lot=st.none() | LOTS, back=st.booleans())
    def transfer(self, sku: str, quantity: str, lot: str | None, back: bool) -> None:
        places = ("JEN", "HAM")[:: -1 if back else 1]
        self.call(
            "transfer",
            lines=[{"sku": sku, "quantity": quantity, "lot": lot if "GLUE" in sku else None}],
            from_location=places[0],
            to_location=places[1],
        )

    @rule(sku=SKUS, place=PLACES, lot=LOTS, change=st.sampled_from(["-20", "-1", "2"]))
    def adjust(self, sku: str, place: str, lot: str, change: str) -> None:
        is_lot = sku == "GLUE_50%"
        stock = self.loop.run_until_complete(
            self.counter.answer("get_stock", sku=sku, location=place, include=["lots"])
        )
        lots = {one["lot"]: one["on_hand"] for one in stock["lots"]}
        self.call(
            "adjust",
            sku=sku,
            location=place,
            delta=change,
            expected_quantity=lots.get(lot, "0") if is_lot else stock["on_hand"],
            reason="COUNT",
            lot=lot if is_lot else None,
        )

    @rule(sku=SKUS, place=PLACES, quantity=QUANTITIES, order=ORDERS, complete=st.booleans())
    def ship(self, sku: str, place: str, quantity: str, order: str, complete: bool) -> None:
        data = {
            "order_id": order,
            "ref": order,
            "kind": "sale",
            "fulfilment_id": "ful_1",
            "location": place,
            "is_complete": complete,
            "lines": [{"number": 1, "sku": sku, "quantity": quantity}],
        }
        event = new_event(
            "erp.order.fulfilled",
            source="erp",
            subject=order,
            data=data,
            caller=caller_of(DEFAULT_TENANT),
        )

        async def twice() -> None:
            try:
                await self.orders.fulfil(event)
            except ConflictError:
                return
            events = await announced(self.counter.database)
            await self.orders.fulfil(event)
            assert await announced(self.counter.database) == events

        self.loop.run_until_complete(twice())

    @rule(hours=st.sampled_from([1, 5, 30]))
    def wait(self, hours: int) -> None:
        self.counter.clock.move(hours=hours)

    @invariant()
    def the_books_balance(self) -> None:
        self.loop.run_until_complete(check_books(self.counter.database))

    @invariant()
    def what_is_promised_is_there(self) -> None:
        for sku in ("BOLT-M8", "GLUE_50%", "PUMP-1"):
            stock = self.loop.run_until_complete(
                self.counter.answer("get_stock", sku=sku, include=["lots", "reservations"])
            )
            held = sum(float(one["quantity"]) for one in stock["reservations"])
            assert held == float(stock["reserved"]) or len(stock["reservations"]) == 50
            for level in stock["levels"]:
                gone = sum(
                    float(one["on_hand"])
                    for one in stock["lots"]
                    if one["is_expired"] and one["location"] == level["location"]
                )
                free = float(level["on_hand"]) - gone - float(level["reserved"])
                assert float(level["available"]) == max(free, 0)

    def teardown(self) -> None:
        self.loop.run_until_complete(self.stack.aclose())
        self.loop.close()
        shutil.rmtree(self.folder)


TestStockHistory = StockHistory.TestCase
TestStockHistory.settings = settings(
    max_examples=6,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
