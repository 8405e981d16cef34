"""An invoice as UBL 2.1, in the shape of EN 16931 and Peppol BIS Billing 3."""

from collections.abc import Iterator
from decimal import Decimal

from switchgear_documents.samples.invoice import InvoiceSpec, Line, Party, TaxPart
from switchgear_documents.samples.tree import Node, node, optional, plain, to_bytes

_OASIS = "urn:oasis:names:specification:ubl:schema:xsd:"
_NAMESPACES = {
    "xmlns": f"{_OASIS}Invoice-2",
    "xmlns:cac": f"{_OASIS}CommonAggregateComponents-2",
    "xmlns:cbc": f"{_OASIS}CommonBasicComponents-2",
}
_BIS = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
_PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
_VAT_SCHEMES = {
    "AT": "9914", "BE": "9925", "CH": "9927", "DE": "9930", "DK": "9902", "ES": "9920",
    "FI": "0213", "FR": "9957", "GB": "9932", "IE": "9935", "IT": "9906", "LU": "9938",
    "NL": "9944", "PL": "9945", "PT": "9946", "SE": "9955",
}  # fmt: skip


def to_ubl(spec: InvoiceSpec) -> bytes:
    """Return the invoice as a UBL 2.1 document; the same bytes for the same spec."""
    return to_bytes(node("Invoice", *_header(spec), *_totals(spec), *_lines(spec), **_NAMESPACES))


def _header(spec: InvoiceSpec) -> Iterator[Node | None]:
    yield node("cbc:CustomizationID", _BIS)
    yield node("cbc:ProfileID", _PROCESS)
    yield node("cbc:ID", spec.number)
    yield node("cbc:IssueDate", spec.date.isoformat())
    yield node("cbc:DueDate", spec.due_date.isoformat())
    yield node("cbc:InvoiceTypeCode", "380")
    yield optional("cbc:Note", spec.note)
    yield node("cbc:DocumentCurrencyCode", spec.currency)
    yield node("cbc:BuyerReference", spec.order_ref or spec.buyer.name)
    if spec.order_ref:
        yield node("cac:OrderReference", node("cbc:ID", spec.order_ref))
    yield node("cac:AccountingSupplierParty", _party(spec.seller))
    yield node("cac:AccountingCustomerParty", _party(spec.buyer))
    if spec.seller.iban:
        account = node("cac:PayeeFinancialAccount", node("cbc:ID", spec.seller.iban))
        reference = node("cbc:PaymentID", spec.number)
        yield node("cac:PaymentMeans", node("cbc:PaymentMeansCode", "30"), reference, account)


def _party(party: Party) -> Node:
    scheme = _VAT_SCHEMES.get(party.country)
    endpoint = node("cbc:EndpointID", party.vat, schemeID=scheme) if party.vat and scheme else None
    address = node(
        "cac:PostalAddress",
        node("cbc:StreetName", party.street),
        node("cbc:CityName", party.city),
        node("cbc:PostalZone", party.zip),
        node("cac:Country", node("cbc:IdentificationCode", party.country)),
    )
    tax = _registration(party)
    entity = node("cac:PartyLegalEntity", node("cbc:RegistrationName", party.name))
    name = node("cac:PartyName", node("cbc:Name", party.name))
    return node("cac:Party", endpoint, name, address, tax, entity)


def _registration(party: Party) -> Node | None:
    """Return the VAT id or, outside of such countries, the tax number under another scheme."""
    if party.vat is None:
        return None
    scheme = _vat() if party.has_vat_id else node("cac:TaxScheme", node("cbc:ID", "TAX"))
    return node("cac:PartyTaxScheme", node("cbc:CompanyID", party.vat), scheme)


def _vat() -> Node:
    return node("cac:TaxScheme", node("cbc:ID", "VAT"))


def _totals(spec: InvoiceSpec) -> Iterator[Node]:
    def money(tag: str, amount: Decimal) -> Node:
        return node(tag, plain(amount), currencyID=spec.currency)

    def subtotal(part: TaxPart) -> Node:
        category = node("cbc:ID", part.category), node("cbc:Percent", plain(part.percent)), _vat()
        return node(
            "cac:TaxSubtotal",
            money("cbc:TaxableAmount", part.base),
            money("cbc:TaxAmount", part.tax),
            node("cac:TaxCategory", *category),
        )

    subtotals = (subtotal(part) for part in spec.tax_parts)
    yield node("cac:TaxTotal", money("cbc:TaxAmount", spec.tax), *subtotals)
    yield node(
        "cac:LegalMonetaryTotal",
        money("cbc:LineExtensionAmount", spec.net),
        money("cbc:TaxExclusiveAmount", spec.net),
        money("cbc:TaxInclusiveAmount", spec.gross),
        money("cbc:PayableAmount", spec.gross),
    )


def _lines(spec: InvoiceSpec) -> Iterator[Node]:
    for number, line in enumerate(spec.lines, start=1):
        net = plain(spec.line_net(line))
        yield node(
            "cac:InvoiceLine",
            node("cbc:ID", str(number)),
            node("cbc:InvoicedQuantity", plain(line.quantity), unitCode=line.unit),
            node("cbc:LineExtensionAmount", net, currencyID=spec.currency),
            _item(line),
            node("cac:Price", _price(line, spec.currency)),
        )


def _price(line: Line, currency: str) -> Node:
    return node("cbc:PriceAmount", plain(line.unit_price), currencyID=currency)


def _item(line: Line) -> Node:
    category = node(
        "cac:ClassifiedTaxCategory",
        node("cbc:ID", "S" if line.tax_percent else "Z"),
        node("cbc:Percent", plain(line.tax_percent)),
        _vat(),
    )
    return node(
        "cac:Item",
        node("cbc:Name", line.description),
        _identification("cac:BuyersItemIdentification", line.buyer_item_id),
        _identification("cac:SellersItemIdentification", line.seller_item_id),
        category,
    )


def _identification(tag: str, value: str | None) -> Node | None:
    return node(tag, node("cbc:ID", value)) if value else None
