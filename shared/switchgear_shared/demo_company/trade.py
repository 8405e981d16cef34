"""Two years of orders played through day by day: sold, bought, received and shipped."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Literal

from switchgear_shared.contracts.values import minor_digits
from switchgear_shared.demo_company.catalogue import LOCATIONS
from switchgear_shared.demo_company.papers import Line, Order, OrderState
from switchgear_shared.demo_company.party import Party
from switchgear_shared.demo_company.records import Item, Reservation
from switchgear_shared.demo_company.stock import StockRoom
from switchgear_shared.demo_company.vocabulary import COUNTRY, EXCHANGE_RATES

SALES = 500
PURCHASES = 310
RECENT = 24
DAYS = 730
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Plan:
    """An order before its lines: `moves_on` is when its goods leave or arrive."""

    kind: Literal["sale", "purchase"]
    party: Party
    ordered_on: date
    moves_on: date
    ref: str
    id: str


@dataclass(frozen=True, slots=True)
class Trade:
    """What came of the two years."""

    orders: tuple[Order, ...]
    reservations: tuple[Reservation, ...]
    moved_on: dict[str, date]


def play(
    random: Random,
    room: StockRoom,
    parties: tuple[Party, ...],
    items: tuple[Item, ...],
    today: date,
) -> Trade:
    """Play every order in the sequence its goods move, so that nothing ships that is not there."""
    game = _Game(random, room, items, today)
    plans = _plans(random, parties, today)
    orders = [
        game.buy(plan) if plan.kind == "purchase" else game.sell(plan)
        for plan in sorted(plans, key=lambda plan: (plan.moves_on, plan.kind, plan.ref))
    ]
    return Trade(
        tuple(sorted(orders, key=lambda order: order.id)),
        tuple(game.reservations),
        {plan.id: plan.moves_on for plan in plans if plan.moves_on <= today},
    )


def order_line(item: Item, number: int, quantity: Decimal, price_cents: int, party: Party) -> Line:
    """Return a line in the party's currency, from a price in euro cents."""
    digits = minor_digits(party.currency)
    price = Decimal(price_cents) / 100 * Decimal(EXCHANGE_RATES[party.currency])
    return Line(
        number=number,
        item_id=item.id,
        sku=item.sku,
        description=item.name,
        quantity=quantity,
        unit=item.unit,
        unit_price=price.quantize(Decimal(1).scaleb(-digits)),
        tax_percent=Decimal(COUNTRY[party.address.country].tax_percent),
    )


def _plans(random: Random, parties: tuple[Party, ...], today: date) -> list[_Plan]:
    plans: list[_Plan] = []
    kinds: tuple[tuple[Literal["sale", "purchase"], int, str, tuple[int, int]], ...] = (
        ("sale", SALES, "customer", (2, 16)),
        ("purchase", PURCHASES, "vendor", (5, 28)),
    )
    for kind, count, role, lead in kinds:
        partners = [party for party in parties if role in party.roles]
        ages = [random.randint(1, DAYS - 1) for _ in range(count)]
        ages += [random.randint(0, 9) for _ in range(RECENT)]
        days = sorted(today - timedelta(days=age) for age in ages)
        years: dict[int, int] = {}
        letter = kind[0]
        for number, day in enumerate(days, start=1):
            years[day.year] = years.get(day.year, 0) + 1
            plans.append(
                _Plan(
                    kind=kind,
                    party=random.choice(partners),
                    ordered_on=day,
                    moves_on=day + timedelta(days=random.randint(*lead)),
                    ref=f"{letter.upper()}O-{day.year}-{years[day.year]:04d}",
                    id=f"ord_{letter}{number:05d}",
                )
            )
    return plans


class _Game:
    def __init__(
        self, random: Random, room: StockRoom, items: tuple[Item, ...], today: date
    ) -> None:
        self._random = random
        self._room = room
        self._items = items
        self._today = today
        self._by_vendor: dict[str, list[Item]] = {}
        for item in items:
            self._by_vendor.setdefault(item.vendor_id, []).append(item)
        self.reservations: list[Reservation] = []

    def buy(self, plan: _Plan) -> Order:
        random = self._random
        location = random.choices([place.code for place in LOCATIONS], (6, 3, 1))[0]
        offered = self._by_vendor.get(plan.party.id) or list(self._items)
        chosen = random.sample(offered, random.randint(1, 5))
        has_come = plan.moves_on <= self._today
        is_partial = has_come and random.random() < 0.04  # noqa: PLR2004 - one in 25
        lines: list[Line] = []
        for number, item in enumerate(chosen, start=1):
            quantity = item.reorder_quantity * random.randint(1, 3)
            line = order_line(item, number, quantity, item.cost.to_minor(), plan.party)
            came = (quantity / 2).to_integral() if is_partial and number == 1 else quantity
            if has_come:
                order = (plan.ref, plan.id, number)
                self._room.receive(item, location, came, plan.moves_on, order=order)
                line = replace(line, fulfilled=came)
            lines.append(line)
        return self._order(plan, location, lines, "confirmed")

    def sell(self, plan: _Plan) -> Order:
        random = self._random
        location = random.choices([place.code for place in LOCATIONS], (6, 3, 2))[0]
        lines = self._sold_lines(plan, location)
        luck = random.random()
        state: OrderState = "confirmed"
        if luck < 0.02:  # noqa: PLR2004 - one in 50
            state = "cancelled"
        elif plan.moves_on > self._today and luck < 0.4:  # noqa: PLR2004 - of the open ones
            state = "quoted"
        elif plan.moves_on > self._today:
            for line in lines:
                self._reserve(line, location, plan)
        else:
            for line in lines:
                self._room.ship(line, location, plan.moves_on, ref=plan.ref, order_id=plan.id)
            lines = [replace(line, fulfilled=line.quantity) for line in lines]
        return self._order(plan, location, lines, state)

    def _sold_lines(self, plan: _Plan, location: str) -> list[Line]:
        wanted = self._random.randint(1, 4)
        lines: list[Line] = []
        for item in self._random.sample(self._items, len(self._items)):
            free = self._room.available(item.sku, location)
            if free < 1:
                continue
            most = 300 if item.unit == "MTR" else 30
            quantity = min(Decimal(self._random.randint(1, most)), free)
            price = item.price.to_minor()
            lines.append(order_line(item, len(lines) + 1, quantity, price, plan.party))
            if len(lines) == wanted:
                break
        return lines

    def _reserve(self, line: Line, location: str, plan: _Plan) -> None:
        self._room.hold(line.sku, location, line.quantity)
        self.reservations.append(
            Reservation(
                id=f"res_{len(self.reservations) + 1:04d}",
                item_id=line.item_id,
                sku=line.sku,
                location=location,
                quantity=line.quantity,
                for_ref=plan.ref,
                reserved_at=datetime.combine(plan.ordered_on, time(10), UTC),
            )
        )

    def _order(self, plan: _Plan, location: str, lines: list[Line], state: OrderState) -> Order:
        return Order(
            currency=plan.party.currency,
            lines=tuple(lines),
            id=plan.id,
            ref=plan.ref,
            kind=plan.kind,
            party_id=plan.party.id,
            state=state,
            ordered_on=plan.ordered_on,
            promised_on=plan.moves_on,
            location=location,
            external_ref=None,
        )
