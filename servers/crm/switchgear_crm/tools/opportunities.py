"""Reading the pipeline: its stages, its opportunities."""

from datetime import date
from typing import Annotated

from pydantic import Field

from switchgear_crm.backend import CrmBackend
from switchgear_crm.models import Opportunity, OpportunityPage, Pipeline, StageFilter
from switchgear_crm.tools.arguments import Account, Cursor, Deal, Limit, Owner, Query, crm
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.values import Currency, ExactDecimal, Money
from switchgear_shared.errors import InvalidRequestError


@crm.read(permission="crm.opportunity.read")
async def crm_describe_pipeline(
    backend: CrmBackend,
    caller: Caller,
    *,
    owner: Annotated[Owner | None, Field(description="Only what this e-mail owns.")] = None,
) -> Pipeline:
    """Describe the sales stages, allowed moves, and count and value at each.

    Use for a forecast or pipeline review. Values stand by currency, never added up across them.
    Fails with invalid_request.
    """
    return await backend.describe_pipeline(caller.tenant, owner_email=owner)


@crm.read(permission="crm.opportunity.read")
async def crm_list_opportunities(
    backend: CrmBackend,
    caller: Caller,
    *,
    query: Query | None = None,
    stage: Annotated[
        StageFilter | None, Field(description="`open` is all but won and lost.")
    ] = None,
    owner: Owner | None = None,
    account_id: Account | None = None,
    closing_before: Annotated[date | None, Field(description="Close date before this day.")] = None,
    min_amount: Annotated[
        ExactDecimal | None,
        Field(description="Least amount in `currency`; drops other currencies."),
    ] = None,
    currency: Currency | None = None,
    limit: Limit = 10,
    cursor: Cursor | None = None,
) -> OpportunityPage:
    """List opportunities, those that close soonest first.

    Use for deals by stage, salesperson, customer, close date or size; filters combine. Amounts of
    different currencies do not compare. Fails with invalid_request for min_amount without currency.
    """
    if (min_amount is None) != (currency is None):
        missing = "currency" if currency is None else "min_amount"
        raise InvalidRequestError("min_amount and currency belong together", field=missing)
    at_least = None
    if min_amount is not None and currency is not None:
        at_least = Money(amount=min_amount, currency=currency)
    return await backend.list_opportunities(
        caller.tenant,
        query=query,
        stage=stage,
        owner_email=owner,
        account_id=account_id,
        closing_before=closing_before,
        at_least=at_least,
        limit=limit,
        cursor=cursor,
    )


@crm.read(permission="crm.opportunity.read")
async def crm_get_opportunity(
    backend: CrmBackend, caller: Caller, *, opportunity_id: Deal
) -> Opportunity:
    """Get one opportunity with its contact and when it was last worked on.

    Use before changing a deal. `reason`: why it was lost, won or reopened. Fails with not_found.
    """
    return await backend.get_opportunity(caller.tenant, opportunity_id=opportunity_id)
