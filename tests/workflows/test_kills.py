"""A process that dies between an effect and its commit finds the effect when it is taken up."""

import asyncio

import pytest

from journeys.desk import Samples
from journeys.office import Faulty, KilledError, Office
from switchgear_documents.samples import to_ubl
from switchgear_shared.errors import BackendUnavailableError

pytestmark = pytest.mark.asyncio(loop_scope="session")

ALL_DONE = [
    (name, "done") for name in ("read", "supplier", "draft", "match", "post", "propose_payment")
]


@pytest.mark.parametrize("after", [True, False], ids=["after the effect", "before it"])
@pytest.mark.parametrize(
    ("tool", "done_before", "state_before"),
    [
        ("documents_get_extraction", [], []),
        ("erp_find_party", ALL_DONE[:1], []),
        ("erp_create_invoice", ALL_DONE[:2], ["draft"]),
        ("erp_match_invoice", ALL_DONE[:3], ["draft"]),
        ("erp_post_invoice", ALL_DONE[:4], ["posted"]),
        ("erp_get_invoice", ALL_DONE[:5], ["posted"]),
    ],
)
async def test_a_process_killed_in_a_step_repeats_the_step_and_posts_once(
    office: Office,
    invoices: Samples,
    tool: str,
    done_before: list[tuple[str, str]],
    state_before: list[str],
    after: bool,
) -> None:
    spec = invoices.small_below(285)
    started = await office.routed(to_ubl(spec))
    killed = office.manager(Faulty(office.host.switchboard, tool, KilledError(), after=after))

    with pytest.raises(KilledError):
        await killed.resume(started)

    assert await office.steps(started) == done_before
    if after:
        assert await office.booked(spec.number) == state_before
    await office.manager().resume(started)
    process = await office.process(started)
    assert [(step["name"], step["outcome"]) for step in process["steps"]] == ALL_DONE
    assert process["state"] == "completed"
    post = next(step for step in process["steps"] if step["name"] == "post")
    assert post["detail"]["replayed"] is (after and tool == "erp_post_invoice")
    assert await office.booked(spec.number) == ["posted"]
    posted = list(await office.deliver(hold={"erp.invoice.posted"}))
    assert [event.data["invoice_id"] for event in posted] == [process["result"]["invoice_id"]]


async def test_a_process_cancelled_while_it_posts_is_taken_up_and_posts_once(
    office: Office, invoices: Samples
) -> None:
    spec = invoices.small_below(285)
    started = await office.routed(to_ubl(spec))
    task: asyncio.Task[None]
    faulty = Faulty(office.host.switchboard, "erp_post_invoice", asyncio.CancelledError())
    task = asyncio.create_task(office.manager(faulty).resume(started))
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()

    await office.manager().resume(started)

    assert await office.steps(started) == ALL_DONE
    assert await office.booked(spec.number) == ["posted"]


async def test_two_workers_on_one_process_have_each_effect_once(
    office: Office, invoices: Samples
) -> None:
    spec = invoices.small_below(285)
    started = await office.routed(to_ubl(spec))

    await asyncio.gather(*(office.manager().resume(started) for _ in range(4)))

    process = await office.process(started)
    assert await office.steps(started) == ALL_DONE
    assert (process["state"], process["version"]) == ("completed", "7")
    assert await office.booked(spec.number) == ["posted"]
    events = await office.deliver(hold={"erp.invoice.posted", "workflows.process.completed"})
    assert sorted(event.type for event in events) == [
        "erp.invoice.posted",
        "workflows.process.completed",
    ]


async def test_a_server_that_is_away_leaves_the_process_where_it_is(
    office: Office, invoices: Samples
) -> None:
    started = await office.routed(to_ubl(invoices.small_below(285)))
    away = BackendUnavailableError("server inventory is not running")
    faulty = Faulty(office.host.switchboard, "inventory_list_movements", away, after=False)

    await office.manager(faulty).resume(started)

    process = await office.process(started)
    assert (process["state"], process["reason"]) == (
        "running",
        "match is tried again: server inventory is not running",
    )
    (handed,) = await office.deliver(hold={"workflows.process.advanced"})
    assert handed.data["step"] == "draft"
    with pytest.raises(BackendUnavailableError):
        await office.manager(faulty.again()).resume(handed)
    await office.manager().resume(handed)
    process = await office.process(started)
    assert (process["state"], process["reason"]) == ("completed", None)


async def test_an_event_delivered_again_starts_no_second_process(
    office: Office, invoices: Samples
) -> None:
    started = await office.routed(to_ubl(invoices.small_below(285)))
    routed = started.model_copy(
        update={
            "id": started.causation_id,
            "type": "documents.document.routed",
            "data": {
                "document_id": started.data["document_id"],
                "document_type": "invoice",
                "process": "supplier_invoice",
                "requested_by": "assistant",
            },
        }
    )

    await office.manager().start(routed)

    assert await office.deliver(hold={"workflows.process.started"}) == []


async def test_a_document_without_a_process_starts_none(office: Office, invoices: Samples) -> None:
    started = await office.routed(to_ubl(invoices.small_below(285)))
    for process in (None, "unheard_of"):
        routed = started.model_copy(
            update={
                "id": f"evt_{process}",
                "data": {**started.data, "process": process, "requested_by": "assistant"},
            }
        )
        await office.manager().start(routed)

    assert await office.deliver(hold={"workflows.process.started"}) == []
