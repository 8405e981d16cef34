"""Changing the pipeline: opportunities are made, changed and moved."""

from datetime import date
from typing import Annotated

from pydantic import Field

from switchgear_crm.backend import CrmBackend
from switchgear_crm.changes import OpportunityChanges, OpportunityDraft, Reason
from switchgear_crm.models import OpenStage, Stage
from switchgear_crm.tools.arguments import (
    Account,
    Chance,
    Contact,
    Deal,
    DealName,
    NewOwner,
    Version,
    crm,
)
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money


@crm.write(permission="crm.opportunity.create", idempotent=False)
async def crm_create_opportunity(
    backend: CrmBackend,
    caller: Caller,
    *,
    account_id: Account,
    name: DealName,
    amount: Annotated[Money, Field(description="Expected value.")],
    close_on: Annotated[date, Field(description="Expected close, today to in ten years.")],
    stage: Annotated[OpenStage, Field(description="Where it stands.")] = "qualified",
    probability_percent: Annotated[Chance | None, Field(description="If not the stage's.")] = None,
    owner: Annotated[NewOwner | None, Field(description="If not the account's owner.")] = None,
    contact_id: Contact | None = None,
) -> WriteResult:
    """Create an opportunity: a new deal or lead with a company.

    Use for a sale not in the pipeline yet; a second call makes a second one. Its currency stays.
    Fails with not_found and invalid_request.
    """
    draft = OpportunityDraft(
        account_id=account_id,
        name=name,
        amount=amount,
        close_on=close_on,
        stage=stage,
        probability_percent=probability_percent,
        owner_email=owner,
        contact_id=contact_id,
    )
    return await backend.create_opportunity(caller.tenant, draft=draft, caller=caller)


@crm.write(permission="crm.opportunity.update", idempotent=True)
async def crm_update_opportunity(
    backend: CrmBackend,
    caller: Caller,
    *,
    opportunity_id: Deal,
    name: DealName | None = None,
    amount: Annotated[Money | None, Field(description="In its own currency.")] = None,
    close_on: Annotated[date | None, Field(description="New expected close date.")] = None,
    probability_percent: Chance | None = None,
    owner: NewOwner | None = None,
    contact_id: Contact | None = None,
    expected_version: Version | None = None,
) -> WriteResult:
    """Change an opportunity's value, close date, chance, owner, name or contact.

    Use to postpone, reprice or reassign a deal; what is left out stays. Fails with not_found,
    invalid_request, and conflict for a stale version or if won or lost.
    """
    changes = OpportunityChanges(
        name=name,
        amount=amount,
        close_on=close_on,
        probability_percent=probability_percent,
        owner_email=owner,
        contact_id=contact_id,
    )
    return await backend.update_opportunity(
        caller.tenant,
        opportunity_id=opportunity_id,
        changes=changes,
        expected_version=expected_version,
        caller=caller,
    )


@crm.write(permission="crm.opportunity.move", idempotent=True)
async def crm_move_opportunity(
    backend: CrmBackend,
    caller: Caller,
    *,
    opportunity_id: Deal,
    to_stage: Annotated[Stage, Field(description="Where to.")],
    reason: Annotated[Reason | None, Field(description="Needed for lost and to reopen.")] = None,
    expected_version: Version | None = None,
) -> WriteResult:
    """Move an opportunity to another stage: forward, back, won, lost or reopened.

    Use when a deal advances or closes. Sets the stage's probability; closing, the close date.
    Fails with not_found, invalid_request for a missing reason, and conflict between won and lost
    or for a stale version.
    """
    return await backend.move_opportunity(
        caller.tenant,
        opportunity_id=opportunity_id,
        to_stage=to_stage,
        reason=reason,
        expected_version=expected_version,
        caller=caller,
    )
