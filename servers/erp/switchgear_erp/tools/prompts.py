"""Tasks that people ask the ERP for."""

from typing import Annotated

from pydantic import Field

from switchgear_erp.tools.arguments import erp


@erp.prompt("chase_overdue_invoices")
def chase_overdue_invoices(
    customer: Annotated[str, Field(description="Name of one customer; all of them without.")] = "",
) -> str:
    """Draft reminders for customers' invoices that are past due."""
    whose = f"the customer {customer!r}" if customer else "every customer"
    find = "Find the customer with erp_find_party (role customer). " if customer else ""
    return (
        f"Prepare payment reminders for {whose}. {find}"
        "List the overdue invoices with erp_list_invoices (direction receivable, overdue true), "
        "page by page, and read each customer's balance with erp_get_balances. "
        "Group the invoices by customer, the longest overdue first, with number, due date and "
        "open amount in the invoice's currency. For each customer draft a short, polite reminder; "
        "say plainly where a credit limit is exceeded. Send nothing and change nothing."
    )
