"""What an invoice says, and the totals that follow from it exactly."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from switchgear_shared.contracts.values import minor_digits


@dataclass(frozen=True)
class Party:
    """A seller or buyer; `country` is ISO 3166, `iban` the account a seller is paid to.

    `vat` is the VAT id or, where there is none, another tax number.
    """

    name: str
    vat: str | None
    street: str
    city: str
    zip: str
    country: str
    iban: str | None = None

    @property
    def has_vat_id(self) -> bool:
        """Whether `vat` starts with a country, as VAT ids do (BR-CO-09)."""
        return (self.vat or "")[:2].isalpha()


@dataclass(frozen=True)
class Line:
    """One position; `unit` is a UN/ECE code such as C62 (pieces) or HUR (hours)."""

    description: str
    seller_item_id: str | None
    buyer_item_id: str | None
    quantity: Decimal
    unit: str
    unit_price: Decimal
    tax_percent: Decimal


@dataclass(frozen=True)
class TaxPart:
    """What is taxed at one rate, and the tax on it."""

    percent: Decimal
    base: Decimal
    tax: Decimal

    @property
    def category(self) -> str:
        """UNCL 5305: standard rate, or zero rated."""
        return "S" if self.percent else "Z"


@dataclass(frozen=True)
class InvoiceSpec:
    """A commercial invoice (type code 380); raises KeyError for an unknown currency.

    Each line is rounded to the currency's minor unit, and the tax once for each rate.
    """

    number: str
    date: dt.date
    due_date: dt.date
    seller: Party
    buyer: Party
    currency: str
    order_ref: str | None
    lines: tuple[Line, ...]
    note: str = ""

    def rounded(self, amount: Decimal) -> Decimal:
        """Return the amount in whole minor units of the currency."""
        unit = Decimal(1).scaleb(-minor_digits(self.currency))
        return amount.quantize(unit, rounding=ROUND_HALF_UP)

    def line_net(self, line: Line) -> Decimal:
        """Return what the line costs without tax."""
        return self.rounded(line.quantity * line.unit_price)

    @property
    def tax_parts(self) -> tuple[TaxPart, ...]:
        """The tax by rate, highest rate first."""
        bases: defaultdict[Decimal, Decimal] = defaultdict(Decimal)
        for line in self.lines:
            bases[line.tax_percent.normalize()] += self.line_net(line)
        return tuple(
            TaxPart(percent, base, self.rounded(base * percent / 100))
            for percent, base in sorted(bases.items(), reverse=True)
        )

    @property
    def net(self) -> Decimal:
        """The sum of the lines."""
        return self.rounded(sum((self.line_net(line) for line in self.lines), Decimal(0)))

    @property
    def tax(self) -> Decimal:
        """The sum of the taxes."""
        return self.rounded(sum((part.tax for part in self.tax_parts), Decimal(0)))

    @property
    def gross(self) -> Decimal:
        """What is to be paid."""
        return self.net + self.tax
