"""UBL 2 documents: invoice, credit note, order, order response, despatch advice."""

from collections.abc import Mapping
from decimal import Decimal

from switchgear_documents.reading.einvoice import (
    FieldFinder,
    claims_en16931,
    optional,
    type_code,
)
from switchgear_documents.reading.extract import AmountName, Extract
from switchgear_documents.reading.markup import (
    Element,
    Wanted,
    find,
    find_all,
    find_text,
    local_name,
    text_at,
    text_of,
)
from switchgear_documents.reading.reading import DocumentType, FieldName, InvoiceLine

NAMESPACE = "urn:oasis:names:specification:ubl:schema:xsd:"

_ROOTS: dict[str, DocumentType] = {
    "Invoice": "invoice",
    "CreditNote": "credit_note",
    "DebitNote": "invoice",
    "SelfBilledInvoice": "invoice",
    "SelfBilledCreditNote": "credit_note",
    "Order": "purchase_order",
    "OrderChange": "purchase_order",
    "OrderResponse": "order_confirmation",
    "OrderResponseSimple": "order_confirmation",
    "DespatchAdvice": "delivery_note",
    "Statement": "letter",
    "Reminder": "letter",
}
_SELLERS = ("AccountingSupplierParty", "SellerSupplierParty", "DespatchSupplierParty")
_BUYERS = ("AccountingCustomerParty", "BuyerCustomerParty", "DeliveryCustomerParty")
_TOTALS = ("LegalMonetaryTotal", "RequestedMonetaryTotal", "AnticipatedMonetaryTotal")
_LINES = ("InvoiceLine", "CreditNoteLine", "DebitNoteLine", "OrderLine/LineItem", "DespatchLine")
_QUANTITIES = (
    "InvoicedQuantity",
    "CreditedQuantity",
    "DebitedQuantity",
    "Quantity",
    "DeliveredQuantity",
)
_NAMES = ("Item/Name", "Item/Description")
_SELLER_ID, _BUYER_ID = "Item/SellersItemIdentification/ID", "Item/BuyersItemIdentification/ID"
_PRICE, _PER = "Price/PriceAmount", "Price/BaseQuantity"
_RATES = ("Item/ClassifiedTaxCategory/Percent", "TaxTotal/TaxSubtotal/TaxCategory/Percent")
_NET, _ORDER_LINE = "LineExtensionAmount", "OrderLineReference/LineID"
_OF_LINES = (
    *("ID", _SELLER_ID, _BUYER_ID, _PRICE, _PER, _NET, _ORDER_LINE),
    *(*_NAMES, *_QUANTITIES, *_RATES),
)
_DELIVERY_DATES = (
    "Delivery/RequestedDeliveryPeriod/EndDate",
    "Delivery/PromisedDeliveryPeriod/EndDate",
    "Delivery/LatestDeliveryDate",
    "Shipment/Delivery/ActualDeliveryDate",
    "Shipment/Delivery/EstimatedDeliveryPeriod/EndDate",
    "Shipment/Delivery/RequestedDeliveryPeriod/EndDate",
    "Shipment/Delivery/Despatch/ActualDespatchDate",
)
_AMOUNTS: dict[AmountName, str] = {
    "line_total": "LineExtensionAmount",
    "allowances": "AllowanceTotalAmount",
    "charges": "ChargeTotalAmount",
    "net": "TaxExclusiveAmount",
    "gross": "TaxInclusiveAmount",
    "prepaid": "PrepaidAmount",
    "rounding": "PayableRoundingAmount",
    "due": "PayableAmount",
}


def read_ubl(root: Element) -> Extract:
    """Read a UBL document; a root without a rule of its own is `other`, with its fields."""
    finder = FieldFinder(root, Extract(*_document_type(root)))
    finder.add_text("number", "ID")
    finder.add_date("date", "IssueDate")
    finder.add_date(
        "due_date", "DueDate", "PaymentMeans/PaymentDueDate", "PaymentTerms/PaymentDueDate"
    )
    _add_party(finder, root, "supplier", "supplier_vat", _SELLERS)
    _add_party(finder, root, "buyer", "buyer_vat", _BUYERS)
    finder.add_text("currency", "DocumentCurrencyCode", "PricingCurrencyCode")
    if finder.extract.document_type in ("purchase_order", "order_confirmation", "delivery_note"):
        finder.add_date("delivery_date", *_DELIVERY_DATES)
    _add_totals(finder, root)
    finder.add_text(
        "iban",
        "PaymentMeans/PayeeFinancialAccount/ID",
        "PaymentMeans/PaymentMandate/PayerFinancialAccount/ID",
    )
    finder.add_text("order_ref", "OrderReference/ID", "OrderDocumentReference/ID")
    for path in _LINES:
        finder.add_order_of_lines(f"{path}/OrderLineReference/OrderReference/ID")
    _add_facts(finder, root)
    finder.add_text("document_type_code", "InvoiceTypeCode", "CreditNoteTypeCode", "OrderTypeCode")
    wanted = Wanted(*_OF_LINES)
    for path in _LINES:
        for line in find_all(root, path):
            finder.add_line(_line(finder, wanted.leaves(line)))
    return finder.extract


