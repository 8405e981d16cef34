"""What runs out is ordered once, if it is not on order already: killed at any line."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from journeys.office import SERVICE, STARTED, KilledError, Office
from switchgear_shared.calls.client import ToolClient
from switchgear_shared.contracts.business_event_data import StockLow
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.errors import InvalidRequestError
from switchgear_workflows.processes import ProcessManager
from switchgear_workflows.server import installed_kinds
from workflows.shop import Refusing, Rewritten, Struck, receipt

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHEAP, DEAR, FOREIGN = "CHM-1474", "LOG-1327", "CHM-1497"
"""Items of the demo company that are short; only the first is bought below the office's limit."""

CALLS = [
    "inventory_get_stock",
    "inventory_propose_reorder",
    *["erp_list_orders"] * 3,
    *["erp_get_order"] * 5,
    "erp_price_order",
    "erp_create_order",
    "erp_advance_order",
    "erp_advance_order",
    "crm_log_activity",
]
PLACES = [1, 2, 5, 10, 11, 12, 13, 14, 15]
DRAFTED, CONFIRMED = (12, True), (14, True)
"""From which kill on there is an order, and it is confirmed."""
every_call = [
    pytest.param(place, after, id=f"{'after' if after else 'before'} {place} {CALLS[place - 1]}")
    for place in PLACES
    for after in (False, True)
]


@dataclass
class Buying:
    """The orders for one item, beside those that the demo company has."""

    office: Office
    sku: str
    known: set[str]

    @classmethod
    async def of(cls, office: Office, sku: str) -> "Buying":
        """Look at what there is of the item's orders now."""
        buying = cls(office, sku, set())
        buying.known = {row["id"] for row in await buying.vendors_orders()}
        return buying

    async def vendors_orders(self) -> list[dict[str, Any]]:
        """Return all orders from the item's vendor, the newest first."""
        stock = await self.office.ask("inventory_get_stock", sku=self.sku)
        asked: dict[str, Any] = {"kind": "purchase", "party_id": stock["vendor_id"], "limit": 50}
        page = await self.office.ask("erp_list_orders", **asked)
        rows = page["items"]
        while page["next_cursor"] is not None:
            page = await self.office.ask("erp_list_orders", **asked, cursor=page["next_cursor"])
            rows += page["items"]
        return rows

    async def orders(self) -> list[dict[str, Any]]:
        """Return the orders of the item that came since, with their lines, the oldest first."""
        found = [
            await self.office.ask("erp_get_order", order_id=row["id"], include=["lines"])
            for row in await self.vendors_orders()
            if row["id"] not in self.known
        ]
        return [
            order
            for order in reversed(found)
            if {line["sku"] for line in order["lines"]} == {self.sku}
        ]

    async def states(self) -> list[str]:
        """Return their states, sorted."""
        return sorted(order["state"] for order in await self.orders())

    async def drop(self) -> None:
        """Cancel them, so that the item is short again."""
        for order in await self.orders():
            if order["state"] != "cancelled":
                await self.office.ask(
                    "erp_advance_order", by="back-office", order_id=order["id"], to="cancelled"
                )
        await self.office.deliver()

    async def noted(self) -> list[str]:
        """Return what the CRM was told of them."""
        orders = await self.orders()
        subjects = list[str]()
        for about_id in {order["party_id"] for order in orders}:
            page = await self.office.ask("crm_list_activities", about_id=about_id, limit=50)
            subjects += [note["subject"] for note in page["items"]]
        refs = {order["ref"] for order in orders}
        return [subject for subject in subjects if subject.split()[1] in refs]


@pytest_asyncio.fixture(loop_scope="session")
async def cheap(office: Office) -> AsyncGenerator[Buying]:
    """Give an item that is short and bought below the limit."""
    buying = await Buying.of(office, CHEAP)
    yield buying
    await buying.drop()


async def test_what_runs_out_is_ordered_from_its_supplier_and_confirmed(
    office: Office, cheap: Buying
) -> None:
    started = await office.started("reorder", sku=CHEAP)
    watched = Struck(office.host.switchboard)

    await office.manager(watched).resume(started)

    assert watched.calls == CALLS
    process = await office.process(started)
    (order,) = await cheap.orders()
    assert (process["state"], process["reason"]) == ("completed", None)
    assert process["result"] == {
        "record_uri": f"erp://orders/{order['id']}",
        "order_id": order["id"],
        "ref": order["ref"],
        "sku": CHEAP,
        "party_id": order["party_id"],
        "quantity": "30",
        "covered_by": [],
    }
    assert (order["state"], [line["quantity"] for line in order["lines"]]) == ("confirmed", ["30"])
    assert await cheap.noted() == [f"Order {order['ref']} placed"]


