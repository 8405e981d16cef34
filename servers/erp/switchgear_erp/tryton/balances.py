"""Open items and the trial balance, as Tryton has booked them."""

from datetime import date
from decimal import Decimal

from switchgear_erp.models import PartyId
from switchgear_erp.statements import AccountBalance, Balances
from switchgear_erp.tryton.company import company_of
from switchgear_erp.tryton.open_items import aging
from switchgear_erp.tryton.parties import party_named
from switchgear_shared.storage.tryton.client import MOST_RECORDS, TrytonClient

_CENTS = Decimal("0.01")
_NOTHING = Decimal("0.00")


async def get_balances(client: TrytonClient, *, party_id: PartyId | None, as_of: date) -> Balances:
    """See ErpBackend."""
    company = await company_of(client)
    limit = number = None
    if party_id is not None:
        party = await party_named(client, party_id)
        number, limit = party["id"], party["credit_limit_amount"]
    receivable = await aging(client, "receivable", number, as_of)
    payable = await aging(client, "payable", number, as_of)
    trial = () if party_id is not None else await _trial_balance(client, as_of)
    return Balances(
        as_of=as_of,
        currency=company.currency,
        party_id=party_id,
        receivable=receivable,
        payable=payable,
        credit_limit=None if limit is None else limit.quantize(_CENTS),
        credit_left=None if limit is None else limit.quantize(_CENTS) - receivable.total,
        trial_balance=trial,
        debit_total=sum((row.debit for row in trial), _NOTHING),
        credit_total=sum((row.credit for row in trial), _NOTHING),
    )


async def _trial_balance(client: TrytonClient, as_of: date) -> tuple[AccountBalance, ...]:
    """Return the accounts that anything was booked on, whatever years it was in."""
    page = await client.search(
        "account.account",
        [["type", "!=", None]],
        ["code", "name", "balance", "debit", "credit"],
        limit=MOST_RECORDS,
        order=[("code", "ASC"), ("id", "ASC")],
        context={"to_date": as_of, "posted": True, "flat_balance": True},
    )
    return tuple(
        AccountBalance(
            account=account["code"] or "",
            name=account["name"],
            debit=max(account["balance"], _NOTHING).quantize(_CENTS),
            credit=max(-account["balance"], _NOTHING).quantize(_CENTS),
        )
        for account in page.records
        if account["debit"] or account["credit"]
    )
