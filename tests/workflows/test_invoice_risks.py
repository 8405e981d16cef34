"""An invoice that something speaks against is posted with a person's approval, however small."""

import base64
from dataclasses import replace

import facturx
import pytest

from journeys.desk import Samples
from journeys.office import STARTED, Office
from switchgear_documents.samples import to_cii
from switchgear_documents.samples.page import to_page

pytestmark = pytest.mark.asyncio(loop_scope="session")

OTHER_IBAN = "DE02120300000000202051"


async def test_an_invoice_whose_pages_name_another_account_is_approved_by_two_people(
    office: Office, invoices: Samples
) -> None:
    """The reviewer lets it pass, and whoever approves is told of it."""
    spec = invoices.small_below(285)
    page = replace(spec, seller=replace(spec.seller, iban=OTHER_IBAN))
    hybrid = facturx.generate_from_binary(to_page(page), to_cii(spec))
    made = await office.ask(
        "documents_submit", name="invoice.pdf", content=base64.b64encode(hybrid).decode()
    )
    await office.deliver()
    status = await office.ask("documents_get_status", correlation_id=made["correlation_id"])
    await office.ask(
        "documents_decide_review",
        by="clerk",
        review_id=status["open_review_id"],
        decision="approve",
    )
    (started,) = await office.deliver(hold={STARTED})

    await office.manager().resume(started)

    process = await office.process(started)
    assert process["state"] == "waiting_approval"
    page_of = await office.ask("workflows_list_approvals", limit=50)
    (approval,) = [one for one in page_of["items"] if one["id"] == process["waits_for"]]
    assert approval["needs"] == ["finance"]
    assert approval["summary"].endswith("risks=pages_differ")
    assert await office.booked(spec.number) == ["draft"]
    await office.ask(
        "workflows_decide_approval", by="finance", id=approval["id"], decision="approve"
    )
    await office.deliver()
    assert (await office.process(started))["state"] == "completed"
    assert await office.booked(spec.number) == ["posted"]
