"""How much to order of what runs out: the reckoning, once the stock and its use are read."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_FLOOR, Decimal

from switchgear_inventory.models import ReorderLine, Sku
from switchgear_shared.storage.columns import plain

LOOKED_BACK = timedelta(days=90)
"""The use that a proposal looks at."""

_MONTHS = 3


@dataclass(frozen=True, slots=True)
class Shortage:
    """An item of which no more is available and incoming than its reorder point."""

    vendor_id: str
    sku: Sku
    name: str
    unit: str
    available: Decimal
    incoming: Decimal
    point: Decimal
    batch: Decimal
    """What is ordered at once; zero: any number."""
    used: Decimal
    """Shipped in the days looked back on."""


def proposal(short: Shortage) -> ReorderLine:
    """Propose the fewest batches that exceed the point and a month's use."""
    batch = plain(short.batch) if short.batch > 0 else Decimal(1)
    available, incoming = plain(short.available), plain(short.incoming)
    point, used = plain(short.point), plain(short.used)
    wanted = max(point, used / _MONTHS)
    count = ((wanted - available - incoming) / batch).to_integral(ROUND_FLOOR) + 1
    month = plain((used / _MONTHS).quantize(Decimal("0.1")))
    return ReorderLine(
        vendor_id=short.vendor_id,
        sku=short.sku,
        name=short.name,
        unit=short.unit,
        quantity=plain(count * batch),
        available=available,
        incoming=incoming,
        reorder_point=point,
        used_90_days=used,
        reason=(
            f"{available} available and {incoming} incoming against a reorder point of {point} and "
            f"{month} used a month: {count} x {batch}"
        ),
    )
