"""What lies in a place in Tryton, with or without what is assigned."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from switchgear_erp.tryton.amounts import exact
from switchgear_shared.storage.tryton.client import MOST_RECORDS, TrytonClient


def stock_context(place: int, today: date, *, is_assigned_gone: bool) -> dict[str, object]:
    """Return the context in which Tryton counts the stock of a place."""
    return {
        "locations": [place],
        "with_childs": True,
        "stock_date_end": today,
        "stock_assign": is_assigned_gone,
    }


async def free_in(
    client: TrytonClient,
    products: Iterable[int],
    place: int,
    today: date,
    *,
    is_assigned_gone: bool,
) -> dict[int, Decimal]:
    """Return what is there of products, in the units they are kept in."""
    page = await client.search(
        "product.product",
        [["id", "in", sorted({*products})]],
        ["quantity"],
        limit=MOST_RECORDS,
        context=stock_context(place, today, is_assigned_gone=is_assigned_gone),
    )
    return {record["id"]: exact(record["quantity"]) for record in page.records}
