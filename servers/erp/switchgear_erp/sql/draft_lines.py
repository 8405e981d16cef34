"""The lines of an invoice to be, completed from its order and our products."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.models import MOST_LINES, Direction, DraftLine, InvoiceDraft
from switchgear_erp.tables import OrderLineRow, ProductRow
from switchgear_shared.contracts.values import Money, TenantId
from switchgear_shared.errors import InvalidRequestError, NotFoundError

_PIECE = "C62"
_MOST_TAX = 100

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class CompleteLine:
    """A line with all it needs."""

    sku: str | None
    description: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    tax_percent: Decimal


@dataclass(frozen=True, slots=True)
class _Known:
    """What lines may be completed from; products by SKU, of an order's lines the first by SKU."""

    direction: Direction
    currency: str
    ordered: Mapping[str, OrderLineRow]
    products: Mapping[str, ProductRow]


async def complete_lines(
    session: AsyncSession,
    tenant: TenantId,
    draft: InvoiceDraft,
    ordered: Sequence[OrderLineRow],
    currency: str,
) -> list[CompleteLine]:
    """Return the draft's lines, or all that is left of its order where it has none.

    Raises:
        NotFoundError: a receivable bills a product that does not exist.
        InvalidRequestError: a line is not complete, or out of bounds.
    """
    if draft.lines is None:
        return _what_is_left(draft, ordered)
    if not 1 <= len(draft.lines) <= MOST_LINES:
        raise InvalidRequestError(
            f"an invoice has 1 to {MOST_LINES} lines, not {len(draft.lines)}", field="lines"
        )
    skus = {line.sku for line in draft.lines if line.sku is not None}
    products = await session.scalars(
        select(ProductRow).where(ProductRow.tenant == tenant, ProductRow.sku.in_(skus))
    )
    known = _Known(
        direction=draft.direction,
        currency=currency,
        ordered={line.sku: line for line in reversed(ordered)},
        products={row.sku: row for row in products},
    )
    return [_completed(index, line, known) for index, line in enumerate(draft.lines)]


def _what_is_left(draft: InvoiceDraft, ordered: Sequence[OrderLineRow]) -> list[CompleteLine]:
    if draft.order_id is None:
        raise InvalidRequestError("an invoice without an order needs lines", field="lines")
    left = [
        CompleteLine(
            sku=line.sku,
            description=line.description,
            quantity=line.quantity - line.invoiced,
            unit=line.unit,
            unit_price=line.unit_price,
            tax_percent=line.tax_percent,
        )
        for line in ordered
        if line.quantity > line.invoiced
    ]
    if not left:
        raise InvalidRequestError(
            f"order {draft.order_id} is invoiced in full already", field="order_id"
        )
    return left[:MOST_LINES]


def _completed(index: int, line: DraftLine, known: _Known) -> CompleteLine:
    ordered = known.ordered.get(line.sku or "")
    product = known.products.get(line.sku or "")
    if line.sku and not (ordered or product) and known.direction == "receivable":
        raise NotFoundError(f"there is no product {line.sku}", field=f"lines.{index}.sku")
    _check_bounds(index, "quantity", line.quantity, is_fine=line.quantity > 0)
    source = ordered or product
    tax = line.tax_percent
    if tax is None and source is not None:
        tax = source.tax_percent
    tax = _given(index, "tax_percent", tax)
    _check_bounds(index, "tax_percent", tax, is_fine=0 <= tax <= _MOST_TAX)
    name = ordered.description if ordered else product.name if product else line.sku
    return CompleteLine(
        sku=line.sku,
        description=_given(index, "description", line.description or name),
        quantity=line.quantity,
        unit=source.unit if source else _PIECE,
        unit_price=_given(index, "unit_price", _price(line, ordered, product, known)),
        tax_percent=tax,
    )


def _price(
    line: DraftLine, ordered: OrderLineRow | None, product: ProductRow | None, known: _Known
) -> Decimal | None:
    if line.unit_price is not None:
        return line.unit_price
    if ordered is not None:
        return ordered.unit_price
    if product is None or product.currency != known.currency:
        return None
    minor = product.price_minor if known.direction == "receivable" else product.cost_minor
    return Money.from_minor(minor, known.currency).amount


def _given(index: int, field: str, value: Value | None) -> Value:
    if value is None:
        raise InvalidRequestError(
            f"line {index + 1}: {field} is missing", field=f"lines.{index}.{field}"
        )
    return value


def _check_bounds(index: int, field: str, value: Decimal, *, is_fine: bool) -> None:
    if not is_fine:
        raise InvalidRequestError(
            f"line {index + 1}: {field} cannot be {value:f}", field=f"lines.{index}.{field}"
        )
