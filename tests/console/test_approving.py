"""Approvals: the whole call is shown, another person decides, once."""

import asyncio

import pytest

from console.person import Page, Person, signed_in
from journeys.desk import Answer, Desk, Samples
from switchgear_documents.samples import to_ubl

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def waiting(desk: Desk, samples: Samples, by: str = "assistant") -> tuple[Answer, str]:
    """Hand in an invoice over the limit; return its receipt and the approval's id."""
    receipt = await desk.submit(to_ubl(samples.small_from(300)), by=by)
    process = await desk.process(receipt, "waiting_approval")
    return receipt, process["waits_for"]


def decide(approval_id: str) -> str:
    return f"/console/approvals/{approval_id}/decide"


async def opened(person: Person, approval_id: str) -> tuple[Page, dict[str, str]]:
    page = await person.get(f"/approvals/{approval_id}")
    assert page.status == 200
    return page, page.form(decide(approval_id))


async def test_the_list_and_the_page_show_what_would_run_and_for_whom(
    strict_desk: Desk, strict_samples: Samples
) -> None:
    receipt, approval_id = await waiting(strict_desk, strict_samples)
    listed = await strict_desk.ask("workflows_list_approvals", by="finance", limit=50)
    row = next(item for item in listed["items"] if item["id"] == approval_id)

    async with signed_in(strict_desk, "finance") as person:
        found = await person.get("/approvals")
        page, _ = await opened(person, approval_id)
        denied = await person.get("/approvals?state=denied")
        wrong = await person.get("/approvals?state=perhaps")

    (shown,) = found.tree.xpath(f"//tr[@id='{approval_id}']")
    assert row["summary"] in " ".join(shown.text_content().split())
    values = dict(zip(page.names("//dl/dt"), page.names("//dl/dd"), strict=True))
    assert {"Invoice id", "Amount", "Party id"} <= values.keys()
    assert values["Amount"].endswith(".00 EUR") or "EUR" in values["Amount"]
    assert "asked by assistant through workflows" in page.text
    (link,) = page.tree.xpath("//a[starts-with(@href, '/console/traces/')]/@href")
    assert link.endswith(receipt["correlation_id"])
    assert denied.tree.xpath(f"//tr[@id='{approval_id}']") == []
    assert wrong.status == 422


async def test_what_waits_goes_on_once_it_is_approved_and_a_second_click_changes_nothing(
    strict_desk: Desk, strict_samples: Samples
) -> None:
    receipt, approval_id = await waiting(strict_desk, strict_samples)

    async with signed_in(strict_desk, "finance") as person:
        _, form = await opened(person, approval_id)
        body = {**form, "decision": "approve", "reason": "as ordered"}
        sent = await asyncio.gather(*(person.send(decide(approval_id), body) for _ in range(3)))
        told = await person.get(sent[0].answer.headers["location"].removeprefix("/console"))
        after = await person.get(f"/approvals/{approval_id}")

    assert [page.status for page in sent] == [303] * 3
    assert told.told("status") == "Approved: erp_post_invoice"
    assert (await strict_desk.until(receipt, "filed"))["record_uri"].startswith("erp://invoices/")
    assert "by finance" in after.text
    assert "as ordered" in after.text
    assert after.tree.xpath("//button[@name='decision']") == []


async def test_nobody_decides_what_they_asked_for(
    strict_desk: Desk, strict_samples: Samples
) -> None:
    _, approval_id = await waiting(strict_desk, strict_samples, by="finance")

    async with signed_in(strict_desk, "finance") as person:
        page, form = await opened(person, approval_id)
        refused = await person.send(
            decide(approval_id), {**form, "decision": "approve", "reason": "my own"}
        )

    assert "You asked for this" in page.text
    assert refused.status == 403
    assert refused.told("alert").startswith("Policy denied:")
    assert refused.value("reason") == "my own"


async def test_denying_needs_a_reason_and_who_comes_later_is_told(
    strict_desk: Desk, strict_samples: Samples
) -> None:
    _, approval_id = await waiting(strict_desk, strict_samples)

    async with signed_in(strict_desk, "finance") as person:
        _, form = await opened(person, approval_id)
        bare = await person.send(decide(approval_id), {**form, "decision": "deny", "reason": ""})
        _, other = await opened(person, approval_id)
        sent = await person.send(
            decide(approval_id), {**form, "decision": "deny", "reason": "not ours"}
        )
        late = await person.send(
            decide(approval_id), {**other, "decision": "approve", "reason": "but <b>"}
        )

    assert (bare.status, sent.status, late.status) == (422, 303, 409)
    assert "say why it is denied" in bare.told("alert")
    assert f"approval {approval_id} is denied by finance" in late.told("alert")
    assert "What you typed: but <b>" in late.text


@pytest.mark.parametrize("party", ["assistant", "clerk", "operator"])
async def test_who_is_no_approver_cannot_decide(
    strict_desk: Desk, strict_samples: Samples, party: str
) -> None:
    _, approval_id = await waiting(strict_desk, strict_samples)

    async with signed_in(strict_desk, party) as person:
        page = await person.get(f"/approvals/{approval_id}")
        (token,) = page.tree.xpath("//header//input[@name='form_token']/@value")
        form = {"form_token": token, "form_key": "k" * 24, "decision": "approve"}
        forged = await person.send(decide(approval_id), form)

    assert page.tree.xpath("//button[@name='decision']") == []
    assert forged.status == 403


async def test_an_approval_that_does_not_exist_is_not_found(strict_desk: Desk) -> None:
    async with signed_in(strict_desk, "finance") as person:
        page = await person.get("/approvals/apr_0")

    assert page.status == 404
    assert page.told("alert") == "Not found: approval apr_0 does not exist"
