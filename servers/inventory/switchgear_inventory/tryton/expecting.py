"""What a purchase in Tryton still brings: the moves that no shipment has taken yet."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from switchgear_inventory.models import ReceiptLine
from switchgear_inventory.tryton.acting import Act
from switchgear_inventory.tryton.levels import ZERO
from switchgear_inventory.tryton.places import Places, Warehouse
from switchgear_inventory.tryton.products import Product
from switchgear_shared.errors import BackendRejectedError, ConflictError, InvalidRequestError
from switchgear_shared.storage.columns import plain
from switchgear_shared.storage.tryton.client import Record

PURCHASE = "purchase.purchase"
_FIELDS = (
    "product",
    "quantity",
    "internal_quantity",
    "unit",
    "state",
    "shipment",
    "from_location",
    "to_location",
    "unit_price",
    "currency",
    "origin",
    "_timestamp",
)


@dataclass(frozen=True, slots=True)
class Share:
    """What of one line of a delivery goes on one expected move."""

    move: Record
    product: Product
    quantity: Decimal
    line: ReceiptLine


@dataclass(slots=True)
class Expected:
    """The moves that a purchase still expects in a warehouse, and what is left of each."""

    purchase: Record
    moves: list[Record]
    elsewhere: dict[int, str]
    """For products that it brings to other warehouses only: which."""
    is_whole: bool
    """Whether `moves` are all that is still to come of it."""
    left: dict[int, Decimal] = field(default_factory=dict[int, Decimal])

    def allot(self, product: Product, line: ReceiptLine, about: str) -> list[Share]:
        """Return which moves take a line in; raises what InventoryBackend.receive raises."""
        ref = self.purchase["number"]
        here = [move for move in self.moves if move["product"] == product.id]
        if not here and product.id in self.elsewhere:
            where = self.elsewhere[product.id]
            raise InvalidRequestError(f"{ref} brings {product.sku} to {where}", field="location")
        still = sum((self.left[move["id"]] for move in here), ZERO)
        if line.quantity > still:
            raise ConflictError(
                f"{ref} expects {plain(still)} more of {product.sku}, not {plain(line.quantity)}",
                field=f"{about}.quantity",
            )
        quantity = line.quantity
        shares: list[Share] = []
        for move in here:
            share = min(quantity, self.left[move["id"]])
            if share > 0:
                if move["unit"] != product.unit_id:
                    raise BackendRejectedError(
                        f"{ref} orders {product.sku} in another unit than the item's: receive it "
                        "in Tryton"
                    )
                self.left[move["id"]] -= share
                quantity -= share
                shares.append(Share(move, product, share, line))
        return shares


async def purchase_of(act: Act, source_ref: str) -> Record:
    """Return the confirmed purchase of a number, else of a reference.

    Raises:
        InvalidRequestError: there is none, or there are several.
    """
    fields = ["number", "reference", "party", "state", "shipment_state", "moves"]
    for name in ("number", "reference"):
        domain = [[name, "=", source_ref], ["state", "in", ["processing", "done"]]]
        found = (await act.client.search(PURCHASE, domain, fields, limit=2)).records
        if len(found) > 1:
            raise InvalidRequestError(
                f"Tryton has several purchases {source_ref}: name one by its number",
                field="source_ref",
            )
        if found:
            return found[0]
    raise InvalidRequestError(f"Tryton has no confirmed purchase {source_ref}", field="source_ref")


async def expected_of(
    act: Act,
    places: Places,
    warehouse: Warehouse,
    purchase: Record,
    products: Sequence[Product],
) -> Expected:
    """Return what a purchase still brings of these products to a warehouse.

    Raises:
        InvalidRequestError: it is not for one of them.
    """
    moves: list[Record] = []
    if purchase["moves"]:
        moves = await act.client.call("stock.move", "read", purchase["moves"], [*_FIELDS])
    moves.sort(key=lambda move: move["id"])
    ordered = {move["product"] for move in moves}
    for place, product in enumerate(products):
        if product.id not in ordered:
            raise InvalidRequestError(
                f"{purchase['number']} is not for {product.sku}", field=f"lines.{place}.sku"
            )
    codes = {move["id"]: places.code_of(move["to_location"]) for move in moves}
    here = [move for move in moves if codes[move["id"]] == warehouse.code]
    there = {move["product"]: codes[move["id"]] or "" for move in moves if move not in here}
    still = [move for move in here if move["state"] == "draft" and not move["shipment"]]
    for product_id in {move["product"] for move in here}:
        there.pop(product_id, None)
    by_id = {product.id: product for product in products}
    asked = [move for move in still if move["product"] in by_id]
    coming = [move for move in moves if move["state"] in {"draft", "assigned"}]
    expected = Expected(purchase, asked, there, is_whole=len(asked) == len(coming))
    expected.left = {
        move["id"]: by_id[move["product"]].exact(move["internal_quantity"])
        for move in expected.moves
    }
    return expected
