"""A customer's credit as Tryton reckons it: what is owed and what is not yet invoiced, untaxed."""

from datetime import date
from decimal import Decimal

from switchgear_erp.trade import CreditCheck
from switchgear_erp.tryton.amounts import money
from switchgear_erp.tryton.company import Company, in_company_currency
from switchgear_shared.storage.tryton.client import Record, TrytonClient


async def check_credit(
    client: TrytonClient,
    company: Company,
    party: Record,
    net: Decimal,
    currency_id: int,
    today: date,
) -> CreditCheck | None:
    """Return how an order of `net` fits under a party's limit; None without one."""
    limit = party["credit_limit_amount"]
    if limit is None:
        return None
    needed = await in_company_currency(client, company, net, currency_id, today)
    limit, used, needed = (
        money(amount, company.currency).amount for amount in (limit, party["credit_amount"], needed)
    )
    return CreditCheck(limit=limit, used=used, needed=needed)


def exceeded(party: Record, credit: CreditCheck, company: Company) -> str:
    """Return the sentence that an order exceeds the customer's limit."""
    return (
        f"the credit limit of {party['code']} is {credit.limit} {company.currency}: {credit.used} "
        f"is used and this order needs {credit.needed}"
    )
