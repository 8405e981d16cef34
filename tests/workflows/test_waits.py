"""A process waits for people, and goes on with their word even if the next step then fails."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from journeys.desk import Samples
from journeys.office import STARTED, Answer, Faulty, Office, approvals_at
from switchgear_documents.samples import to_ubl
from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import BackendUnavailableError

pytestmark = pytest.mark.asyncio(loop_scope="session")

DECIDED = "documents.review.decided"
GRANTED = "governance.approval.decided"
AWAY = BackendUnavailableError("server erp is not running")
OTHER_IBAN = "DE02120300000000202051"


async def waiting(office: Office, content: bytes) -> tuple[Event, Answer]:
    """Start a process and take it to where it waits."""
    started = await office.routed(content)
    await office.manager().resume(started)
    await office.deliver()
    return started, await office.process(started)


async def reviewed(office: Office, process: Answer, decision: str, **more: object) -> Event:
    """Decide the review that the process's document waits for; return the event of it."""
    status = await office.ask("documents_get_status", document_id=process["document_id"])
    await office.ask(
        "documents_decide_review",
        by="clerk",
        review_id=status["open_review_id"],
        decision=decision,
        **more,
    )
    (decided,) = await office.deliver(hold={DECIDED})
    return decided


async def waiting_though_doubted(office: Office, content: bytes) -> tuple[Event, Answer]:
    """As `waiting`, for a document whose reading a person must let pass first."""
    encoded = base64.b64encode(content).decode()
    made = await office.ask("documents_submit", name="invoice.xml", content=encoded)
    await office.deliver()
    status = await office.ask("documents_get_status", correlation_id=made["correlation_id"])
    review = status["open_review_id"]
    await office.ask("documents_decide_review", by="clerk", review_id=review, decision="approve")
    (started,) = await office.deliver(hold={STARTED})
    await office.manager().resume(started)
    await office.deliver()
    return started, await office.process(started)


async def reasons(office: Office, process: Answer) -> list[str]:
    """Return why a person is asked."""
    page = await office.ask("documents_list_reviews", limit=50)
    (mine,) = [r for r in page["items"] if r["document_id"] == process["document_id"]]
    return mine["reasons"]


async def test_a_decided_review_wakes_its_process_though_the_first_try_fails(
    office: Office, invoices: Samples
) -> None:
    spec = replace(invoices.small_below(285), order_ref=None)
    started, process = await waiting(office, to_ubl(spec))
    assert process["state"] == "waiting_review"
    assert await reasons(office, process) == ["the document names no purchase order"]
    decided = await reviewed(office, process, "approve")
    failing = office.manager(Faulty(office.host.switchboard, "erp_find_party", AWAY, after=False))

    await failing.review_decided(decided)

    assert (await office.process(started))["state"] == "running"
    await failing.review_decided(decided)
    assert (await office.process(started))["state"] == "waiting_approval"
    assert await office.booked(spec.number) == ["draft"]
    await failing.review_decided(decided)
    assert len((await office.process(started))["steps"]) == 4 + 5


async def test_a_granted_approval_wakes_its_process_though_the_first_try_fails(
    office: Office, invoices: Samples
) -> None:
    spec = invoices.small_from(300)
    started, process = await waiting(office, to_ubl(spec))
    assert process["state"] == "waiting_approval"
    await office.ask(
        "workflows_decide_approval", by="finance", id=process["waits_for"], decision="approve"
    )
    (granted,) = await office.deliver(hold={GRANTED})
    failing = office.manager(Faulty(office.host.switchboard, "erp_post_invoice", AWAY, after=False))

    with pytest.raises(BackendUnavailableError):
        await failing.approval_decided(granted)

    assert (await office.process(started))["state"] == "waiting_approval"
    await failing.approval_decided(granted)
    assert (await office.process(started))["state"] == "completed"
    assert await office.booked(spec.number) == ["posted"]


async def test_a_denied_approval_ends_the_process_at_the_step_that_waited(
    office: Office, invoices: Samples
) -> None:
    spec = invoices.small_from(300)
    started, process = await waiting(office, to_ubl(spec))
    await office.ask(
        "workflows_decide_approval", by="finance", id=process["waits_for"], decision="deny"
    )
    await office.deliver()

    ended = await office.process(started)
    assert (ended["state"], ended["reason"], ended["waits_for"]) == (
        "rejected",
        "approval denied by finance",
        None,
    )
    assert [(s["name"], s["outcome"]) for s in ended["steps"]][-3:] == [
        ("post", "waiting"),
        ("post", "refused"),
        ("draft", "not_undone"),
    ]
    assert ended["receipt"][2] == {
        "step": "draft",
        "state": "not_undone",
        "reason": "a draft is in no ledger; it goes only when its document is parted",
    }
    status = await office.ask("documents_get_status", document_id=process["document_id"])
    assert status["state"] == "rejected"


