"""The lines of an order to be, priced from our products and the party's tax."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.models import COMPANY_CURRENCY, MOST_LINES, OrderKind
from switchgear_erp.sql.books import exchange_rate
from switchgear_erp.tables import PartyRow, ProductRow
from switchgear_erp.totals import Totals, document_totals
from switchgear_erp.trade import PricedLine, WantedLine
from switchgear_shared.contracts.values import Money, TenantId, minor_digits
from switchgear_shared.errors import InvalidRequestError, NotFoundError


async def priced(
    session: AsyncSession, party: PartyRow, kind: OrderKind, wanted: Sequence[WantedLine], on: date
) -> tuple[list[PricedLine], Totals]:
    """Return the lines in the party's currency with price and tax, and what they add up to.

    A product priced in the company's currency is converted at the rate of the day.

    Raises:
        NotFoundError: a product does not exist.
        InvalidRequestError: a line is out of bounds, or has no price in the party's currency.
    """
    if not 1 <= len(wanted) <= MOST_LINES:
        raise InvalidRequestError(
            f"an order has 1 to {MOST_LINES} lines, not {len(wanted)}", field="lines"
        )
    tenant = TenantId(party.tenant)
    found = await session.scalars(
        select(ProductRow).where(
            ProductRow.tenant == tenant, ProductRow.sku.in_({line.sku for line in wanted})
        )
    )
    products = {row.sku: row for row in found}
    rate = await exchange_rate(session, tenant, party.currency, on)
    lines = [
        _priced(index, line, products.get(line.sku), party, kind, rate)
        for index, line in enumerate(wanted)
    ]
    totals = document_totals(lines, party.currency)
    if totals.gross_minor <= 0:
        raise InvalidRequestError("the lines add up to nothing", field="lines")
    return lines, totals


def _priced(
    index: int,
    line: WantedLine,
    product: ProductRow | None,
    party: PartyRow,
    kind: OrderKind,
    rate: Decimal | None,
) -> PricedLine:
    if product is None:
        raise NotFoundError(f"there is no product {line.sku}", field=f"lines.{index}.sku")
    if line.quantity <= 0:
        raise _out_of_bounds(index, "quantity", line.quantity)
    price = line.unit_price
    if price is None:
        price = _own_price(product, party, kind, rate)
    if price is None:
        raise InvalidRequestError(
            f"line {index + 1}: {line.sku} is priced in {product.currency}, the order is in "
            f"{party.currency} and there is no exchange rate: unit_price is missing",
            field=f"lines.{index}.unit_price",
        )
    if price < 0:
        raise _out_of_bounds(index, "unit_price", price)
    complete = PricedLine(
        sku=product.sku,
        description=product.name,
        quantity=line.quantity,
        unit=product.unit,
        unit_price=price,
        tax_percent=product.tax_percent if party.tax_percent is None else party.tax_percent,
        net=Decimal(0),
    )
    minor = document_totals([complete], party.currency).net_minor
    return complete.model_copy(update={"net": Money.from_minor(minor, party.currency).amount})


def _own_price(
    product: ProductRow, party: PartyRow, kind: OrderKind, rate: Decimal | None
) -> Decimal | None:
    minor = product.price_minor if kind == "sale" else product.cost_minor
    price = Money.from_minor(minor, product.currency).amount
    if product.currency == party.currency:
        return price
    if product.currency != COMPANY_CURRENCY or rate is None:
        return None
    step = Decimal(1).scaleb(-minor_digits(party.currency))
    return (price * rate).quantize(step, rounding=ROUND_HALF_UP)


def _out_of_bounds(index: int, field: str, value: Decimal) -> InvalidRequestError:
    return InvalidRequestError(
        f"line {index + 1}: {field} cannot be {value:f}", field=f"lines.{index}.{field}"
    )
