"""What every ERP adapter must do when many change one record at once: one of them wins."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Any

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import ConflictError, InvalidRequestError

MANY = 20
SALE: dict[str, Any] = {"direction": "receivable", "party": "mueller", "order": "SO-2026-00001"}
PUMP = {"sku": "PUMP-1", "quantity": "1"}


async def at_once(call: Callable[[int], Awaitable[WriteResult]]) -> list[WriteResult]:
    """Make the call many times at once; return the answers of those that changed something."""
    answers: Sequence[Any] = await asyncio.gather(
        *(call(number) for number in range(MANY)), return_exceptions=True
    )
    wrong = [
        answer
        for answer in answers
        if not isinstance(answer, WriteResult | ConflictError | InvalidRequestError)
    ]
    assert wrong == []
    return [answer for answer in answers if isinstance(answer, WriteResult) and answer.changed]


async def test_one_of_many_confirms_an_order(world: Any, caller: Caller) -> None:
    made = await world.take(caller)
    await world.advance(caller, made.id, "quoted")

    won = await at_once(lambda _: world.advance(caller, made.id, "confirmed"))

    assert [one.version for one in won] == ["3"]


async def test_one_of_confirmation_and_cancellation_wins(world: Any, caller: Caller) -> None:
    made = await world.take(caller)
    quoted = await world.advance(caller, made.id, "quoted")

    won = await at_once(
        lambda number: world.advance(
            caller, made.id, "confirmed" if number % 2 else "cancelled", version=quoted.version
        )
    )

    assert len(won) == 1
    assert (await world.read(caller, made.id)).state == won[0].state


async def test_many_orders_confirmed_at_once_stay_under_the_credit_limit(
    world: Any, caller: Caller
) -> None:
    """595.00 is on order; of orders of 1190.00, seven more fit under 10000.00."""
    orders = [await world.take(caller, lines=[{**PUMP, "unit_price": "1000"}]) for _ in range(MANY)]
    for order in orders:
        await world.advance(caller, order.id, "quoted")

    won = await at_once(lambda number: world.advance(caller, orders[number].id, "confirmed"))

    assert len(won) == 7


async def test_one_of_many_orders_takes_a_partys_number(world: Any, caller: Caller) -> None:
    won = await at_once(lambda _: world.take(caller, external_ref="PO 4711"))

    assert [one.ref for one in won] == ["SO-2026-0001"]


async def test_orders_made_at_once_get_numbers_of_their_own(world: Any, caller: Caller) -> None:
    won = await at_once(lambda _: world.take(caller))

    assert sorted(one.ref or "" for one in won) == [f"SO-2026-{n:04}" for n in range(1, MANY + 1)]


async def test_many_shipments_at_once_ship_what_was_ordered(world: Any, caller: Caller) -> None:
    order = await world.confirmed(caller, party="sauber", lines=[{**PUMP, "quantity": "7"}])

    won = await at_once(lambda _: world.fulfil(caller, order.id, lines=[PUMP]))

    assert len(won) == 7
    assert (await world.read(caller, order.id)).lines[0].fulfilled == 7


async def test_one_of_many_ships_all_that_is_left(world: Any, caller: Caller) -> None:
    order = await world.confirmed(caller)

    assert len(await at_once(lambda _: world.fulfil(caller, order.id))) == 1


async def test_one_of_many_posts_an_invoice(world: Any, caller: Caller) -> None:
    made = await world.create(caller, **SALE)

    won = await at_once(lambda _: world.post(caller, made.id))

    assert [one.ref for one in won] == ["INV-2026-00001"]


async def test_one_of_many_pays_an_invoice(world: Any, caller: Caller) -> None:
    sold = await world.posted(caller, **SALE)

    won = await at_once(lambda _: world.pay(caller, sold.id))

    assert [one.state for one in won] == ["paid"]


async def test_many_payments_at_once_pay_no_more_than_is_open(world: Any, caller: Caller) -> None:
    sold = await world.posted(caller, **SALE)

    won = await at_once(lambda _: world.pay(caller, sold.id, amount="100"))

    assert len(won) == 5
    assert (await world.invoice(caller, sold)).open.amount == Decimal("95.00")


async def test_a_banks_reference_given_many_times_at_once_pays_once(
    world: Any, caller: Caller
) -> None:
    sold = await world.posted(caller, **SALE)

    won = await at_once(lambda _: world.pay(caller, sold.id, amount="1", reference="B 1"))

    assert len(won) == 1
