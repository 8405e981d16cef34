"""The credit that a new customer is given; what a person set once, no new making lifts."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_erp.models import COMPANY_CURRENCY
from switchgear_erp.sql.books import exchange_rate, in_company_currency
from switchgear_erp.tables import PartyRow
from switchgear_erp.totals import converted
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.errors import InvalidRequestError


async def limit_of_new(
    session: AsyncSession,
    tenant: TenantId,
    before: Sequence[PartyRow],
    currency: str,
    usual_minor: int | None,
    today: date,
) -> int | None:
    """Return a new party's limit in its currency: the least of those that it was `before`.

    Where it had none it is the usual one, in the company's currency.
    """
    limits = [
        (
            await in_company_currency(session, tenant, minor, row.currency, today),
            row.currency,
            minor,
        )
        for row in before
        if (minor := row.credit_limit_minor) is not None
    ]
    if not limits:
        if usual_minor is None:
            return None
        limits = [(usual_minor, COMPANY_CURRENCY, usual_minor)]
    least, kept_in, minor = min(limits)
    if kept_in == currency:
        return minor
    rate = await exchange_rate(session, tenant, currency, today)
    if rate is None:
        raise InvalidRequestError(f"there is no exchange rate for {currency}", field="currency")
    return converted(least, COMPANY_CURRENCY, currency, Decimal(1) / rate)
