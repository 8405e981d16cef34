"""The tool that pays invoices."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from math import ceil
from typing import Annotated, Any

from pydantic import Field

from switchgear_erp.answers import Written
from switchgear_erp.backend import ErpBackend
from switchgear_erp.models import InvoiceId
from switchgear_erp.tools.arguments import Invoice, Version, erp
from switchgear_erp.trade import Payment
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.texts import within
from switchgear_shared.contracts.values import ExactDecimal, minor_digits


async def payment_facts(
    backend: ErpBackend, caller: Caller, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return what policies decide a payment by: its amount, and that at the invoice's rate."""
    invoice = await backend.get_invoice(
        caller.tenant, invoice_id=InvoiceId(arguments["invoice_id"])
    )
    given = arguments.get("amount")
    amount = invoice.open.amount if given is None else Decimal(given)
    share = amount * invoice.company_gross.amount / invoice.gross.amount
    return {
        "amount_minor": _minor(amount, invoice.gross.currency),
        "currency": invoice.gross.currency,
        "amount_company_minor": _minor(share, invoice.company_gross.currency),
        "party_id": invoice.party_id,
    }


def _minor(amount: Decimal, currency: str) -> int:
    """Return minor units, what is less than one rounded up."""
    return ceil(amount.scaleb(minor_digits(currency)))


@erp.write(permission="erp.payment.record", idempotent=False, destructive=True, facts=payment_facts)
async def erp_record_payment(
    backend: ErpBackend,
    caller: Caller,
    *,
    invoice_id: Invoice,
    amount: Annotated[
        ExactDecimal | None,
        Field(description="Default: all that is open."),
    ] = None,
    paid_on: Annotated[date | None, Field(description="Default: today.")] = None,
    reference: Annotated[
        Annotated[str, within(140)] | None, Field(description="The bank's; once an invoice.")
    ] = None,
    expected_version: Version | None = None,
) -> Written:
    """Book a payment of a posted invoice, in full or in part.

    Use it when a customer paid, or we paid. Large amounts may need approval.
    Fails with conflict if it is paid, the reference is known or it moved on, invalid_request if
    less is open or the books are closed.
    """
    result = await backend.record_payment(
        caller.tenant,
        invoice_id=invoice_id,
        payment=Payment(amount=amount, paid_on=paid_on, reference=reference),
        expected_version=expected_version,
        caller=caller,
    )
    return Written.of(result)
