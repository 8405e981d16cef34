"""Parties, products, warehouses and what lies in them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from accounting import Books
from proteus import Model


@dataclass(frozen=True, slots=True)
class Good:
    """A product: its code, price and cost in EUR, and what lies in the two warehouses."""

    code: str
    name: str
    price: str
    cost: str
    main: float = 0
    north: float = 0
    unit: str = "Unit"
    is_taxed: bool = True
    is_by_lot: bool = False
    reorder: tuple[float, float] | None = None


CUSTOMERS = {
    "Brandt Maschinenbau GmbH": ("einkauf@brandt.example", None),
    "Lindqvist Energi AB": ("orders@lindqvist.example", Decimal(1000)),
    "O'Hara & Sons Ltd": ("buying@ohara.example", Decimal(50000)),
}
VENDORS = {
    "Kupfer und Draht KG": "vertrieb@kupfer.example",
    "Northwind Components Ltd": "sales@northwind.example",
    "Adhesives Direct BV": "info@adhesives.example",
}
GOODS = [
    Good("BRK-016", "Circuit breaker 16 A", "12.50", "7.25", 100, 20, reorder=(25, 150)),
    Good("BRK-063", "Circuit breaker 63 A", "48.00", "29.40", 40, 5, reorder=(10, 60)),
    Good("CBL-3G15", "Cable NYM-J 3x1.5", "0.89", "0.41", 2500, 500, unit="Meter"),
    Good("ENC-200", "Enclosure 200 x 300", "64.90", "38.00", 12, 0, reorder=(15, 40)),
    Good("RLY-24V", "Relay 24 V", "9.95", "4.80", 3, 0, reorder=(20, 80)),
    Good("MTR-3PH", "Energy meter, three phases", "129.00", "81.50", 18, 6),
    Good("GLU-500", "Sealing compound 500 g", "17.40", "8.20", 30, 0, is_by_lot=True),
    Good("MAN-EN", "Installation handbook", "24.00", "6.10", 50, 10, is_taxed=False),
]
SHELF_LIFE_DAYS = 365


def open_trade(company: Any, books: Books) -> None:
    """Make parties, products and warehouses, and count the stock in."""
    for name, (email, credit_limit) in CUSTOMERS.items():
        _party(name, email, customer_payment_term=books.payment_term).save()
        if credit_limit is not None:
            (customer,) = Model.get("party.party").find([("name", "=", name)])
            customer.credit_limit_amount = credit_limit
            customer.save()
    vendors = []
    for name, email in VENDORS.items():
        vendor = _party(name, email, supplier_payment_term=books.payment_term)
        vendor.save()
        vendors.append(vendor)
    products = {good: _product(good, books) for good in GOODS}
    for index, (good, product) in enumerate(products.items()):
        _offer(product, vendors[index % len(vendors)], Decimal(good.cost))
    (main,) = Model.get("stock.location").find([("type", "=", "warehouse")])
    main.name, main.code = "Main warehouse", "WH"
    main.save()
    north = _warehouse("North warehouse", "NORTH")
    _count(main.storage_location, {product: good.main for good, product in products.items()})
    _count(north.storage_location, {product: good.north for good, product in products.items()})
    for good, product in products.items():
        if good.reorder:
            _order_point(company, product, main, *good.reorder)


def _party(name: str, email: str, **terms: Any) -> Any:
    party = Model.get("party.party")(name=name, **terms)
    address = party.addresses[0] if party.addresses else party.addresses.new()
    address.street, address.city = "Hauptstraße 5", "Hamburg"
    party.contact_mechanisms.new(type="email", value=email)
    return party


def _product(good: Good, books: Books) -> Any:
    (unit,) = Model.get("product.uom").find([("name", "=", good.unit)], limit=1)
    template = Model.get("product.template")(
        name=good.name,
        type="goods",
        default_uom=unit,
        salable=True,
        purchasable=True,
        list_price=Decimal(good.price),
        cost_price_method="fixed",
        account_category=books.taxed_goods if good.is_taxed else books.untaxed_goods,
    )
    if good.is_by_lot:
        template.lot_required = ["supplier", "customer", "lost_found", "storage", "production"]
        template.shelf_life_state = "optional"
        template.shelf_life_time = SHELF_LIFE_DAYS
        template.expiration_state = "optional"
        template.expiration_time = SHELF_LIFE_DAYS
    product = template.products[0]
    product.suffix_code = good.code
    product.cost_price = Decimal(good.cost)
    template.save()
    return template.products[0]


def _offer(product: Any, vendor: Any, cost: Decimal) -> None:
    offer = Model.get("purchase.product_supplier")(template=product.template, party=vendor)
    offer.lead_time = timedelta(days=3)
    offer.prices.new(quantity=0, unit_price=cost)
    offer.save()


def _warehouse(name: str, code: str) -> Any:
    location = Model.get("stock.location")
    rooms = {}
    for kind in ("input", "output", "storage"):
        room = location(name=f"{name}, {kind}", code=f"{code}-{kind[:3].upper()}", type="storage")
        room.save()
        rooms[f"{kind}_location"] = room
    (lost,) = location.find([("type", "=", "lost_found")], limit=1)
    warehouse = location(name=name, code=code, type="warehouse", lost_found_location=lost, **rooms)
    warehouse.save()
    return warehouse


def _count(location: Any, quantities: dict[Any, float]) -> None:
    inventory = Model.get("stock.inventory")(location=location)
    for product, quantity in quantities.items():
        if not quantity:
            continue
        line = inventory.lines.new(product=product)
        if product.template.lot_required:
            line.lot = _lot(product)
        line.quantity = quantity
    inventory.save()
    inventory.click("confirm")


def _lot(product: Any) -> Any:
    ends_on = datetime.now(UTC).date() + timedelta(days=SHELF_LIFE_DAYS)
    lot = Model.get("stock.lot")(number=f"{product.code}-1", product=product)
    lot.shelf_life_expiration_date = lot.expiration_date = ends_on
    lot.save()
    return lot


def _order_point(company: Any, product: Any, warehouse: Any, minimum: float, target: float) -> None:
    Model.get("stock.order_point")(
        type="purchase",
        company=company,
        product=product,
        location=warehouse,
        min_quantity=minimum,
        target_quantity=target,
    ).save()
