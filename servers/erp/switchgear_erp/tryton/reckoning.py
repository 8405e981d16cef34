"""What lines add up to where Tryton adds: half a cent to the even one, tax off unrounded lines."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from switchgear_erp.models import StatedTotals
from switchgear_erp.totals import MOST_MINOR, Priced
from switchgear_erp.tryton.amounts import ZERO
from switchgear_shared.contracts.values import Money, minor_digits
from switchgear_shared.errors import InvalidRequestError


@dataclass(frozen=True, slots=True)
class Reckoned:
    """Net and tax of an invoice in its currency."""

    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        """Net and tax together."""
        return self.net + self.tax


def reckoned(lines: Iterable[Priced], currency: str) -> Reckoned:
    """Return the totals of all lines; raises InvalidRequestError for more than 12 digits."""
    net = ZERO
    by_rate: dict[Decimal, Decimal] = {}
    for line in lines:
        whole = line.quantity * line.unit_price
        net += _checked(_rounded(whole, currency), currency, "a line")
        by_rate[line.tax_percent] = by_rate.get(line.tax_percent, ZERO) + whole
    tax = sum((_rounded(whole * rate / 100, currency) for rate, whole in by_rate.items()), ZERO)
    _checked(net, currency, "the net")
    _checked(net + tax, currency, "the gross")
    return Reckoned(_rounded(net, currency), _rounded(tax, currency))


def check_totals(stated: StatedTotals, totals: Reckoned, currency: str) -> None:
    """Raise InvalidRequestError for lines that bill nothing, or totals that are not theirs."""
    if totals.net < 0 or totals.gross <= 0:
        raise InvalidRequestError(f"the lines add up to {totals.gross} {currency}", field="lines")
    for name, said, made in (
        ("net", stated.net, totals.net),
        ("tax", stated.tax, totals.tax),
        ("gross", stated.gross, totals.gross),
    ):
        if said is not None and said != made:
            raise InvalidRequestError(
                f"{name} is stated as {said:f} {currency}, the lines make {made}",
                field=f"totals.{name}",
            )


def _checked(amount: Decimal, currency: str, what: str) -> Decimal:
    most = Money.from_minor(MOST_MINOR, currency).amount
    if abs(amount) > most:
        raise InvalidRequestError(f"{what} is over {most:,} {currency}", field="lines")
    return amount


def _rounded(amount: Decimal, currency: str) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-minor_digits(currency)), rounding=ROUND_HALF_EVEN)
