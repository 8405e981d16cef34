"""Lots in Tryton, whose numbers are not unique there: the oldest of a number is the one meant."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from switchgear_erp.tryton.acting import Act
from switchgear_erp.tryton.amounts import exact
from switchgear_erp.tryton.stock import stock_context
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record

_DAYS = ("expiration_date", "shelf_life_expiration_date")


@dataclass(slots=True)
class Lot:
    """A lot with what is free of it in a place."""

    id: int
    number: str
    expires_on: date | None
    free: Decimal


def expiry_of(record: Record) -> date | None:
    """Return a lot's last good day: the earlier of Tryton's two."""
    known = [record[field] for field in _DAYS]
    return min((day for day in known if day is not None), default=None)


async def good_lots(act: Act, product: int, place: int, *, is_assigned_gone: bool) -> list[Lot]:
    """Return the lots of a product in a place that have not expired, the first to go first."""
    page = await act.client.search(
        "stock.lot",
        [["product", "=", product], ["quantity", ">", 0]],
        ["number", "quantity", *_DAYS],
        limit=MOST_RECORDS,
        context=stock_context(place, act.today, is_assigned_gone=is_assigned_gone),
    )
    lots = [
        Lot(record["id"], record["number"], expiry_of(record), exact(record["quantity"]))
        for record in page.records
    ]
    lots = [lot for lot in lots if lot.expires_on is None or lot.expires_on >= act.today]
    return sorted(lots, key=lambda lot: (lot.expires_on or date.max, lot.number))


async def named_lot(
    act: Act, product: int, sku: str, number: str, expires_on: date | None, field: str
) -> int:
    """Return the id of a lot that goods go out of.

    Raises:
        NotFoundError: Tryton has no such lot.
        InvalidRequestError: it expires on another day, or has expired.
    """
    record = await _found(act, product, number)
    if record is None:
        raise NotFoundError(f"there is no lot {number} of {sku}", field=f"{field}.lot")
    _check_day(sku, record, number, expires_on, field)
    known = expiry_of(record)
    if known is not None and known < act.today:
        raise InvalidRequestError(f"lot {number} of {sku} expired on {known}", field=f"{field}.lot")
    return record["id"]


async def known_lot(
    act: Act, product: int, sku: str, number: str, expires_on: date | None, field: str
) -> None:
    """Refuse a lot that is to come in and is known to expire on another day."""
    record = await _found(act, product, number)
    if record is not None:
        _check_day(sku, record, number, expires_on, field)


async def ready_lot(act: Act, product: int, number: str, expires_on: date | None) -> int:
    """Return the id of a lot that Tryton has now, with its expiry if that is new."""
    days = {} if expires_on is None else dict.fromkeys(_DAYS, expires_on)
    record = await _found(act, product, number)
    if record is None:
        act.write.check_may_send()
        values = {"number": number, "product": product, **days}
        created: list[int] = await act.client.call("stock.lot", "create", [values])
        return created[0]
    if days and expiry_of(record) is None:
        act.write.check_may_send()
        await act.client.call("stock.lot", "write", [record["id"]], days)
    return record["id"]


async def _found(act: Act, product: int, number: str) -> Record | None:
    domain = [["product", "=", product], ["number", "=", number]]
    found = (await act.client.search("stock.lot", domain, ["number", *_DAYS], limit=1)).records
    return found[0] if found else None


def _check_day(sku: str, record: Record, number: str, expires_on: date | None, field: str) -> None:
    known = expiry_of(record)
    if known is not None and expires_on not in {None, known}:
        raise InvalidRequestError(
            f"lot {number} of {sku} expires on {known}, not on {expires_on}",
            field=f"{field}.expires_on",
        )
