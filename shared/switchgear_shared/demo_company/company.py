"""The whole invented company, made from one seed."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from random import Random
from types import MappingProxyType

from switchgear_shared.demo_company.billing import bill
from switchgear_shared.demo_company.catalogue import LOCATIONS, items
from switchgear_shared.demo_company.papers import Order
from switchgear_shared.demo_company.parties import accounts, contacts, our_company
from switchgear_shared.demo_company.pipeline import activities, opportunities
from switchgear_shared.demo_company.records import Company
from switchgear_shared.demo_company.samples import (
    SMALL_ORDERS,
    earlier_invoice,
    receive,
    sample_orders,
    small_orders,
)
from switchgear_shared.demo_company.stock import StockRoom, open_stock
from switchgear_shared.demo_company.trade import DAYS, play
from switchgear_shared.demo_company.vocabulary import EXCHANGE_RATES

_SEED = 20261102
_TODAY = date(2026, 11, 2)
_RATES: Mapping[str, Decimal] = MappingProxyType(
    {code: Decimal(rate) for code, rate in EXCHANGE_RATES.items()}
)


@lru_cache(maxsize=4)
def demo_company(today: date = _TODAY, *, small_order_count: int = SMALL_ORDERS) -> Company:
    """Return the company as it stands on the morning of `today`.

    The same arguments give the same company, and ids and amounts do not depend on `today`.
    `small_order_count` is how many orders `sample_purchase_orders` would give are part of it.
    """
    random = Random(_SEED)  # noqa: S311 - an invented company, nothing secret
    parties = accounts(random, today)
    people = contacts(random, parties)
    goods = items(random, parties)
    room = StockRoom()
    codes = tuple(location.code for location in LOCATIONS)
    open_stock(room, random, goods, codes, today - timedelta(days=DAYS))
    trade = play(random, room, parties, goods, today)
    by_id = {party.id: party for party in parties}
    orders, invoices = bill(random, trade.orders, trade.moved_on, by_id, today)
    deals = opportunities(random, parties, people, goods, today)
    done = activities(random, deals, parties, today)
    samples = sample_orders(parties, goods, today)
    small = small_orders(parties, goods, today, small_order_count)
    receive(room, (*samples, *small), {item.sku: item for item in goods})
    earlier = tuple(
        earlier_invoice(order, by_id[order.party_id])
        for order in samples
        if order.state == "processed"
    )
    return Company(
        today=today,
        self=our_company(),
        accounts=parties,
        contacts=people,
        opportunities=deals,
        activities=done,
        locations=LOCATIONS,
        items=goods,
        orders=(*orders, *samples, *small),
        invoices=(*invoices, *earlier),
        movements=tuple(room.movements),
        reservations=trade.reservations,
        exchange_rates=_RATES,
        sample_purchases=samples,
    )


def sample_purchase_orders(count: int, today: date = _TODAY) -> tuple[Order, ...]:
    """Return the small purchase orders PO-2026-1001 to PO-2026-(1000 + count), all received."""
    company = demo_company(today)
    return small_orders(company.accounts, company.items, today, count)
