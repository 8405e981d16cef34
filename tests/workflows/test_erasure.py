"""A document that was erased is gone from its processes too, once they are over."""

from typing import Any

import pytest

from journeys.desk import Samples
from journeys.office import Answer, Faulty, Office
from switchgear_documents.samples import to_ubl
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.values import DEFAULT_TENANT, TenantId
from switchgear_shared.errors import BackendUnavailableError, ConflictError, InvalidRequestError

pytestmark = pytest.mark.asyncio(loop_scope="session")


def erased(document_id: str, tenant: TenantId = DEFAULT_TENANT) -> Event:
    data: dict[str, Any] = {
        "document_id": document_id,
        "document_type": "invoice",
        "basis": "request",
        "erased_by": "records",
        "reason": "asked to",
    }
    event = new_event("documents.document.erased", source="documents", subject="x", data=data)
    return event.model_copy(update={"tenant": tenant})


async def _posted(office: Office, invoices: Samples) -> tuple[Event, Answer]:
    started = await office.routed(to_ubl(invoices.small_below(300)))
    await office.manager().resume(started)
    process = await office.process(started)
    assert process["state"] == "completed"
    return started, process


async def test_a_process_that_is_over_keeps_its_steps_and_its_record_and_nothing_else(
    office: Office, invoices: Samples
) -> None:
    started, before = await _posted(office, invoices)
    event = erased(before["document_id"])

    for _ in range(2):
        await office.manager().erase(event)

    after = await office.process(started)
    assert after["result"] == {"record_uri": before["result"]["record_uri"]}
    assert (after["state"], after["reason"]) == ("completed", "its document was erased")
    steps = [(step["name"], step["outcome"], step["detail"]) for step in after["steps"]]
    assert steps == [(step["name"], step["outcome"], {}) for step in before["steps"]]
    assert after["version"] == str(int(before["version"]) + 1)


async def test_a_process_that_runs_is_left_alone_until_it_is_over(
    office: Office, invoices: Samples
) -> None:
    started = await office.routed(to_ubl(invoices.small_below(300)))
    event = erased((await office.process(started))["document_id"])

    with pytest.raises(BackendUnavailableError, match="is running"):
        await office.manager().erase(event)
    await office.manager().resume(started)
    await office.manager().erase(event)

    assert (await office.process(started))["reason"] == "its document was erased"


async def test_another_tenants_document_of_that_id_is_left_alone(
    office: Office, invoices: Samples
) -> None:
    started, before = await _posted(office, invoices)

    await office.manager().erase(erased(before["document_id"], TenantId("other")))

    assert await office.process(started) == before


async def test_a_failed_process_is_not_taken_up_again_once_its_document_is_gone(
    office: Office, invoices: Samples
) -> None:
    started = await office.routed(to_ubl(invoices.small_below(300)))
    error = InvalidRequestError("no such party", field="name")
    faulty = Faulty(office.host.switchboard, "documents_get_extraction", error, after=False)
    await office.manager(faulty).resume(started)
    await office.deliver()
    process = await office.process(started)
    assert process["state"] == "failed"
    await office.manager().erase(erased(process["document_id"]))

    with pytest.raises(ConflictError, match=f"the document of process {started.subject} was"):
        await office.ask("workflows_retry", by="operator", id=started.subject)
