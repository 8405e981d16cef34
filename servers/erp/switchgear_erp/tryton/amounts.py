"""Tryton's numbers as ours: amounts in their currency's digits, quantities without a tail."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from switchgear_shared.contracts.values import Money, minor_digits
from switchgear_shared.storage.columns import plain
from switchgear_shared.storage.tryton.client import Record

ZERO = Decimal(0)
_DIGITS = 6


def money(amount: Decimal | None, currency: str) -> Money:
    """Return an amount of Tryton's in the digits of its currency."""
    step = Decimal(1).scaleb(-minor_digits(currency))
    exact = (amount or ZERO).quantize(step, rounding=ROUND_HALF_UP)
    return Money(amount=exact, currency=currency)


def exact(number: float | Decimal | None) -> Decimal:
    """Return a quantity, a float of Tryton's, or a price, with at most six digits."""
    step = Decimal(1).scaleb(-_DIGITS)
    return plain(Decimal(str(number or 0)).quantize(step, rounding=ROUND_HALF_UP))


def tax_percent(taxes: Iterable[Record]) -> Decimal:
    """Return the rates of taxes (fields `type` and `rate`) together; fixed amounts have none."""
    rates = (tax["rate"] for tax in taxes if tax["type"] == "percentage")
    return exact(sum((rate for rate in rates if rate), ZERO) * 100)
