"""What Tryton cannot keep of the ERP's promises, in the words that callers read."""

CAVEATS = (
    "Tryton has no roles: a party whose terms, currency or limit are of one side has that role.",
    "Any other party has both roles; the company itself and its employees have none.",
    "Bank accounts are not shown.",
    "Products without a code and inactive products are not shown.",
    "The tax of a product is the sum of its percentages; the party's tax rule counts in prices.",
    "Days to pay are those of the last part of the payment term; a month counts 30 days.",
    "A draft for an order takes the one that Tryton made for it; a draft counts as invoiced.",
    "What a draft bills over its order is tied to it when posted, and not shown there before.",
    "A customer's draft without a day has that of its posting; none is posted before the newest.",
    "Tryton rounds half a cent to the even one, and tax off unrounded lines; so are our totals.",
    "A rate that Tryton has no tax for, or several, is refused where no product has it.",
    "A SKU that Tryton does not know stands in its line's description.",
    "An invoice's description, which Tryton prints, names its document, order and our writes.",
    "An invoice that bills several orders shows the first one.",
    "An invoice due in parts is due with the first one that is unpaid.",
    "created_by and posted_by are Tryton's; posted_at is the beginning of the day.",
    "A payment goes by the first payment method of Tryton that suits the invoice.",
    "A VAT number that Tryton has not checked stops a posting until a person has it checked.",
    "The number of a vendor's invoice that was cancelled may be used again.",
    "What Tryton's own users post and pay is not announced.",
)
