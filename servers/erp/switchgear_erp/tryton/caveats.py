"""What Tryton cannot keep of the ERP's promises, in the words that callers read."""

CAVEATS = (
    "Tryton has no roles: a party whose terms, currency or limit are of one side has that role.",
    "Any other party has both roles; the company itself and its employees have none.",
    "Bank accounts are not shown.",
    "Products without a code and inactive products are not shown.",
    "The tax of a product is the sum of its percentages; the party's tax rule counts in prices.",
    "Days to pay are those of the last part of the payment term; a month counts 30 days.",
)
