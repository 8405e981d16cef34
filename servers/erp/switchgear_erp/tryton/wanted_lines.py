"""The lines of an invoice to be, completed from its order and Tryton's products."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from switchgear_erp.models import MOST_LINES, DraftLine, InvoiceDraft
from switchgear_erp.tryton.amounts import exact
from switchgear_erp.tryton.billed_orders import BilledOrder, OrderedLine
from switchgear_erp.tryton.ids import invoice_id
from switchgear_erp.tryton.price_digits import check_price_digits
from switchgear_erp.tryton.product_defaults import ProductDefaults, taxes_of
from switchgear_shared.errors import InvalidRequestError, NotFoundError
from switchgear_shared.storage.tryton.client import TrytonClient

_MOST_TAX = 100

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class WantedInvoiceLine:
    """A line with all it needs; `note` is a description other than the product's name.

    `origin` and `moves` are of the line of the order that it bills, if it fits on one.
    """

    sku: str | None
    description: str
    note: str | None
    product: int | None
    quantity: Decimal
    unit: int | None
    unit_price: Decimal
    tax_percent: Decimal
    taxes: tuple[int, ...]
    account: int | None
    origin: str | None = None
    moves: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    client: TrytonClient
    draft: InvoiceDraft
    order: BilledOrder | None
    products: Mapping[str, ProductDefaults]
    is_own_currency: bool


async def wanted_lines(
    client: TrytonClient,
    draft: InvoiceDraft,
    order: BilledOrder | None,
    products: Mapping[str, ProductDefaults],
    *,
    without: Sequence[int],
    is_own_currency: bool,
) -> list[WantedInvoiceLine]:
    """Return the draft's lines, or all that is left of its order where it has none.

    Invoices in `without` bill nothing: the draft takes their place.

    Raises:
        NotFoundError: a receivable bills a product that does not exist.
        InvalidRequestError: a line is not complete, or out of bounds.
    """
    if draft.lines is None:
        return _what_is_left(draft, order, without)
    if not 1 <= len(draft.lines) <= MOST_LINES:
        raise InvalidRequestError(
            f"an invoice has 1 to {MOST_LINES} lines, not {len(draft.lines)}", field="lines"
        )
    await check_price_digits(client, "account.invoice.line", draft.lines)
    known = _Known(client, draft, order, products, is_own_currency)
    lines = [await _completed(place, line, known) for place, line in enumerate(draft.lines)]
    return lines if order is None else _fitted(lines, order, without)


def _what_is_left(
    draft: InvoiceDraft, order: BilledOrder | None, without: Sequence[int]
) -> list[WantedInvoiceLine]:
    if order is None:
        raise InvalidRequestError("an invoice without an order needs lines", field="lines")
    left = [
        replace(_as_ordered(line), quantity=quantity)
        for line in order.lines
        if (quantity := line.left(without=without)) > 0
    ]
    if not left:
        bills = sorted({bill.invoice for line in order.lines for bill in line.bills})
        raise InvalidRequestError(
            f"order {draft.order_id} is invoiced in full already",
            field="order_id",
            details={"invoices": [invoice_id(number) for number in bills]},
        )
    return left[:MOST_LINES]


def _as_ordered(line: OrderedLine) -> WantedInvoiceLine:
    return WantedInvoiceLine(
        sku=line.sku,
        description=line.description,
        note=line.note,
        product=line.product,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        tax_percent=line.tax_percent,
        taxes=line.taxes,
        account=None,
        origin=line.origin,
        moves=line.moves,
    )


def _fitted(
    lines: Sequence[WantedInvoiceLine], order: BilledOrder, without: Sequence[int]
) -> list[WantedInvoiceLine]:
    """Return the lines, each billing the first line of the order that has so much left.

    One that fits nowhere bills none: Tryton would credit what is over with a draft of its own.
    """
    left = {line.origin: line.left(without=without) for line in order.lines}
    fitted: list[WantedInvoiceLine] = []
    for line in lines:
        places = [one for one in order.named(line.sku) if left[one.origin] >= line.quantity]
        if places:
            left[places[0].origin] -= line.quantity
            line = replace(line, origin=places[0].origin, moves=places[0].moves)  # noqa: PLW2901
        fitted.append(line)
    return fitted


async def _completed(place: int, line: DraftLine, known: _Known) -> WantedInvoiceLine:
    ordered = next(iter(known.order.named(line.sku)), None) if known.order else None
    product = known.products.get(line.sku or "")
    if line.sku and not (ordered or product) and known.draft.direction == "receivable":
        raise NotFoundError(f"there is no product {line.sku}", field=f"lines.{place}.sku")
    _check_bounds(place, "quantity", line.quantity, is_fine=line.quantity > 0)
    percent = line.tax_percent
    source = ordered or product
    if percent is None and source is not None:
        percent = source.tax_percent
    percent = _given(place, "tax_percent", percent)
    _check_bounds(place, "tax_percent", percent, is_fine=0 <= percent <= _MOST_TAX)
    digits = source.digits if source else None
    if digits is not None and line.quantity != round(line.quantity, digits):
        raise InvalidRequestError(
            f"line {place + 1}: {line.sku} has at most {digits} decimals, not {line.quantity:f}",
            field=f"lines.{place}.quantity",
        )
    name = source.description if source else line.sku
    note = line.description
    if note is not None and source is None and line.sku:
        note = f"{line.sku} {note}"
    description = _given(place, "description", note or name)
    if description == name and source is not None:
        note = ordered.note if ordered else None
    else:
        note = description
    price = _price(line, ordered, product, known)
    if source is not None and percent == source.tax_percent:
        taxes = source.taxes
    else:
        field = f"lines.{place}.tax_percent"
        taxes = await taxes_of(known.client, percent, known.draft.direction, field)
    return WantedInvoiceLine(
        sku=source.sku if source else None,
        description=description,
        note=note,
        product=source.product if source else None,
        quantity=exact(line.quantity),
        unit=source.unit if source else None,
        unit_price=exact(_given(place, "unit_price", price)),
        tax_percent=percent,
        taxes=taxes,
        account=product.account if product else None,
    )


def _price(
    line: DraftLine, ordered: OrderedLine | None, product: ProductDefaults | None, known: _Known
) -> Decimal | None:
    if line.unit_price is not None:
        return line.unit_price
    if ordered is not None:
        return ordered.unit_price
    if product is None or not known.is_own_currency:
        return None
    return product.price if known.draft.direction == "receivable" else product.cost


def _given(place: int, field: str, value: Value | None) -> Value:
    if value is None:
        raise InvalidRequestError(
            f"line {place + 1}: {field} is missing", field=f"lines.{place}.{field}"
        )
    return value


def _check_bounds(place: int, field: str, value: Decimal, *, is_fine: bool) -> None:
    if not is_fine:
        raise InvalidRequestError(
            f"line {place + 1}: {field} cannot be {value:f}", field=f"lines.{place}.{field}"
        )