def _document_type(root: Element) -> tuple[DocumentType, str]:
    by_root = _ROOTS.get(local_name(root), "other")
    _, by_code = type_code(root, "InvoiceTypeCode", "CreditNoteTypeCode")
    if by_root in ("invoice", "credit_note") and by_code is not None:
        return by_code, "e-invoice/type-code"
    return by_root, "e-invoice/root-element"


def _add_party(
    finder: FieldFinder,
    root: Element,
    name: FieldName,
    vat: FieldName,
    roles: tuple[str, ...],
) -> None:
    party = next((p for role in roles for p in find_all(root, f"{role}/Party")), None)
    if party is None:
        return
    named = ("PartyLegalEntity/RegistrationName", "PartyName/Name")
    finder.add_element(name, next((e for p in named if (e := find(party, p)) is not None), None))
    finder.add_element(vat, _vat(party))


def _vat(party: Element) -> Element | None:
    schemes = [s for s in find_all(party, "PartyTaxScheme") if find(s, "CompanyID") is not None]
    schemes.sort(key=lambda scheme: find_text(scheme, "TaxScheme/ID") != "VAT")
    return find(schemes[0], "CompanyID") if schemes else None


def _add_totals(finder: FieldFinder, root: Element) -> None:
    totals = next((t for path in _TOTALS for t in find_all(root, path)), None)
    currency = find_text(root, "DocumentCurrencyCode")
    taxes = [t for t in find_all(root, "TaxTotal") if find(t, "TaxAmount") is not None]
    tax = next((t for t in taxes if _currency(t) == currency), next(iter(taxes), None))
    if tax is not None:
        parts = (find(part, "TaxAmount") for part in find_all(tax, "TaxSubtotal"))
        finder.add_tax_parts(part for part in parts if part is not None)
    amounts: dict[AmountName, Element | None] = {
        "tax": None if tax is None else find(tax, "TaxAmount")
    }
    if totals is not None:
        amounts |= {amount: find(totals, path) for amount, path in _AMOUNTS.items()}
    finder.add_amounts(amounts)


def _add_facts(finder: FieldFinder, root: Element) -> None:
    """Take in what the rules of EN 16931 look at."""
    extract = finder.extract
    extract.claims_en16931 = claims_en16931(find_text(root, "CustomizationID"))
    extract.has_terms = find_text(root, "PaymentTerms/Note") is not None
    party = f"{_SELLERS[0]}/Party"
    ids = (f"{party}/PartyIdentification/ID", f"{party}/PartyLegalEntity/CompanyID")
    extract.seller_is_identified = find_text(root, *ids) is not None
    for role in (_SELLERS[0], _BUYERS[0]):
        for scheme in find_all(root, f"{role}/Party/PartyTaxScheme"):
            vat_id = find_text(scheme, "CompanyID")
            if vat_id is not None and find_text(scheme, "TaxScheme/ID") == "VAT":
                extract.vat_ids.append(vat_id)
    for change in find_all(root, "AllowanceCharge"):
        finder.add_change(
            find(change, "Amount"), is_charge=find_text(change, "ChargeIndicator") == "true"
        )
    currency = find_text(root, "DocumentCurrencyCode")
    for total in find_all(root, "TaxTotal"):
        if currency is None or _currency(total) == currency:
            for part in find_all(total, "TaxSubtotal"):
                finder.add_tax_part(
                    find(part, "TaxableAmount"),
                    find(part, "TaxCategory/Percent"),
                    find(part, "TaxAmount"),
                )


def _currency(tax_total: Element) -> str | None:
    amount = find(tax_total, "TaxAmount")
    return None if amount is None else amount.get("currencyID")


def _line(finder: FieldFinder, at: Mapping[str, Element]) -> InvoiceLine:
    quantity = next((at[path] for path in _QUANTITIES if path in at), None)
    return InvoiceLine(
        line_no=text_at(at, "ID") or "",
        description=text_at(at, *_NAMES) or "",
        seller_item_id=text_at(at, _SELLER_ID),
        buyer_item_id=text_at(at, _BUYER_ID),
        quantity=finder.digits(quantity),
        unit=None if quantity is None else quantity.get("unitCode"),
        unit_price=finder.unit_price(at.get(_PRICE), at.get(_PER)),
        net=finder.digits(at.get(_NET)),
        tax_percent=optional(_percent(at)),
        order_line_ref=text_at(at, _ORDER_LINE),
    )


def _percent(at: Mapping[str, Element]) -> Decimal | None:
    rate = next((at[path] for path in _RATES if path in at), None)
    if rate is None:
        return None
    try:
        return Decimal(text_of(rate))
    except ArithmeticError:
        return None