@pytest.mark.parametrize(("place", "after"), every_call)
async def test_killed_around_any_call_it_is_ordered_once(
    office: Office, cheap: Buying, place: int, after: bool
) -> None:
    started = await office.started("reorder", sku=CHEAP)

    with pytest.raises(KilledError):
        await office.manager(Struck(office.host.switchboard, place, after)).resume(started)
    await office.manager().resume(started)

    process = await office.process(started)
    assert process["state"] == "completed", process["reason"]
    assert await cheap.states() == ["confirmed"]
    assert len(await cheap.noted()) == 1


@pytest.mark.parametrize(("place", "after"), every_call)
async def test_killed_around_any_call_and_then_cancelled_no_draft_stays(
    office: Office, cheap: Buying, place: int, after: bool
) -> None:
    """What is confirmed by then stays: its supplier counts on it. Nothing is confirmed then."""
    started = await office.started("reorder", sku=CHEAP)
    with pytest.raises(KilledError):
        await office.manager(Struck(office.host.switchboard, place, after)).resume(started)

    await office.ask("workflows_cancel", by="back-office", id=started.subject, reason="no")
    await office.deliver()

    assert (await office.process(started))["state"] == "cancelled"
    stands = await receipt(office, started)
    if (place, after) >= CONFIRMED:
        assert await cheap.states() == ["confirmed"]
        assert (stands["order"], stands["confirm"]) == ("not_undone", "not_undone")
    elif (place, after) >= DRAFTED:
        assert await cheap.states() == ["cancelled"]
        assert stands["order"] == "undone"
        assert stands["confirm"] in ("not_reached", "undone")
    else:
        assert await cheap.states() == []
        assert stands["order"] == "not_reached"


async def test_what_was_ordered_a_moment_ago_is_not_ordered_again(
    office: Office, cheap: Buying
) -> None:
    """The inventory has not heard of the order yet: the ERP knows it."""
    first = await office.started("reorder", sku=CHEAP)
    await office.manager().resume(first)
    await office.ask("workflows_start", by="back-office", process="reorder", input={"sku": CHEAP})
    held = await office.deliver(hold={STARTED, "erp.order.confirmed"})
    (started,) = [event for event in held if event.type == STARTED]

    await office.manager().resume(started)

    (order,) = await cheap.orders()
    process = await office.process(started)
    assert process["result"] == {
        "sku": CHEAP,
        "party_id": order["party_id"],
        "quantity": "0",
        "covered_by": [order["ref"]],
    }
    assert set((await receipt(office, started)).values()) == {"done"}


@pytest.mark.parametrize(
    ("drafted", "quantity"), [("29", "30"), ("30", "0"), ("31", "0"), ("1", "30")]
)
async def test_a_draft_counts_as_ordered_and_the_rest_is_bought_in_whole_batches(
    office: Office, cheap: Buying, drafted: str, quantity: str
) -> None:
    stock = await office.ask("inventory_get_stock", sku=CHEAP)
    await office.ask(
        "erp_create_order",
        by="back-office",
        kind="purchase",
        party_id=stock["vendor_id"],
        lines=[{"sku": CHEAP, "quantity": drafted}],
    )
    started = await office.started("reorder", sku=CHEAP)

    await office.manager().resume(started)

    process = await office.process(started)
    assert process["result"]["quantity"] == quantity
    assert await cheap.states() == (["confirmed", "draft"] if quantity != "0" else ["draft"])


@pytest.mark.parametrize(
    ("tool", "reason"),
    [
        ("erp_price_order", "the ERP counts CHM-1474 in LTR, the inventory in DZN"),
        ("erp_get_order", "order {ref} counts CHM-1474 in LTR, the inventory in DZN"),
    ],
)
async def test_what_the_erp_counts_in_another_unit_is_not_ordered(
    office: Office, cheap: Buying, tool: str, reason: str
) -> None:
    """30 dozen are not 30 litres, nor do 30 litres on order cover them."""
    ref = ""
    if tool == "erp_get_order":
        ref = (await drafted_with(office, await vendor_of(office), "30"))["ref"]
    started = await office.started("reorder", sku=CHEAP)

    await office.manager(
        Rewritten(office.host.switchboard, "inventory_get_stock", {"unit": "DZN"})
    ).resume(started)

    process = await office.process(started)
    assert (process["state"], process["reason"]) == ("failed", reason.format(ref=ref))
    assert await cheap.states() == (["draft"] if ref else [])


