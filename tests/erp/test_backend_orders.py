"""What every ERP adapter must do when an order is priced, made and taken through its states."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from switchgear_erp.models import PartyId
from switchgear_erp.trade import Quote, WantedLine
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import Money
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError

PUMP = {"sku": "PUMP-1", "quantity": "1"}


def euros(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


async def price(world: Any, caller: Caller, party: str, *lines: Any, kind: Any = None) -> Quote:
    return await world.erp.price_order(
        caller.tenant,
        kind=kind,
        party_id=PartyId(world.party[party]),
        lines=[WantedLine.model_validate(line) for line in lines],
    )


async def test_a_price_comes_from_the_product_and_saves_nothing(world: Any, caller: Caller) -> None:
    quote = await price(
        world,
        caller,
        "mueller",
        {"sku": "PUMP-1", "quantity": "2"},
        {"sku": "BOLT-M8", "quantity": "1000", "unit_price": "0.085"},
    )

    assert [(line.sku, line.unit_price, line.net) for line in quote.lines] == [
        ("PUMP-1", Decimal("250.00"), Decimal("500.00")),
        ("BOLT-M8", Decimal("0.085"), Decimal("85.00")),
    ]
    assert (quote.kind, quote.net, quote.tax, quote.gross) == (
        "sale",
        euros("585.00"),
        euros("111.15"),
        euros("696.15"),
    )
    assert quote.warnings == ()
    page = await world.erp.list_orders(
        caller.tenant,
        kind=None,
        state=None,
        party_id=None,
        since=None,
        query=None,
        limit=10,
        cursor=None,
    )
    assert page.total == 5


async def test_a_vendor_is_bought_from_at_cost_and_in_its_currency(
    world: Any, caller: Caller
) -> None:
    weidner = await price(world, caller, "weidner", PUMP)
    pacific = await price(world, caller, "pacific", PUMP)
    kumo = await price(world, caller, "kumo", PUMP)

    assert (weidner.kind, weidner.net) == ("purchase", euros("180.00"))
    assert pacific.net == Money(amount=Decimal("216.00"), currency="USD")
    assert kumo.net == Money(amount=Decimal(28_800), currency="JPY")
    assert weidner.credit is None


async def test_a_price_over_the_credit_limit_warns(world: Any, caller: Caller) -> None:
    at = await price(world, caller, "mueller", {**PUMP, "unit_price": "7903.36"})
    over = await price(world, caller, "mueller", {**PUMP, "unit_price": "7903.37"})

    assert at.warnings == ()
    assert over.warnings == (
        "the credit limit of C-001 is 10000.00 EUR: 595.00 is used and this order needs 9405.01",
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"party": "nobody"}, "party_id"),
        ({"party": "weidner"}, "party_id"),
        ({"kind": "purchase"}, "party_id"),
        ({"lines": []}, "lines"),
        ({"lines": [PUMP] * 501}, "lines"),
        ({"lines": [PUMP] * 10_000}, "lines"),
        ({"lines": [PUMP, {**PUMP, "sku": "NOPE"}]}, "lines.1.sku"),
        ({"lines": [{**PUMP, "sku": "PUMP-_"}]}, "lines.0.sku"),
        ({"lines": [{**PUMP, "sku": "' OR 1=1 --"}]}, "lines.0.sku"),
        ({"lines": [{**PUMP, "quantity": "0"}]}, "lines.0.quantity"),
        ({"lines": [{**PUMP, "quantity": "-1"}]}, "lines.0.quantity"),
        ({"lines": [{**PUMP, "unit_price": "-0.01"}]}, "lines.0.unit_price"),
        ({"lines": [{**PUMP, "unit_price": "0"}]}, "lines"),
        ({"lines": [{**PUMP, "quantity": "999999999999"}]}, "lines"),
        ({"external_ref": " "}, "external_ref"),
        ({"promised_on": "2026-11-01"}, "promised_on"),
        ({"promised_on": "2027-11-04"}, "promised_on"),
        ({"promised_on": "0001-01-01"}, "promised_on"),
        ({"promised_on": "9999-12-31"}, "promised_on"),
    ],
)
async def test_an_order_that_breaks_a_rule_is_refused_with_the_field_at_fault(
    world: Any, caller: Caller, changes: dict[str, Any], field: str
) -> None:
    world.party["nobody"] = "pty_%"

    with pytest.raises((InvalidRequestError, NotFoundError)) as refused:
        await world.take(caller, **changes)

    assert refused.value.field == field
    assert (await world.take(caller)).ref == "SO-2026-0001"


@pytest.mark.parametrize("count", [499, 500])
async def test_an_order_has_up_to_500_lines(world: Any, caller: Caller, count: int) -> None:
    made = await world.take(caller, lines=[PUMP] * count)

    order = await world.read(caller, made.id)
    assert (len(order.lines), order.net) == (count, euros(f"{250 * count}.00"))


async def test_an_order_is_made_as_a_draft_of_today(world: Any, caller: Caller) -> None:
    made = await world.take(
        caller, external_ref="PO 4711", location="JEN", promised_on="2027-11-03"
    )

    order = await world.read(caller, made.id)
    assert (made.ref, made.state, made.version) == ("SO-2026-0001", "draft", "1")
    assert (order.ordered_on, order.promised_on) == (date(2026, 11, 2), date(2027, 11, 3))
    assert (order.external_ref, order.location, order.gross) == ("PO 4711", "JEN", euros("297.50"))
    assert (order.shipments, order.invoices) == ((), ())


async def test_a_partys_number_is_taken_once_for_its_kind(world: Any, caller: Caller) -> None:
    made = await world.take(caller, party="sauber", external_ref="PO 4711")

    with pytest.raises(ConflictError, match=r"PO4711 .* is on order SO-2026-0001 already") as taken:
        await world.take(caller, party="sauber", external_ref="PO4711")

    assert taken.value.details == {"order_id": made.id, "ref": made.ref, "state": "draft"}
    for other in ({"party": "mueller"}, {"kind": "purchase", "party": "sauber"}):
        assert (await world.take(caller, external_ref="PO 4711", **other)).state == "draft"


async def test_an_order_goes_from_draft_to_processed(world: Any, caller: Caller) -> None:
    made = await world.take(caller)
    states = [await world.advance(caller, made.id, to) for to in ("quoted", "confirmed")]
    await world.fulfil(caller, made.id)
    world.order["new"] = made.id
    await world.posted(caller, direction="receivable", party="mueller", order="new")

    done = await world.advance(caller, made.id, "processed")

    assert [(one.state, one.changed) for one in (*states, done)] == [
        ("quoted", True),
        ("confirmed", True),
        ("processed", True),
    ]
    again = await world.advance(caller, made.id, "processed", version="1")
    assert again == done.model_copy(update={"changed": False})


@pytest.mark.parametrize(
    ("before", "to", "says"),
    [
        ((), "confirmed", "is draft: it can become quoted or cancelled, not confirmed"),
        ((), "processed", "is draft: it can become quoted or cancelled"),
        (("quoted",), "processed", "is quoted: it can become confirmed or cancelled"),
        (("quoted", "confirmed"), "quoted", "is confirmed: it can become processed or cancelled"),
        (("cancelled",), "quoted", "is cancelled: it stays so, not quoted"),
        (("quoted", "confirmed"), "processed", "not fulfilled 1 of PUMP-1; not invoiced 1 of PUMP"),
    ],
)
async def test_a_step_out_of_order_says_what_is_allowed(
    world: Any, caller: Caller, before: tuple[Any, ...], to: Any, says: str
) -> None:
    made = await world.take(caller)
    if before:
        await world.advance(caller, made.id, *before)

    with pytest.raises(InvalidRequestError, match=says) as refused:
        await world.advance(caller, made.id, to)

    assert refused.value.field == "to"
    assert (await world.read(caller, made.id)).state == (before[-1] if before else "draft")


@pytest.mark.parametrize("before", [(), ("quoted",), ("quoted", "confirmed")])
async def test_an_order_is_cancelled_before_anything_of_it_is_done(
    world: Any, caller: Caller, before: tuple[Any, ...]
) -> None:
    made = await world.take(caller)

    assert (await world.advance(caller, made.id, *before, "cancelled")).state == "cancelled"


@pytest.mark.parametrize("done", ["fulfilled", "invoiced"])
async def test_an_order_is_not_cancelled_once_goods_or_invoices_went_out(
    world: Any, caller: Caller, done: str
) -> None:
    order = await world.confirmed(caller, lines=[{**PUMP, "quantity": "2"}])
    world.order["new"] = order.id
    if done == "fulfilled":
        await world.fulfil(caller, order.id, lines=[PUMP])
    else:
        await world.posted(caller, direction="receivable", party="mueller", order="new")

    with pytest.raises(InvalidRequestError, match=f"is {done} in part"):
        await world.advance(caller, order.id, "cancelled")


async def test_an_order_that_moved_on_is_a_conflict(world: Any, caller: Caller) -> None:
    made = await world.take(caller)

    with pytest.raises(ConflictError, match="is at version 1") as stale:
        await world.advance(caller, made.id, "quoted", version="2")

    assert stale.value.details == {"version": "1"}
    assert (await world.advance(caller, made.id, "quoted", version="1")).version == "2"


async def test_a_sale_is_confirmed_up_to_the_credit_limit(world: Any, caller: Caller) -> None:
    """595.00 is on order already: 9405.00 fits under 10000.00, a cent more does not."""
    lines = [{**PUMP, "unit_price": "7903.36"}, {**PUMP, "unit_price": "0.01"}]
    over = await world.take(caller, lines=lines)
    fits = await world.take(caller, lines=lines[:1])
    await world.advance(caller, over.id, "quoted")

    with pytest.raises(InvalidRequestError, match="credit limit of C-001 is 10000") as shown:
        await world.advance(caller, over.id, "confirmed")

    assert shown.value.details == {"limit": "10000.00", "used": "595.00", "needed": "9405.01"}
    assert (await world.advance(caller, fits.id, "quoted", "confirmed")).state == "confirmed"


async def test_credit_counts_what_is_invoiced_once_and_what_is_paid_no_more(
    world: Any, caller: Caller
) -> None:
    async def used() -> Decimal:
        quote = await price(world, caller, "mueller", PUMP)
        assert quote.credit is not None
        return quote.credit.used

    assert await used() == Decimal("595.00")
    invoice = await world.create(
        caller, direction="receivable", party="mueller", order="SO-2026-00001"
    )
    assert await used() == Decimal("595.00")
    await world.post(caller, invoice.id)
    assert await used() == Decimal("595.00")
    await world.pay(caller, invoice.id, amount="95")
    assert await used() == Decimal("500.00")
    await world.pay(caller, invoice.id)
    assert await used() == Decimal(0)


async def test_a_purchase_and_a_customer_without_a_limit_need_no_credit(
    world: Any, caller: Caller
) -> None:
    for order in ({"kind": "purchase", "party": "weidner"}, {"party": "sauber"}):
        lines = [{**PUMP, "unit_price": "1000000"}]
        assert (await world.confirmed(caller, lines=lines, **order)).state == "confirmed"


async def test_orders_of_another_tenant_are_not_found(
    world: Any, caller: Caller, stranger: Caller
) -> None:
    made = await world.confirmed(caller, external_ref="1")
    invoice = await world.posted(
        caller, direction="receivable", party="mueller", order="SO-2026-00001"
    )

    for call in (
        world.advance(stranger, made.id, "cancelled"),
        world.fulfil(stranger, made.id),
        world.pay(stranger, invoice.id),
    ):
        with pytest.raises(NotFoundError):
            await call
    assert (await world.take(stranger, external_ref="1")).ref == "SO-2026-0001"
