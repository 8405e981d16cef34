"""The warehouses that orders are for."""

from dataclasses import dataclass

from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.storage.tryton.client import MOST_RECORDS, TrytonClient


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A warehouse: goods come in through `entrance`, lie in `storage` and are picked from there."""

    id: int
    code: str
    storage: int
    entrance: int


async def warehouses_of(client: TrytonClient) -> list[Warehouse]:
    """Return the warehouses that have a code, the oldest first."""
    domain = [["type", "=", "warehouse"], ["code", "!=", None], ["code", "!=", ""]]
    fields = ["code", "storage_location", "input_location"]
    page = await client.search("stock.location", domain, fields, limit=MOST_RECORDS)
    return [
        Warehouse(
            id=record["id"],
            code=record["code"],
            storage=record["storage_location"],
            entrance=record["input_location"],
        )
        for record in page.records
    ]


async def warehouse_named(
    client: TrytonClient, code: str | None, default: int | None = None
) -> Warehouse:
    """Return the warehouse of a code; without one Tryton's default, else the first.

    Raises:
        NotFoundError: there is none of that code.
    """
    known = await warehouses_of(client)
    if code is not None:
        for warehouse in known:
            if warehouse.code == code:
                return warehouse
        codes = ", ".join(warehouse.code for warehouse in known) or "none"
        raise NotFoundError(f"there is no warehouse {code}, only {codes}", field="location")
    for warehouse in known:
        if warehouse.id == default:
            return warehouse
    if not known:
        raise InvalidRequestError("Tryton has no warehouse with a code", field="location")
    return known[0]