async def test_the_timer_of_an_approval_rejects_what_nobody_decided_in_time(
    office: Office, invoices: Samples
) -> None:
    spec = invoices.small_from(300)
    started, process = await waiting(office, to_ubl(spec))
    due = started.model_copy(
        update={"type": "workflows.timer.due", "data": {**started.data, "timer": "approval"}}
    )

    await office.manager().timer_due(due)
    assert (await office.process(started))["state"] == "waiting_approval"

    late = approvals_at(office.host, lambda: utc_now() + timedelta(hours=72, seconds=1))
    await office.manager(approvals=late).timer_due(due)
    ended = await office.process(started)
    assert (ended["state"], ended["reason"]) == (
        "rejected",
        f"approval {process['waits_for']} expired undecided",
    )
    assert await office.booked(spec.number) == ["draft"]


async def test_a_doubt_that_was_accepted_is_not_asked_again_after_another(
    office: Office, invoices: Samples
) -> None:
    spec = invoices.small_below(285)
    seller = replace(spec.seller, iban=OTHER_IBAN)
    started, process = await waiting(office, to_ubl(replace(spec, seller=seller, order_ref=None)))
    (iban,) = await reasons(office, process)
    assert iban.startswith("the document's IBAN is not the one on file for V")

    await office.manager().review_decided(await reviewed(office, process, "approve"))
    await office.deliver()
    assert await reasons(office, process) == ["the document names no purchase order"]

    await office.manager().review_decided(await reviewed(office, process, "approve"))
    waits = await office.process(started)
    assert waits["state"] == "waiting_approval"
    page = await office.ask("workflows_list_approvals", limit=50)
    (summary,) = [one["summary"] for one in page["items"] if one["id"] == waits["waits_for"]]
    assert "held by risky-invoice" in summary
    assert summary.endswith("risks=no_order, other_account")
    await office.ask(
        "workflows_decide_approval", by="finance", id=waits["waits_for"], decision="approve"
    )
    await office.deliver()
    assert (await office.process(started))["state"] == "completed"
    assert await office.booked(spec.number) == ["posted"]


async def test_what_cannot_be_accepted_is_asked_again_until_it_is_corrected(
    office: Office, invoices: Samples
) -> None:
    spec = invoices.small_below(285)
    started, process = await waiting(office, to_ubl(replace(spec, order_ref="PO-0000-1")))
    assert await reasons(office, process) == ["no purchase order PO-0000-1"]

    await office.manager().review_decided(await reviewed(office, process, "approve"))
    await office.deliver()
    assert await reasons(office, process) == ["no purchase order PO-0000-1"]

    fields = {"order_ref": spec.order_ref or ""}
    decided = await reviewed(office, process, "correct", fields=fields)
    await office.manager().review_decided(decided)
    assert (await office.process(started))["state"] == "completed"


async def test_a_number_corrected_after_the_draft_was_made_leaves_one_invoice(
    office: Office, invoices: Samples
) -> None:
    spec = invoices.small_below(285)
    misread = replace(spec, number=f"{spec.number}-misread", order_ref=None)
    started, process = await waiting(office, to_ubl(misread))
    assert await office.booked(misread.number) == ["draft"]

    fields = {"number": spec.number, "order_ref": spec.order_ref or ""}
    decided = await reviewed(office, process, "correct", fields=fields)
    await office.manager().review_decided(decided)

    assert (await office.process(started))["state"] == "completed"
    assert await office.booked(misread.number) == []
    assert await office.booked(spec.number) == ["posted"]


async def test_an_invoice_that_a_reviewer_calls_a_letter_is_filed_and_not_posted(
    office: Office, invoices: Samples
) -> None:
    spec = replace(invoices.small_below(285), order_ref=None)
    started, process = await waiting(office, to_ubl(spec))

    decided = await reviewed(office, process, "correct", type="letter")
    await office.manager().review_decided(decided)
    await office.deliver()

    ended = await office.process(started)
    assert (ended["state"], ended["reason"]) == (
        "rejected",
        "the document is no invoice but: letter",
    )
    status = await office.ask("documents_get_status", document_id=process["document_id"])
    assert (status["state"], status["document_type"], status["process"]) == (
        "filed",
        "letter",
        None,
    )
    assert await office.booked(spec.number) == ["draft"]


async def test_a_supplier_without_a_vat_id_is_found_by_its_exact_name(
    office: Office, invoices: Samples
) -> None:
    spec = invoices.small_below(285)
    nameless = replace(spec.seller, vat=None, name=f"  {spec.seller.name.upper()}")
    started, process = await waiting_though_doubted(office, to_ubl(replace(spec, seller=nameless)))

    assert process["state"] == "completed", process
    unknown = replace(spec.seller, vat=None, name=spec.seller.name[:-4])
    spec = replace(invoices.small_below(285), seller=unknown)
    started, process = await waiting_though_doubted(office, to_ubl(spec))
    assert process["state"] == "waiting_review"
    assert await office.steps(started) == [("read", "done"), ("supplier", "waiting")]
