"""Lots in Tryton, whose numbers are not unique there: the oldest of a number is the one meant."""

from datetime import date

from switchgear_inventory.tryton.acting import Act
from switchgear_inventory.tryton.levels import expiry_of
from switchgear_inventory.tryton.products import Product
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.storage.tryton.client import Record

_FIELDS = ("expiration_date", "shelf_life_expiration_date")


async def known_lot(
    act: Act, product: Product, number: str, expires_on: date | None, field: str
) -> int | None:
    """Return the id of a lot, None if Tryton has it not yet.

    Raises:
        InvalidRequestError: it is known to expire on another day.
    """
    record = await _found(act, product, number)
    if record is None:
        return None
    known = expiry_of(record)
    if known is not None and expires_on not in {None, known}:
        raise InvalidRequestError(
            f"lot {number} of {product.sku} expires on {known}, not on {expires_on}", field=field
        )
    return record["id"]


async def ready_lot(
    act: Act, product: Product, lot_id: int | None, number: str, expires_on: date | None
) -> int:
    """Return the id of a lot that Tryton has now, with its expiry if that is new.

    A lot without goods is nothing yet: the write is not begun by it.
    """
    lot = await _ready(act, product, lot_id, number, expires_on)
    act.write.is_begun = False
    return lot


async def _ready(
    act: Act, product: Product, lot_id: int | None, number: str, expires_on: date | None
) -> int:
    days = {} if expires_on is None else dict.fromkeys(_FIELDS, expires_on)
    if lot_id is None and (made := await _found(act, product, number)) is not None:
        lot_id = made["id"]  # by somebody else, or by an attempt before this one
    if lot_id is None:
        values = {"number": number, "product": product.id, **days}
        created: list[int] = await act.client.call("stock.lot", "create", [values])
        return created[0]
    if days and expiry_of(await act.client.get("stock.lot", lot_id, _FIELDS)) is None:
        await act.client.call("stock.lot", "write", [lot_id], days)
    return lot_id


async def _found(act: Act, product: Product, number: str) -> Record | None:
    domain = [["product", "=", product.id], ["number", "=", number]]
    found = (await act.client.search("stock.lot", domain, _FIELDS, limit=1)).records
    return found[0] if found else None
