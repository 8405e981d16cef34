"""The chart of accounts and the double entry that each business fact makes."""

from collections.abc import Sequence
from dataclasses import dataclass

from switchgear_erp.models import Direction

BANK = "1000"
RECEIVABLES = "1200"
INPUT_TAX = "1400"
PAYABLES = "2000"
OUTPUT_TAX = "2200"
SALES = "4000"
PURCHASES = "5000"
EXCHANGE = "7000"

CHART: dict[str, str] = {
    BANK: "Bank",
    RECEIVABLES: "Accounts receivable",
    INPUT_TAX: "Input tax",
    PAYABLES: "Accounts payable",
    OUTPUT_TAX: "Output tax",
    SALES: "Sales",
    PURCHASES: "Purchases",
    EXCHANGE: "Exchange gains and losses",
}


@dataclass(frozen=True, slots=True)
class Booking:
    """One side of an entry in minor units of the company's currency; debit is positive."""

    account: str
    minor: int


def balanced(*bookings: Booking) -> tuple[Booking, ...]:
    """Return the sides that are not zero; raises ValueError unless debit equals credit."""
    if sum(booking.minor for booking in bookings) != 0:
        raise ValueError(f"an entry must balance: {bookings}")
    return tuple(booking for booking in bookings if booking.minor)


def invoice_entry(direction: Direction, *, gross_minor: int, tax_minor: int) -> Sequence[Booking]:
    """Return the entry of a posted invoice; a conversion's odd cent stays in the net."""
    net_minor = gross_minor - tax_minor
    if direction == "receivable":
        return balanced(
            Booking(RECEIVABLES, gross_minor),
            Booking(OUTPUT_TAX, -tax_minor),
            Booking(SALES, -net_minor),
        )
    return balanced(
        Booking(PURCHASES, net_minor),
        Booking(INPUT_TAX, tax_minor),
        Booking(PAYABLES, -gross_minor),
    )


def payment_entry(direction: Direction, *, booked_minor: int, paid_minor: int) -> Sequence[Booking]:
    """Return the entry that settles an invoice booked at one rate and paid at another."""
    sign = 1 if direction == "receivable" else -1
    return balanced(
        Booking(BANK, sign * paid_minor),
        Booking(RECEIVABLES if sign == 1 else PAYABLES, -sign * booked_minor),
        Booking(EXCHANGE, sign * (booked_minor - paid_minor)),
    )