async def vendor_of(office: Office) -> str:
    """Return the supplier of the item."""
    return (await office.ask("inventory_get_stock", sku=CHEAP))["vendor_id"]


async def drafted_with(office: Office, party_id: str, quantity: str) -> dict[str, Any]:
    """Draft an order of the item with a vendor."""
    return await office.ask(
        "erp_create_order",
        by="back-office",
        kind="purchase",
        party_id=party_id,
        lines=[{"sku": CHEAP, "quantity": quantity}],
    )


async def test_what_another_vendor_delivers_takes_nothing_off_what_is_on_order(
    office: Office, cheap: Buying
) -> None:
    """The inventory expects one from there, which says nothing of the thirty drafted here."""
    vendor_id = await vendor_of(office)
    other = (await office.ask("inventory_get_stock", sku=DEAR))["vendor_id"]
    assert other != vendor_id
    elsewhere = await drafted_with(office, other, "1")
    await drafted_with(office, vendor_id, "30")
    try:
        for to in ("quoted", "confirmed"):
            await office.ask("erp_advance_order", by="back-office", order_id=elsewhere["id"], to=to)
        await office.deliver()
        stock = await office.ask("inventory_get_stock", sku=CHEAP)
        assert stock["incoming"] == "1"
        started = await office.started("reorder", sku=CHEAP)

        await office.manager().resume(started)

        process = await office.process(started)
        assert (process["state"], process["result"]["quantity"]) == ("completed", "0")
        assert await cheap.states() == ["draft"]
    finally:
        await office.ask(
            "erp_advance_order", by="back-office", order_id=elsewhere["id"], to="cancelled"
        )
        await office.deliver()


async def test_once_the_inventory_expects_the_goods_nothing_is_short(
    office: Office, cheap: Buying
) -> None:
    first = await office.started("reorder", sku=CHEAP)
    await office.manager().resume(first)
    await office.deliver()
    again = await office.started("reorder", sku=CHEAP)
    watched = Struck(office.host.switchboard)

    await office.manager(watched).resume(again)

    assert watched.calls == CALLS[:2]
    process = await office.process(again)
    assert (process["state"], process["result"]["quantity"]) == ("completed", "0")
    assert process["steps"][0]["detail"]["why"] == "enough is here or on its way"
    assert await cheap.states() == ["confirmed"]


async def test_an_item_that_nobody_knows_is_not_ordered(office: Office) -> None:
    started = await office.started("reorder", sku="NO-SUCH")

    await office.manager().resume(started)

    process = await office.process(started)
    assert (process["state"], process["reason"]) == ("failed", "there is no item NO-SUCH")


@pytest.mark.parametrize("sku", [DEAR, FOREIGN])
async def test_a_large_purchase_waits_for_an_approval_and_is_confirmed_with_it(
    office: Office, sku: str
) -> None:
    """In another currency its worth is not known, which counts as large."""
    buying = await Buying.of(office, sku)
    started = await office.started("reorder", sku=sku)
    await office.manager().resume(started)

    process = await office.process(started)
    assert process["state"] == "waiting_approval"
    assert await buying.states() == ["quoted"]
    page = await office.ask("workflows_list_approvals", limit=50)
    (approval,) = [one for one in page["items"] if one["id"] == process["waits_for"]]
    assert (approval["tool"], approval["needs"]) == ("erp_advance_order", ["finance"])
    assert "held by large-purchase" in approval["summary"]
    await office.ask(
        "workflows_decide_approval", by="finance", id=approval["id"], decision="approve"
    )
    await office.deliver()

    assert (await office.process(started))["state"] == "completed"
    assert await buying.states() == ["confirmed"]
    await buying.drop()


async def test_a_purchase_that_is_denied_leaves_no_draft_behind(office: Office) -> None:
    buying = await Buying.of(office, DEAR)
    started = await office.started("reorder", sku=DEAR)
    await office.manager().resume(started)
    process = await office.process(started)

    await office.ask(
        "workflows_decide_approval",
        by="finance",
        id=process["waits_for"],
        decision="deny",
        reason="we have another",
    )
    await office.deliver()

    process = await office.process(started)
    assert (process["state"], process["reason"]) == (
        "rejected",
        "approval denied by finance: we have another",
    )
    assert await buying.states() == ["cancelled"]
    stands = await receipt(office, started)
    assert (stands["order"], stands["confirm"]) == ("undone", "refused")


