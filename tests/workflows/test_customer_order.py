"""A customer's order is taken whole, or what it did is undone: killed at any line."""

from decimal import Decimal

import pytest

from journeys.office import KilledError, Office
from switchgear_shared.contracts.events import Event
from switchgear_shared.errors import InvalidRequestError
from workflows.shop import (
    CUSTOMER,
    Refusing,
    Standing,
    Struck,
    goods,
    receipt,
    standing,
    wanted,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

TAKEN = Standing(("confirmed",), Decimal(1), ("confirmed",))
UNDONE = Standing(("cancelled",), Decimal(0), ("cancelled",))
CALLS = [
    "erp_price_order",
    "inventory_get_stock",
    "erp_create_order",
    "inventory_reserve",
    "erp_advance_order",
    "erp_advance_order",
    "crm_log_activity",
]
ORDERED, CONFIRMED, LOGGED = (3, True), (6, True), (7, True)
"""From which kill on there is an order, it is confirmed, and that is logged."""
UNDOING = [
    "crm_log_activity",
    "erp_advance_order",
    "inventory_release",
    "erp_advance_order",
    "crm_log_activity",
]
every_call = [
    pytest.param(place, after, id=f"{'after' if after else 'before'} {place} {tool}")
    for place, tool in enumerate(CALLS, start=1)
    for after in (False, True)
]
every_undoing_call = [
    pytest.param(place, after, id=f"{'after' if after else 'before'} {place} {tool}")
    for place, tool in enumerate(UNDOING, start=1)
    for after in (False, True)
]


async def taken_up(office: Office, started: Event) -> None:
    """Take a process to its end as a fresh worker does, and let the systems hear of it."""
    await office.manager().resume(started)
    await office.deliver()


def refusing_to_confirm(office: Office) -> Refusing:
    return Refusing(
        office.host.switchboard,
        "erp_advance_order",
        InvalidRequestError("the books are closed"),
        to="confirmed",
    )


async def test_an_order_is_priced_held_confirmed_and_logged(office: Office) -> None:
    sku = await goods(office)
    order = wanted(sku)
    started = await office.started("customer_order", **order)
    watched = Struck(office.host.switchboard)

    await office.manager(watched).resume(started)

    assert watched.calls == CALLS
    process = await office.process(started)
    assert (process["state"], process["requested_by"]) == ("completed", "back-office")
    assert process["result"]["record_uri"] == f"erp://orders/{process['result']['order_id']}"
    assert process["result"]["party_id"] == CUSTOMER
    assert set((await receipt(office, started)).values()) == {"done"}
    assert await standing(office, order["external_ref"]) == TAKEN


@pytest.mark.parametrize(("place", "after"), every_call)
async def test_an_order_killed_around_any_call_is_taken_once(
    office: Office, place: int, after: bool
) -> None:
    sku = await goods(office)
    order = wanted(sku)
    started = await office.started("customer_order", **order)

    with pytest.raises(KilledError):
        await office.manager(Struck(office.host.switchboard, place, after)).resume(started)
    await taken_up(office, started)

    assert (await office.process(started))["state"] == "completed"
    assert await standing(office, order["external_ref"]) == TAKEN


@pytest.mark.parametrize(("place", "after"), every_call)
async def test_an_order_killed_around_any_call_and_then_cancelled_is_undone_whole(
    office: Office, place: int, after: bool
) -> None:
    """What was done is found and undone; what never came to be done is not done to be undone."""
    sku = await goods(office)
    order = wanted(sku)
    started = await office.started("customer_order", **order)
    with pytest.raises(KilledError):
        await office.manager(Struck(office.host.switchboard, place, after)).resume(started)

    await office.ask(
        "workflows_cancel", by="back-office", id=started.subject, reason="changed their mind"
    )
    confirmed = await office.deliver(hold={"erp.order.confirmed"})

    assert len(confirmed) == ((place, after) >= CONFIRMED)
    process = await office.process(started)
    assert process["state"] == "cancelled"
    assert process["reason"] == "cancelled by back-office: changed their mind"
    found = await standing(office, order["external_ref"])
    assert found.orders == (("cancelled",) if (place, after) >= ORDERED else ())
    assert found.held == 0
    assert found.logged == (
        *(("cancelled",) if found.orders else ()),
        *(("confirmed",) if (place, after) >= LOGGED else ()),
    )
    stands = await receipt(office, started)
    assert {stands[name] for name in ("order", "reserve", "confirm")} <= {"undone", "not_reached"}
    assert stands["activity"] in ("not_reached", "not_undone")


@pytest.mark.parametrize(("place", "after"), every_undoing_call)
async def test_an_order_killed_around_any_call_that_undoes_it_is_undone_once(
    office: Office, place: int, after: bool
) -> None:
    sku = await goods(office)
    order = wanted(sku)
    started = await office.started("customer_order", **order)
    with pytest.raises(KilledError):
        await office.manager(Struck(office.host.switchboard, len(CALLS), after=False)).resume(
            started
        )
    await office.ask("workflows_cancel", by="back-office", id=started.subject, reason="no")
    (turned,) = await office.deliver(hold={"workflows.process.reverted"})
    killed = Struck(office.host.switchboard, place, after)

    with pytest.raises(KilledError):
        await office.manager(killed).resume(turned)
    assert killed.calls == UNDOING[:place]
    await taken_up(office, turned)

    assert (await office.process(started))["state"] == "cancelled"
    found = await standing(office, order["external_ref"])
    assert found == Standing(("cancelled",), Decimal(0), ("cancelled",))
    assert {k: v for k, v in (await receipt(office, started)).items() if v != "done"} == {
        "order": "undone",
        "reserve": "undone",
        "confirm": "undone",
        "activity": "not_reached",
    }


async def test_an_order_that_the_erp_will_not_confirm_is_undone_in_reverse(
    office: Office,
) -> None:
    sku = await goods(office)
    order = wanted(sku)
    started = await office.started("customer_order", **order)
    closed = refusing_to_confirm(office)

    await office.manager(closed).resume(started)
    events = await office.deliver(hold={"workflows.process.failed"})

    process = await office.process(started)
    assert (process["state"], process["reason"]) == (
        "failed",
        "invalid_request: the books are closed",
    )
    assert [(s["name"], s["outcome"]) for s in process["steps"]][-4:] == [
        ("reserve", "done"),
        ("confirm", "failed"),
        ("reserve", "undone"),
        ("order", "undone"),
    ]
    assert (await receipt(office, started))["activity"] == "not_reached"
    assert await standing(office, order["external_ref"]) == UNDONE
    (failed,) = events
    assert (failed.data["state"], failed.data["not_undone"]) == ("failed", [])


async def test_a_failed_order_is_taken_up_again_and_what_was_undone_is_done_anew(
    office: Office,
) -> None:
    sku = await goods(office)
    order = wanted(sku)
    started = await office.started("customer_order", **order)
    closed = refusing_to_confirm(office)
    await office.manager(closed).resume(started)
    with pytest.raises(InvalidRequestError, match="step order before confirm is undone"):
        await office.ask(
            "workflows_retry", by="back-office", id=started.subject, from_step="confirm"
        )

    await office.ask("workflows_retry", by="back-office", id=started.subject)
    await office.deliver()

    assert (await office.process(started))["state"] == "completed"
    found = await standing(office, order["external_ref"])
    assert found == Standing(("cancelled", "confirmed"), Decimal(1), ("cancelled", "confirmed"))


async def test_an_order_over_the_credit_limit_fails_and_says_by_how_much(office: Office) -> None:
    sku = await goods(office)
    order = wanted(sku)
    order["lines"][0]["unit_price"] = "9000000.00"
    started = await office.started("customer_order", **order)

    await taken_up(office, started)

    process = await office.process(started)
    assert process["state"] == "failed"
    assert process["reason"].startswith("credit: the limit is ")
    assert await standing(office, order["external_ref"]) == Standing((), Decimal(0), ())


async def test_an_order_for_more_than_any_warehouse_has_makes_no_order(office: Office) -> None:
    sku = await goods(office)
    order = wanted(sku, "900000", party_id=CUSTOMER)
    order["lines"][0]["unit_price"] = "0.01"
    started = await office.started("customer_order", **order)

    await taken_up(office, started)

    process = await office.process(started)
    assert process["state"] == "failed"
    assert process["reason"].startswith(f"stock: 900000 of {sku} wanted, ")
    assert await standing(office, order["external_ref"]) == Standing((), Decimal(0), ())


async def test_goods_that_left_meanwhile_stay_sold_and_the_receipt_says_so(
    office: Office,
) -> None:
    """An order that has begun to ship can no longer be undone, so its stock stays held too."""
    sku = await goods(office, least=2)
    order = wanted(sku, "2")
    started = await office.started("customer_order", **order)
    with pytest.raises(KilledError):
        await office.manager(Struck(office.host.switchboard, len(CALLS), after=False)).resume(
            started
        )
    page = await office.ask("erp_list_orders", query=order["external_ref"])
    await office.ask(
        "erp_fulfil_order",
        by="back-office",
        order_id=page["items"][0]["id"],
        lines=[{"sku": sku, "quantity": "1"}],
    )
    await office.deliver()

    await office.ask("workflows_cancel", by="back-office", id=started.subject, reason="late")
    failed = await office.deliver(hold={"workflows.process.failed"})

    process = await office.process(started)
    assert process["state"] == "cancelled"
    reasons = {step["step"]: step["reason"] for step in process["receipt"]}
    assert "cannot be cancelled any more" in reasons["confirm"]
    assert reasons["reserve"].endswith("stands, so its stock stays held")
    assert failed[0].data["not_undone"] == ["order", "reserve", "confirm"]
    found = await standing(office, order["external_ref"])
    assert (found.orders, found.held) == (("confirmed",), Decimal(1))
