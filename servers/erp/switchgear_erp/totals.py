"""What lines add up to: exact, by line, with tax rounded once for each rate."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from switchgear_shared.contracts.values import Money, minor_digits
from switchgear_shared.errors import InvalidRequestError

MOST_MINOR = 10**12 - 1
"""The largest amount of a document, in minor units: 12 digits."""


class Priced(Protocol):
    """A line as far as its amounts go."""

    @property
    def quantity(self) -> Decimal: ...  # noqa: D102 - the name says it
    @property
    def unit_price(self) -> Decimal: ...  # noqa: D102 - same
    @property
    def tax_percent(self) -> Decimal: ...  # noqa: D102 - same


@dataclass(frozen=True, slots=True)
class Totals:
    """Net and tax of a document in minor units."""

    net_minor: int
    tax_minor: int

    @property
    def gross_minor(self) -> int:
        """Net and tax together."""
        return self.net_minor + self.tax_minor


def net_minor(line: Priced, currency: str) -> int:
    """Return the line's net in minor units of `currency`, rounded half up."""
    return _rounded((line.quantity * line.unit_price).scaleb(minor_digits(currency)))


def document_totals(lines: Iterable[Priced], currency: str) -> Totals:
    """Return the totals of all lines.

    Raises:
        InvalidRequestError: an amount has more than 12 digits.
    """
    by_rate: dict[Decimal, int] = {}
    for line in lines:
        net = checked(net_minor(line, currency), currency, "a line")
        by_rate[line.tax_percent] = by_rate.get(line.tax_percent, 0) + net
    totals = Totals(
        net_minor=sum(by_rate.values()),
        tax_minor=sum(_rounded(net * rate / 100) for rate, net in by_rate.items()),
    )
    checked(totals.net_minor, currency, "the net")
    checked(totals.gross_minor, currency, "the gross")
    return totals


def checked(minor: int, currency: str, what: str) -> int:
    """Return `minor`, or raise InvalidRequestError where it has more than 12 digits."""
    if abs(minor) > MOST_MINOR:
        most = Money.from_minor(MOST_MINOR, currency)
        raise InvalidRequestError(f"{what} is over {most.amount:,} {currency}", field="lines")
    return minor


def converted(minor: int, currency: str, into: str, rate: Decimal) -> int:
    """Return `minor` units of `currency` in minor units of `into`.

    `rate` is how many of `currency` buy one of `into`.
    """
    amount = Decimal(minor).scaleb(-minor_digits(currency)) / rate
    return _rounded(amount.scaleb(minor_digits(into)))


def _rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))
