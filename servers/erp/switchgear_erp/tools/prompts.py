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


@erp.prompt("take_order")
def take_order(
    party_id: Annotated[str, Field(description="The customer's id, number or name.")],
    sku: Annotated[str, Field(description="What is ordered: the SKU or part of the name.")],
    quantity: Annotated[str, Field(description="How much of it.")] = "1",
    external_ref: Annotated[str, Field(description="The customer's own order number.")] = "",
) -> str:
    """Take a customer's order from the quote to its confirmation."""
    known = f" under its number {external_ref!r}" if external_ref else ""
    return (
        f"Take an order of {quantity} of {sku!r} for the customer {party_id!r}{known}. "
        "Find the customer with erp_find_party (role customer) and the product with "
        "erp_find_product; ask where more than one fits. Price it with erp_price_order and show "
        "net, tax, gross and every warning. When I agree, make it with erp_create_order (kind "
        "sale) and take it with erp_advance_order to quoted, then to confirmed. If the credit "
        "limit refuses it, say limit, used and needed, and stop. Ship and invoice nothing."
    )
