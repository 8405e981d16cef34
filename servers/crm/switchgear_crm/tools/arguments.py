"""The toolset itself, and the arguments that several tools take."""

from typing import Annotated

from pydantic import Field

from switchgear_crm.backend import CrmBackend
from switchgear_crm.changes import Email, Name, Percent
from switchgear_crm.models import AccountId, ContactId, OpportunityId
from switchgear_shared.contracts.texts import within
from switchgear_shared.toolset import Toolset

crm = Toolset[CrmBackend]()

_ID = within(64)
Account = Annotated[AccountId, _ID, Field(description="`account_id` from crm_search.")]
Contact = Annotated[ContactId, _ID, Field(description="A contact's `id`.")]
Deal = Annotated[OpportunityId, _ID, Field(description="`id` from crm_list_opportunities.")]
About = Annotated[str, _ID, Field(description="Any `id` from crm_search.")]
Query = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        description="Parts of name, number, tax id, phone or e-mail.",
    ),
]
Owner = Annotated[str, within(254), Field(description="`owner_email`.")]
NewOwner = Annotated[Email, Field(description="Salesperson's e-mail.")]
DealName = Annotated[Name, Field(description="What is to be sold.")]
Chance = Annotated[Percent, Field(description="Chance of winning.")]
Version = Annotated[str, within(32), Field(description="`version` as last read.")]
Limit = Annotated[int, Field(ge=1, le=50, description="Most rows.")]
Cursor = Annotated[str, Field(max_length=500, description="`next_cursor` before this.")]
