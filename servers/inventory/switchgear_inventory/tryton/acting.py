"""A change in Tryton under way: for whom, on what day, and what is said about it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from switchgear_inventory.tryton.levels import Shelf
from switchgear_inventory.tryton.products import Product
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import new_event
from switchgear_shared.contracts.model import Contract
from switchgear_shared.storage.columns import plain
from switchgear_shared.storage.remote_write import RemoteWrite
from switchgear_shared.storage.tryton.client import Record, TrytonClient
from switchgear_shared.storage.tryton.texts import literal


@dataclass(frozen=True, slots=True)
class Act:
    """One change, and where it happens."""

    client: TrytonClient
    write: RemoteWrite
    caller: Caller
    today: date

    def announce(self, event_type: str, product: Product, data: Contract) -> None:
        """Have an event about the item published once the change is known to be done."""
        event = new_event(
            event_type,
            source="inventory",
            subject=product.item_id,
            data=data,
            caller=self.caller,
        )
        self.write.announce(event)

    def note(self, shelf: Shelf, change: Decimal) -> None:
        """Note for a preview what is on hand in a warehouse, before and after."""
        key = f"{shelf.warehouse.code} {shelf.product.sku}"
        after = plain(shelf.on_hand + change)
        self.write.note(
            "stock",
            key,
            {"sku": shelf.product.sku, "on_hand": str(shelf.on_hand), "version": shelf.version},
            {"sku": shelf.product.sku, "on_hand": str(after)},
        )

    async def shipment(self, model: str) -> int | None:
        """Return the shipment that an earlier attempt made, if it did and it is not cancelled."""
        if not self.write.may_be_done:
            return None
        told = self.write.told_number("")  # a movement of it, as our callers know it
        named = ["reference", "like", f"%{literal(self.write.reference)}%"]
        domain = [
            named if told is None else ["moves", "=", told],
            ["state", "!=", "cancelled"],
        ]
        found = (await self.client.search(model, domain, ["reference"], limit=1)).records
        if found and told is not None:
            self.write.check_is_free(found[0]["reference"])
        self.write.is_absent = not found
        return found[0]["id"] if found else None

    async def read(self, model: str, record_id: int, *fields: str) -> Record:
        """Return a record as it is now, with its version in `_timestamp`."""
        [record] = await self.client.call(model, "read", [record_id], [*fields, "_timestamp"])
        return record
