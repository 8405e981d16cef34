"""Products as items: what of Tryton's fields is which of ours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from switchgear_inventory.models import MOST_STOCK, ItemId, Sku
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.storage.columns import plain
from switchgear_shared.storage.tryton.client import MOST_RECORDS, Domain, Record, TrytonClient
from switchgear_shared.storage.tryton.texts import literal, number_of, unit_code

FIELDS = (
    "code",
    "name",
    "default_uom.symbol",
    "default_uom.digits",
    "lot_required",
    "identifiers.type",
    "identifiers.code",
    "template.categories.name",
    "template.product_suppliers.party",
)
KEPT: Domain = [["type", "=", "goods"], ["code", "!=", None], ["code", "!=", ""]]
"""What we call an item: goods that have a code."""


@dataclass(frozen=True, slots=True)
class Product:
    """An item as Tryton knows it; `digits` is how far its unit is split."""

    id: int
    sku: Sku
    name: str
    unit: str
    unit_id: int
    digits: int
    is_lot_tracked: bool
    barcode: str
    category: str
    vendor_id: str

    @property
    def item_id(self) -> ItemId:
        """Its id, as our callers see it."""
        return ItemId(str(self.id))

    def exact(self, quantity: float | None) -> Decimal:
        """Return a quantity of Tryton's, a float, in the unit's digits."""
        return plain(Decimal(str(quantity or 0)).quantize(Decimal(1).scaleb(-self.digits)))

    def check(self, quantity: Decimal, field: str) -> None:
        """Refuse what the unit does not split into, and what is too much for one item."""
        if quantity != round(quantity, self.digits):
            kept = "whole pieces" if self.digits == 0 else f"{self.digits} digits of {self.unit}"
            raise InvalidRequestError(f"{self.sku} is kept in {kept}, not {quantity}", field=field)
        if abs(quantity) > MOST_STOCK:
            raise InvalidRequestError(
                f"more than {MOST_STOCK} of {self.sku} cannot be kept", field=field
            )

    def check_lot(self, lot: str | None, field: str, *, is_needed: bool) -> None:
        """Refuse a lot of an item without lots, and no lot where one is needed."""
        if is_needed and self.is_lot_tracked and lot is None:
            raise InvalidRequestError(f"{self.sku} is lot-tracked", field=field)
        if not self.is_lot_tracked and lot is not None:
            raise InvalidRequestError(f"{self.sku} has no lots", field=field)


def product_of(record: Record) -> Product:
    """Return the product of a record with FIELDS."""
    template = record["template"] or {}
    suppliers = template.get("product_suppliers") or []
    categories = template.get("categories") or []
    barcodes = [one["code"] for one in record["identifiers"] or [] if one["type"] == "ean"]
    symbol: str = record["default_uom"]["symbol"]
    return Product(
        id=record["id"],
        sku=Sku(record["code"]),
        name=record["name"],
        unit=unit_code(symbol),
        unit_id=record["default_uom"]["id"],
        digits=record["default_uom"]["digits"],
        is_lot_tracked=bool(record["lot_required"]),
        barcode=barcodes[0] if barcodes else "",
        category=", ".join(category["name"] for category in categories),
        vendor_id=f"party-{suppliers[0]['party']}" if suppliers else "",
    )


async def products_in(client: TrytonClient, ids: Iterable[int]) -> dict[int, Product]:
    """Return the items among products, by id."""
    wanted = sorted(set(ids))
    found: dict[int, Product] = {}
    for start in range(0, len(wanted), MOST_RECORDS):
        domain = [*KEPT, ["id", "in", wanted[start : start + MOST_RECORDS]]]
        page = await client.search("product.product", domain, FIELDS, limit=MOST_RECORDS)
        found |= {record["id"]: product_of(record) for record in page.records}
    return found


async def products_of(
    client: TrytonClient, skus: Sequence[str], field: str = "lines.{}.sku"
) -> list[Product]:
    """Return the items of SKUs, in their order; raises NotFoundError about the field."""
    wanted = sorted({sku.lower() for sku in skus})
    domain = [*KEPT, ["OR", *[["code", "ilike", literal(sku)] for sku in wanted]]]
    page = await client.search("product.product", domain, FIELDS, limit=MOST_RECORDS)
    known: dict[str, Product] = {}
    for record in page.records:
        known.setdefault(record["code"].lower(), product_of(record))
    for place, sku in enumerate(skus):
        if sku.lower() not in known:
            raise NotFoundError(f"there is no item {sku}", field=field.format(place))
    return [known[sku.lower()] for sku in skus]


async def product_named(
    client: TrytonClient, sku: Sku | None, item_id: ItemId | None = None
) -> Product:
    """Return the one item of that SKU and id; raises NotFoundError."""
    name = " ".join(part for part in (sku, item_id) if part)
    missing = NotFoundError(
        f"there is no item {name}", field="sku" if item_id is None else "item_id"
    )
    domain = [*KEPT]
    if sku is not None:
        domain.append(["code", "ilike", literal(sku)])
    if item_id is not None:
        number = number_of(item_id)
        if number is None:
            raise missing
        domain.append(["id", "=", number])
    page = await client.search("product.product", domain, FIELDS, limit=1)
    if not page.records:
        raise missing
    return product_of(page.records[0])
