"""Rules of goods and money that hold whatever system is behind the port."""

from collections.abc import Sequence

from switchgear_erp.days import check_year
from switchgear_erp.models import MOST_LINES
from switchgear_erp.trade import FulfilledLine, Payment
from switchgear_shared.contracts.values import Money, minor_digits
from switchgear_shared.errors import ConflictError, InvalidRequestError


def check_fulfilled(wanted: Sequence[FulfilledLine]) -> None:
    """Raise InvalidRequestError for too many lines or none, and for a line out of bounds."""
    if not 1 <= len(wanted) <= MOST_LINES:
        raise InvalidRequestError(
            f"1 to {MOST_LINES} lines are fulfilled at once, not {len(wanted)}", field="lines"
        )
    for index, line in enumerate(wanted):
        if line.quantity <= 0:
            raise InvalidRequestError(
                f"line {index + 1}: quantity cannot be {line.quantity:f}",
                field=f"lines.{index}.quantity",
            )
        if line.expires_on is not None:
            check_year(f"lines.{index}.expires_on", line.expires_on)


def amount_to_pay(payment: Payment, is_open: Money, invoice: str) -> Money:
    """Return what a payment pays of an invoice: all that is open unless it says less.

    Raises:
        ConflictError: nothing is open.
        InvalidRequestError: more is paid than is open, or what the currency cannot express.
    """
    says = f"{is_open.amount} {is_open.currency} of invoice {invoice} is open"
    details = {"open": is_open.model_dump(mode="json")}
    if is_open.amount <= 0:
        raise ConflictError(f"{says}: it is paid", field="invoice_id", details=details)
    if payment.amount is None:
        return is_open
    scaled = payment.amount.scaleb(minor_digits(is_open.currency))
    if scaled <= 0 or scaled != scaled.to_integral_value():
        raise InvalidRequestError(
            f"{payment.amount:f} {is_open.currency} cannot be paid: an amount is over zero and "
            f"has at most {minor_digits(is_open.currency)} decimals",
            field="amount",
            details=details,
        )
    if payment.amount > is_open.amount:
        raise InvalidRequestError(
            f"{says}, not {payment.amount:f}", field="amount", details=details
        )
    return Money.from_minor(int(scaled), is_open.currency)
