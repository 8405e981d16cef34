"""What is read off the books: open items by age and the trial balance."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainSerializer, WithJsonSchema

from switchgear_erp.answers import Answer, fields_of, rows_of
from switchgear_erp.models import PartyId

LedgerAmount = Annotated[
    Decimal,
    PlainSerializer(lambda value: format(value, "f"), return_type=str),
    WithJsonSchema({"type": "string"}),
]
"""A sum in the company's currency, as large as the books make it."""


class Aging(Answer):
    """Open invoices by days past due."""

    not_due: LedgerAmount
    days_1_to_30: LedgerAmount
    days_31_to_60: LedgerAmount
    days_61_to_90: LedgerAmount
    over_90_days: LedgerAmount
    total: LedgerAmount


class AccountBalance(Answer):
    """What is booked on one account."""

    account: str
    name: str
    debit: LedgerAmount
    credit: LedgerAmount


class Balances(Answer):
    """Open items, and the trial balance where no party was named; all in `currency`."""

    as_of: date
    currency: str
    party_id: PartyId | None
    receivable: Annotated[Aging, fields_of(*Aging.model_fields)]
    payable: Annotated[Aging, fields_of(*Aging.model_fields)]
    credit_limit: LedgerAmount | None
    credit_left: LedgerAmount | None = Field(description="Negative: over the limit.")
    trial_balance: Annotated[tuple[AccountBalance, ...], rows_of(*AccountBalance.model_fields)]
    debit_total: LedgerAmount
    credit_total: LedgerAmount
