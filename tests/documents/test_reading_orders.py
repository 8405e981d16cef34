"""Orders, confirmations and delivery notes in UBL and CII: who, what, how much, until when."""

import pytest

from documents.reading_of import failures, read, said, values

UBL = "urn:oasis:names:specification:ubl:schema:xsd"
PARTIES = """<cac:{seller}><cac:Party><cac:PartyName><cbc:Name>Nordlicht GmbH</cbc:Name>
</cac:PartyName></cac:Party></cac:{seller}><cac:{buyer}><cac:Party><cac:PartyName>
<cbc:Name>Brouwer BV</cbc:Name></cac:PartyName></cac:Party></cac:{buyer}>"""
ITEM = """<cac:Item><cbc:Name>Drill</cbc:Name><cac:BuyersItemIdentification><cbc:ID>BZ-7</cbc:ID>
</cac:BuyersItemIdentification></cac:Item>"""
FIELDS = {
    "number": "N-1",
    "date": "2026-03-02",
    "supplier": "Nordlicht GmbH",
    "buyer": "Brouwer BV",
    "delivery_date": "2026-03-09",
}


def ubl(root: str, body: str) -> str:
    return (
        f"<{root} xmlns='{UBL}:{root}-2' xmlns:cac='{UBL}:CommonAggregateComponents-2' "
        f"xmlns:cbc='{UBL}:CommonBasicComponents-2'><cbc:ID>N-1</cbc:ID>"
        f"<cbc:IssueDate>2026-03-02</cbc:IssueDate>{body}</{root}>"
    )


@pytest.mark.parametrize(
    ("root", "kind", "period"),
    [
        ("Order", "purchase_order", "RequestedDeliveryPeriod"),
        ("OrderResponse", "order_confirmation", "PromisedDeliveryPeriod"),
    ],
)
def test_a_ubl_order_and_its_response_are_read(root: str, kind: str, period: str) -> None:
    parties = PARTIES.format(seller="SellerSupplierParty", buyer="BuyerCustomerParty")
    body = f"""<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>{parties}<cac:Delivery>
    <cac:{period}><cbc:EndDate>2026-03-09</cbc:EndDate></cac:{period}></cac:Delivery>
    <cac:OrderLine><cac:LineItem><cbc:ID>1</cbc:ID><cbc:Quantity unitCode='C62'>3</cbc:Quantity>
    <cbc:LineExtensionAmount currencyID='EUR'>30.00</cbc:LineExtensionAmount><cac:Price>
    <cbc:PriceAmount currencyID='EUR'>10.00</cbc:PriceAmount></cac:Price>{ITEM}</cac:LineItem>
    </cac:OrderLine>"""
    reading = read(ubl(root, body), ".xml")

    assert (reading.format, reading.document_type) == ("ubl", kind)
    assert values(reading) == {**FIELDS, "currency": "EUR"}
    assert said(reading.lines) == [
        {
            "line_no": "1",
            "description": "Drill",
            "buyer_item_id": "BZ-7",
            "quantity": "3",
            "unit": "C62",
            "unit_price": "10.00",
            "net": "30.00",
        }
    ]
    assert failures(reading) == []


def test_a_ubl_despatch_advice_is_read() -> None:
    parties = PARTIES.format(seller="DespatchSupplierParty", buyer="DeliveryCustomerParty")
    body = f"""<cac:OrderReference><cbc:ID>PO-1007</cbc:ID></cac:OrderReference>{parties}
    <cac:Shipment><cac:Delivery><cbc:ActualDeliveryDate>2026-03-09</cbc:ActualDeliveryDate>
    </cac:Delivery></cac:Shipment><cac:DespatchLine><cbc:ID>1</cbc:ID>
    <cbc:DeliveredQuantity unitCode='C62'>3</cbc:DeliveredQuantity><cac:OrderLineReference>
    <cbc:LineID>10</cbc:LineID></cac:OrderLineReference>{ITEM}</cac:DespatchLine>"""
    reading = read(ubl("DespatchAdvice", body), ".xml")

    assert reading.document_type == "delivery_note"
    assert values(reading) == {**FIELDS, "order_ref": "PO-1007"}
    assert said(reading.lines) == [
        {
            "line_no": "1",
            "description": "Drill",
            "buyer_item_id": "BZ-7",
            "quantity": "3",
            "unit": "C62",
            "order_line_ref": "10",
        }
    ]
    assert failures(reading) == []


def test_a_cii_order_is_read() -> None:
    xml = """<SCRDMCCBDACIOMessageStructure xmlns='urn:x'><ExchangedDocument><ID>N-1</ID>
    <TypeCode>220</TypeCode><IssueDateTime><DateTimeString format='102'>20260302</DateTimeString>
    </IssueDateTime></ExchangedDocument><SupplyChainTradeTransaction>
    <IncludedSupplyChainTradeLineItem><AssociatedDocumentLineDocument><LineID>1</LineID>
    </AssociatedDocumentLineDocument><SpecifiedTradeProduct><Name>Drill</Name>
    </SpecifiedTradeProduct><SpecifiedLineTradeDelivery><RequestedQuantity unitCode='C62'>3
    </RequestedQuantity></SpecifiedLineTradeDelivery></IncludedSupplyChainTradeLineItem>
    <ApplicableHeaderTradeAgreement><SellerTradeParty><Name>Nordlicht GmbH</Name></SellerTradeParty>
    <BuyerTradeParty><Name>Brouwer BV</Name></BuyerTradeParty></ApplicableHeaderTradeAgreement>
    <ApplicableHeaderTradeDelivery><RequestedDeliverySupplyChainEvent><OccurrenceDateTime>
    <DateTimeString format='102'>20260309</DateTimeString></OccurrenceDateTime>
    </RequestedDeliverySupplyChainEvent></ApplicableHeaderTradeDelivery>
    <ApplicableHeaderTradeSettlement><OrderCurrencyCode>EUR</OrderCurrencyCode>
    </ApplicableHeaderTradeSettlement></SupplyChainTradeTransaction>
    </SCRDMCCBDACIOMessageStructure>"""
    reading = read(xml, ".xml")

    assert (reading.format, reading.document_type) == ("cii", "purchase_order")
    expected = {**FIELDS, "currency": "EUR", "document_type_code": "220"}
    assert values(reading) == expected
    assert said(reading.lines) == [
        {"line_no": "1", "description": "Drill", "quantity": "3", "unit": "C62"}
    ]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("3", "3"),
        ("-3.50", "-3.50"),
        ("0.5", "0.5"),
        ("+3", "3"),
        ("007", "7"),
        (".5", "0.5"),
        ("3.", "3"),
        (" 3 ", "3"),
        ("three", None),
    ],
)
def test_a_number_is_read_in_plain_digits_however_it_is_written(
    written: str, read_as: str | None
) -> None:
    body = f"""<cac:OrderLine><cac:LineItem><cbc:ID>1</cbc:ID>
    <cbc:Quantity unitCode='C62'>{written}</cbc:Quantity>{ITEM}</cac:LineItem></cac:OrderLine>"""
    reading = read(ubl("Order", body), ".xml")

    assert [line.quantity for line in reading.lines] == [read_as]
    failed = [name for name, _ in failures(reading)]
    assert ("amount_is_a_number" in failed) is (read_as is None)
