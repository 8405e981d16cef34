"""Warehouses, and which of them a place in Tryton belongs to."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from switchgear_inventory.models import LocationCode
from switchgear_shared.errors import NotFoundError
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Record, TrytonClient


@dataclass(frozen=True, slots=True)
class Warehouse:
    """A warehouse; its goods lie in the zone `storage` and come in through `entrance`."""

    id: int
    code: LocationCode
    name: str
    storage: int
    entrance: int


@dataclass(frozen=True, slots=True)
class Places:
    """Our warehouses in the order of their codes, and the tree of places that they head."""

    warehouses: Sequence[Warehouse]
    tree: dict[int, Record]

    def named(self, code: str | None, field: str = "location") -> Sequence[Warehouse]:
        """Return the warehouse of a code, all for None; raises NotFoundError."""
        if code is None:
            return self.warehouses
        found = [warehouse for warehouse in self.warehouses if warehouse.code == code]
        if not found:
            known = ", ".join(warehouse.code for warehouse in self.warehouses) or "none"
            raise NotFoundError(f"there is no warehouse {code}, only {known}", field=field)
        return found

    def one(self, code: str, field: str = "location") -> Warehouse:
        """Return the warehouse of a code; raises NotFoundError."""
        return self.named(code, field)[0]

    def code_of(self, place_id: int | None) -> LocationCode | None:
        """Return the warehouse that a place is in, None outside of them."""
        codes = {warehouse.id: warehouse.code for warehouse in self.warehouses}
        while place_id is not None and place_id not in codes:
            place_id = self.tree.get(place_id, {}).get("parent")
        return codes.get(place_id) if place_id is not None else None

    def kind_of(self, place_id: int) -> str:
        """Return Tryton's type of a place."""
        return self.tree.get(place_id, {}).get("type", "")


async def places_of(client: TrytonClient) -> Places:
    """Read the warehouses that have a code, and all places."""
    fields = ["code", "name", "storage_location", "input_location"]
    domain = [["type", "=", "warehouse"], ["code", "!=", None], ["code", "!=", ""]]
    found, tree = await asyncio.gather(
        client.search("stock.location", domain, fields, limit=MOST_RECORDS),
        client.search("stock.location", [], ["type", "parent"], limit=MOST_RECORDS),
    )
    warehouses = [
        Warehouse(
            id=record["id"],
            code=LocationCode(record["code"]),
            name=record["name"],
            storage=record["storage_location"],
            entrance=record["input_location"],
        )
        for record in found.records
    ]
    return Places(
        sorted(warehouses, key=lambda warehouse: warehouse.code),
        {record["id"]: record for record in tree.records},
    )
