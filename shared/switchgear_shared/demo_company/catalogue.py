"""What the invented company trades in, and the warehouses it keeps it in."""

from decimal import Decimal
from random import Random

from switchgear_shared.contracts.values import Money
from switchgear_shared.demo_company.identifiers import ean13
from switchgear_shared.demo_company.party import Party
from switchgear_shared.demo_company.records import Item, Location
from switchgear_shared.demo_company.vocabulary import CATEGORIES

LOCATIONS = (
    Location("loc_fre", "FRE", "Freiburg main warehouse", "Freiburg"),
    Location("loc_ham", "HAM", "Hamburg distribution centre", "Hamburg"),
    Location("loc_lin", "LIN", "Linz depot", "Linz"),
)
_LOT_TRACKED = ("CAL", "CHM")


def items(random: Random, parties: tuple[Party, ...]) -> tuple[Item, ...]:
    """Return the 500 items; the same vendor supplies a whole kind of goods."""
    vendors = [party for party in parties if "vendor" in party.roles]
    result: list[Item] = []
    for category in CATEGORIES:
        for good in category.goods:
            vendor = random.choice(vendors)
            for variant in category.variants:
                number = len(result) + 1
                cost = round(category.cost_cents * random.uniform(0.6, 1.8))
                reorder = random.choice((5, 10, 20)) * (20 if category.unit == "MTR" else 1)
                result.append(
                    Item(
                        id=f"itm_{number:04d}",
                        sku=f"{category.code}-{1000 + number}",
                        name=f"{good} {variant}",
                        category=category.name,
                        unit=category.unit,
                        barcode=ean13(number),
                        cost=Money.from_minor(cost, "EUR"),
                        price=Money.from_minor(round(cost * random.uniform(1.35, 1.9)), "EUR"),
                        is_lot_tracked=category.code in _LOT_TRACKED,
                        reorder_point=Decimal(reorder),
                        reorder_quantity=Decimal(reorder * 3),
                        vendor_id=vendor.id,
                    )
                )
    return tuple(result)
