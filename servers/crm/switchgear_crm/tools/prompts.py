"""Tasks that people ask the CRM for."""

from typing import Annotated

from switchgear_crm.tools.arguments import crm


@crm.prompt("prepare_customer_meeting")
def prepare_customer_meeting(
    account_id: Annotated[str, "The account, `account_id` from crm_search."],
) -> str:
    """Prepare for a meeting with a customer."""
    return (
        f"Prepare me for a meeting with account {account_id}.\n"
        "1. crm_get_account with contacts and opportunities: who they are, whom to expect.\n"
        "2. crm_list_activities since a year ago: what was promised and what is still open.\n"
        "3. Where you have the ERP's tools, its open orders and overdue invoices; the id is the "
        "ERP's party_id.\n"
        "Answer on one page: the account in two sentences, open opportunities with amount and "
        "close date, promises not yet kept, three questions worth asking. Name the record behind "
        "every claim; say what you could not find."
    )


@crm.prompt("review_pipeline")
def review_pipeline(
    owner: Annotated[str, "E-mail of one salesperson; everybody's pipeline without."] = "",
) -> str:
    """Review the open opportunities: what is late, stuck or likely."""
    whose = f"the pipeline of {owner}" if owner else "the whole pipeline"
    only = f" with owner {owner}" if owner else ""
    return (
        f"Review {whose}.\n"
        f"1. crm_describe_pipeline{only}: count and value at each stage, by currency.\n"
        f"2. crm_list_opportunities with stage open{only}, page by page: overdue ones come "
        "first.\n"
        "3. crm_get_opportunity for those overdue or closing within 30 days: when each was last "
        "worked on.\n"
        "Answer on one page: value and chance by stage, never adding up currencies; overdue "
        "opportunities with a proposal for each (new date, move, or lost and why); those without "
        "activity for 30 days. Name the record behind every claim. Change nothing: list the moves "
        "you would make."
    )
