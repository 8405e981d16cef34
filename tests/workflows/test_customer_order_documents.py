"""A customer's purchase order becomes a sales order, or goes to a person with the reasons."""

import base64
from typing import Any
from xml.sax.saxutils import escape

import pytest

from journeys.office import Answer, Office
from switchgear_shared.contracts.events import Event
from workflows.shop import CUSTOMER, goods, standing, wanted

pytestmark = pytest.mark.asyncio(loop_scope="session")

UBL = "urn:oasis:names:specification:ubl:schema:xsd"


async def paper(office: Office, **changes: Any) -> tuple[str, dict[str, Any]]:
    """Return a purchase order of our customer in UBL, and what it says."""
    sku = await goods(office)
    party = next(
        row
        for row in (await office.ask("erp_find_party", query="C-0001"))["items"]
        if row["id"] == CUSTOMER
    )
    quote = await office.ask(
        "erp_price_order", party_id=CUSTOMER, lines=[{"sku": sku, "quantity": "1"}]
    )
    says = {
        "number": wanted(sku)["external_ref"],
        "name": party["name"],
        "vat": party["vat_id"],
        "sku": sku,
        "quantity": "1",
        "price": quote["lines"][0]["unit_price"],
        "currency": quote["gross"]["currency"],
        **changes,
    }
    return _order(**{name: escape(str(value)) for name, value in says.items()}), says


def _order(**says: str) -> str:
    party = (
        "<cac:Party><cac:PartyName><cbc:Name>{name}</cbc:Name></cac:PartyName>"
        "<cac:PartyTaxScheme><cbc:CompanyID>{vat}</cbc:CompanyID><cac:TaxScheme>"
        "<cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme></cac:Party>"
    )
    ours = party.format(name="Sonnwerth Instruments GmbH", vat="DE318274567")
    return (
        f"<Order xmlns='{UBL}:Order-2' xmlns:cac='{UBL}:CommonAggregateComponents-2' "
        f"xmlns:cbc='{UBL}:CommonBasicComponents-2'><cbc:ID>{says['number']}</cbc:ID>"
        "<cbc:IssueDate>2026-03-02</cbc:IssueDate>"
        f"<cbc:DocumentCurrencyCode>{says['currency']}</cbc:DocumentCurrencyCode>"
        f"<cac:BuyerCustomerParty>{party.format(**says)}</cac:BuyerCustomerParty>"
        f"<cac:SellerSupplierParty>{ours}</cac:SellerSupplierParty>"
        "<cac:OrderLine><cac:LineItem><cbc:ID>1</cbc:ID>"
        f"<cbc:Quantity unitCode='C62'>{says['quantity']}</cbc:Quantity>"
        f"<cac:Price><cbc:PriceAmount currencyID='{says['currency']}'>{says['price']}"
        "</cbc:PriceAmount></cac:Price><cac:Item><cbc:Name>A thing</cbc:Name>"
        f"<cac:SellersItemIdentification><cbc:ID>{says['sku']}</cbc:ID>"
        "</cac:SellersItemIdentification></cac:Item></cac:LineItem></cac:OrderLine></Order>"
    )


async def handed_in(office: Office, text: str) -> tuple[Event, Answer]:
    """Hand a document in and take its process as far as it goes."""
    started = await office.routed(text.encode())
    await office.manager().resume(started)
    await office.deliver()
    return started, await office.process(started)


async def decided(office: Office, process: Answer, decision: str, **more: Any) -> None:
    """Decide the review that the process waits for, and carry that on."""
    status = await office.ask("documents_get_status", document_id=process["document_id"])
    await office.ask(
        "documents_decide_review",
        by="clerk",
        review_id=status["open_review_id"],
        decision=decision,
        **more,
    )
    await office.deliver()


async def test_a_customers_purchase_order_is_confirmed_and_filed(office: Office) -> None:
    text, says = await paper(office)

    _, process = await handed_in(office, text)

    assert (process["process"], process["state"]) == ("customer_order", "completed")
    found = await standing(office, says["number"])
    assert (found.orders, str(found.held)) == (("confirmed",), "1")
    status = await office.ask("documents_get_status", document_id=process["document_id"])
    assert (status["state"], status["record_uri"]) == ("filed", process["result"]["record_uri"])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"name": "Unheard Of Ltd", "vat": "GB999999973"},
            "unknown customer: Unheard Of Ltd GB999999973",
        ),
        ({"sku": "NIL-0000"}, "line 1 names an item we do not sell: NIL-0000 A thing"),
        ({"sku": ""}, "line 1 names no item number of ours: A thing"),
        ({"quantity": "900000", "price": "0.01"}, None),
    ],
)
async def test_what_cannot_be_ordered_goes_to_a_person_with_the_reason(
    office: Office, changes: dict[str, str], reason: str | None
) -> None:
    text, says = await paper(office, **changes)

    started, process = await handed_in(office, text)

    assert process["state"] == "waiting_review"
    assert process["waits_for_whom"] == "reviewer"
    reasons = process["steps"][-1]["detail"]["reasons"]
    assert (reasons == [reason]) is (reason is not None)
    await decided(office, process, "reject")
    ended = await office.process(started)
    assert (ended["state"], ended["reason"]) == ("rejected", "rejected in review by clerk")
    assert (await standing(office, says["number"])).orders == ()


async def test_another_price_than_ours_is_taken_once_a_person_has_accepted_it(
    office: Office,
) -> None:
    text, says = await paper(office, price="1.23")
    started, process = await handed_in(office, text)
    (reason,) = process["steps"][-1]["detail"]["reasons"]
    assert reason.startswith(f"{says['sku']} is ordered at 1.23, our price is ")

    await decided(office, process, "approve")

    ended = await office.process(started)
    assert ended["state"] == "completed"
    order = await office.ask(
        "erp_get_order", order_id=ended["result"]["order_id"], include=["lines"]
    )
    assert [line["unit_price"] for line in order["lines"]] == ["1.23"]


async def test_an_order_that_was_entered_already_goes_to_a_person(office: Office) -> None:
    text, says = await paper(office)
    await handed_in(office, text)

    again = text.replace("2026-03-02", "2026-03-03")
    encoded = base64.b64encode(again.encode()).decode()
    receipt = await office.ask("documents_submit", by="assistant", name="b.xml", content=encoded)
    await office.deliver()

    status = await office.ask("documents_get_status", document_id=receipt["id"])
    review = await office.ask("documents_get_review", review_id=status["open_review_id"])
    (reason,) = review["reasons"]
    assert reason.startswith("possible duplicate of doc_")
    await office.ask(
        "documents_decide_review", by="clerk", review_id=review["id"], decision="approve"
    )
    (started,) = await office.deliver(hold={"workflows.process.started"})
    await office.manager().resume(started)
    process = await office.process(started)
    (reason,) = process["steps"][-1]["detail"]["reasons"]
    assert reason.startswith(f"the ERP refuses: {says['number']} of party {CUSTOMER} is on order ")
    assert (await standing(office, says["number"])).orders == ("confirmed",)