async def test_an_order_that_the_erp_will_not_confirm_is_cancelled(
    office: Office, cheap: Buying
) -> None:
    started = await office.started("reorder", sku=CHEAP)
    closed = InvalidRequestError("the books are closed")

    await office.manager(
        Refusing(office.host.switchboard, "erp_advance_order", closed, to="confirmed")
    ).resume(started)
    await office.deliver()

    process = await office.process(started)
    assert (process["state"], process["reason"]) == (
        "failed",
        "invalid_request: the books are closed",
    )
    assert await cheap.states() == ["cancelled"]


async def failed_to_confirm(office: Office) -> Event:
    """Have the process cancel the order that the ERP would not confirm."""
    started = await office.started("reorder", sku=CHEAP)
    closed = InvalidRequestError("the books are closed")
    await office.manager(
        Refusing(office.host.switchboard, "erp_advance_order", closed, to="confirmed")
    ).resume(started)
    await office.deliver()
    return started


async def test_taken_up_again_it_orders_what_is_short_by_now(office: Office, cheap: Buying) -> None:
    started = await failed_to_confirm(office)

    await office.ask("workflows_retry", by="back-office", id=started.subject)
    await office.deliver()

    process = await office.process(started)
    assert process["state"] == "completed", process["reason"]
    state_of = {order["id"]: order["state"] for order in await cheap.orders()}
    assert state_of[process["result"]["order_id"]] == "confirmed"
    assert sorted(state_of.values()) == ["cancelled", "confirmed"]


async def test_taken_up_again_it_orders_nothing_that_was_ordered_meanwhile(
    office: Office, cheap: Buying
) -> None:
    """Nor does it tell of the order that it had cancelled."""
    started = await failed_to_confirm(office)
    meanwhile = await drafted_with(office, await vendor_of(office), "30")

    await office.ask("workflows_retry", by="back-office", id=started.subject)
    await office.deliver()

    process = await office.process(started)
    assert process["state"] == "completed", process["reason"]
    assert process["result"] == {
        "sku": CHEAP,
        "party_id": await vendor_of(office),
        "quantity": "0",
        "covered_by": [meanwhile["ref"]],
    }
    assert await cheap.states() == ["cancelled", "draft"]


@pytest.mark.parametrize("step", ["covered", "order"])
async def test_taken_up_behind_the_look_at_the_stock_it_orders_nothing(
    office: Office, cheap: Buying, step: str
) -> None:
    started = await failed_to_confirm(office)
    await drafted_with(office, await vendor_of(office), "1")

    await office.ask("workflows_retry", by="back-office", id=started.subject, from_step=step)
    await office.deliver()

    process = await office.process(started)
    assert (process["state"], process["reason"]) == (
        "failed",
        "what is short was asked before this try: begin at need",
    )
    assert await cheap.states() == ["cancelled", "draft"]


def low(sku: str) -> Event:
    """Return what the inventory tells when an item falls to its reorder point."""
    return new_event(
        "inventory.stock.below_reorder_point",
        source="inventory",
        subject="itm_1",
        data=StockLow(sku=sku, available=Decimal(0), reorder_point=Decimal(10)),
    )


def listening(office: Office) -> ProcessManager:
    """Return a manager of a suite that orders by itself."""
    tools = ToolClient(office.host.switchboard, SERVICE, 10)
    return office.manager(kinds=installed_kinds(tools, reorders=True))


async def test_two_tellings_of_one_shortage_start_one_process(
    office: Office, cheap: Buying
) -> None:
    """The same event delivered twice is one; another one finds the process under way, or done."""
    first, second, late = low(CHEAP), low(CHEAP), low(CHEAP)
    manager = listening(office)

    for event in (first, first, second):
        await manager.start_by_event("reorder", event)
    (started,) = await office.deliver(hold={STARTED})
    process = await office.process(started)
    assert (process["process"], process["requested_by"]) == ("reorder", "inventory")
    assert process["correlation_id"] == first.correlation_id
    await manager.resume(started)
    await manager.start_by_event("reorder", late)
    (again,) = await office.deliver(hold={STARTED})
    await manager.resume(again)

    assert await cheap.states() == ["confirmed"]
    assert (await office.process(again))["result"]["quantity"] == "0"


async def test_stock_starts_nothing_unless_the_setting_says_so(office: Office) -> None:
    def starters(manager: ProcessManager) -> list[str]:
        return [
            consumer.name
            for consumer in manager.consumers()
            if consumer.event_type == "inventory.stock.below_reorder_point"
        ]

    assert starters(office.manager()) == []
    assert starters(listening(office)) == ["workflows-start-reorder"]
    await office.manager().start_by_event("reorder", low(CHEAP))
    assert await office.deliver(hold={STARTED}) == []
