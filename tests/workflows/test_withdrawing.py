"""Whoever was asked on behalf of a process need not answer once the process is over."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Never

import pytest

from journeys.desk import Samples
from journeys.office import Answer, KilledError, Office
from switchgear_documents.samples import InvoiceSpec, to_ubl
from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import DEFAULT_TENANT, new_correlation_id
from switchgear_shared.errors import ApprovalRequiredError, ConflictError, PolicyDeniedError
from switchgear_shared.governance.approval import Approval, Approvals
from switchgear_shared.governance.identity import DEFAULT_AGENTS
from switchgear_shared.governance.store import ApprovalRow
from switchgear_workflows.process import End, Step, Work
from switchgear_workflows.processes import ProcessManager
from workflows.shop import Struck
from workflows.test_ways_back import Ledger, Room

Handle = Callable[[ProcessManager], Awaitable[None]]
"""Has a process manager handle the event that takes a process on."""
Come = Callable[[Office, InvoiceSpec], Awaitable[tuple[Event, Handle]]]
WORKFLOWS = next(agent.principal for agent in DEFAULT_AGENTS if agent.id == "workflows")

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def waiting(office: Office, content: bytes) -> tuple[Event, Answer]:
    """Start a process and take it to where it waits."""
    started = await office.routed(content)
    await office.manager().resume(started)
    await office.deliver()
    return started, await office.process(started)


async def cancelled(office: Office, started: Event) -> None:
    """Cancel it and let everybody hear of it."""
    await office.ask("workflows_cancel", by="operator", id=started.subject, reason="not ours")
    await office.deliver()


async def listed(office: Office, state: str) -> dict[str, Answer]:
    page = await office.ask("workflows_list_approvals", state=state, limit=50)
    return {item["id"]: item for item in page["items"]}


@pytest.mark.parametrize("is_granted", [False, True])
async def test_an_approval_that_a_cancelled_process_waited_for_is_withdrawn(
    office: Office, invoices: Samples, is_granted: bool
) -> None:
    """Also where it was granted a moment before the process heard of it."""
    spec = invoices.small_from(300)
    started, process = await waiting(office, to_ubl(spec))
    approval_id = process["waits_for"]
    granted: list[Event] = []
    if is_granted:
        await office.ask(
            "workflows_decide_approval", by="finance", id=approval_id, decision="approve"
        )
        granted = await office.deliver(hold={"governance.approval.decided"})
    await cancelled(office, started)
    for event in granted:
        await office.manager().approval_decided(event)

    assert (await office.process(started))["state"] == "cancelled"
    assert await office.booked(spec.number) == ["draft"]
    assert approval_id not in await listed(office, "open")
    shown = (await listed(office, "withdrawn"))[approval_id]
    assert shown["decided_by"] == "workflows"
    approval = await office.host.approvals.get(DEFAULT_TENANT, approval_id)
    assert approval.reason == "cancelled by operator: not ours"
    with pytest.raises(ConflictError, match=f"approval {approval_id} is withdrawn by workflows"):
        await office.ask("workflows_decide_approval", by="finance", id=approval_id, decision="deny")


async def test_the_withdrawal_is_in_the_audit_trail_under_the_work(
    office: Office, invoices: Samples
) -> None:
    started, process = await waiting(office, to_ubl(invoices.small_from(300)))
    await cancelled(office, started)

    await office.host.audit.flush()
    rows = await office.host.trail.find(DEFAULT_TENANT, started.correlation_id)
    ours = [
        row.event
        for row in rows
        if row.event["tool"] == "workflows_decide_approval" and row.event["kind"] == "outcome"
    ]
    assert [(row["principal"], row["outcome"], row["arguments"]) for row in ours] == [
        (
            "workflows",
            "ok",
            {
                "id": process["waits_for"],
                "decision": "withdraw",
                "reason": "cancelled by operator: not ours",
            },
        )
    ]


@pytest.mark.parametrize("after", [False, True])
async def test_killed_while_it_withdraws_it_does_so_when_it_is_taken_up(
    office: Office, invoices: Samples, after: bool
) -> None:
    started, process = await waiting(office, to_ubl(invoices.small_from(300)))
    await office.ask("workflows_cancel", by="operator", id=started.subject, reason="no")
    (turned,) = await office.deliver(hold={"workflows.process.reverted"})
    killed = Struck(office.host.switchboard, 1, after)

    with pytest.raises(KilledError):
        await office.manager(killed).resume(turned)
    assert killed.calls == ["workflows_decide_approval"]
    await office.manager().resume(turned)

    assert (await office.process(started))["state"] == "cancelled"
    assert process["waits_for"] in await listed(office, "withdrawn")


async def asked(office: Office, work: Work) -> Never:
    """Ask for an approval as a step does."""
    approval = await office.host.approvals.request(
        principal=replace(WORKFLOWS, requested_by=work.requested_by),
        digest=work.key("ask"),
        server="erp",
        tool="erp_advance_order",
        kinds=["finance"],
        summary="a wish",
        arguments={},
        facts={},
        correlation_id=work.correlation_id,
        asked_under=work.key("ask"),
    )
    expires_at = approval.expires_at.isoformat()
    raise ApprovalRequiredError(
        "ask first", details={"approval_id": approval.id, "expires_at": expires_at}
    )


async def test_a_process_with_nothing_to_undo_withdraws_its_approval_before_it_ends(
    office: Office,
) -> None:
    async def ask(work: Work) -> End:
        await asked(office, work)

    room = Room(office, Ledger().kind(ask=Step(ask)))
    started = await room.start("a wish")
    await room.manager.resume(started)
    waits = await room.shown(started)
    assert waits["state"] == "waiting_approval"

    turned = await room.backend.cancel(room.caller, started.subject, reason="no")
    assert turned.state == "compensating"
    for event in await room.events():
        await room.manager.resume(event)

    assert (await room.shown(started))["state"] == "cancelled"
    assert waits["waits_for"] in await listed(office, "withdrawn")


async def test_only_who_asked_for_an_approval_takes_it_back(office: Office) -> None:
    approvals = office.host.approvals
    asked = await approvals.request(
        principal=replace(WORKFLOWS, requested_by="back-office"),
        digest="d-1",
        server="erp",
        tool="erp_advance_order",
        kinds=["finance"],
        summary="back-office wants it",
        arguments={},
        facts={},
        correlation_id=new_correlation_id(),
    )
    for party in ("finance", "operator"):
        with pytest.raises(PolicyDeniedError):
            await office.ask(
                "workflows_decide_approval", by=party, id=asked.id, decision="withdraw"
            )
    taken_back = await approvals.withdraw(asked.id, WORKFLOWS, "no more")
    again = await approvals.withdraw(asked.id, WORKFLOWS, "again")

    assert (taken_back.state, taken_back.reason) == ("withdrawn", "no more")
    assert again == taken_back


async def test_a_review_of_a_cancelled_process_is_closed_with_the_reason(
    office: Office, invoices: Samples
) -> None:
    spec = replace(invoices.small_below(285), order_ref=None)
    started, process = await waiting(office, to_ubl(spec))
    assert process["state"] == "waiting_review"
    status = await office.ask("documents_get_status", document_id=process["document_id"])
    review_id = status["open_review_id"]

    await cancelled(office, started)

    page = await office.ask("documents_list_reviews", limit=50)
    assert review_id not in {item["id"] for item in page["items"]}
    status = await office.ask("documents_get_status", document_id=process["document_id"])
    assert (status["state"], status["open_review_id"]) == ("rejected", None)
    shown = await office.ask("documents_get_review", by="clerk", review_id=review_id)
    assert (shown["state"], shown["decision"], shown["decided_by"]) == (
        "decided",
        "cancelled",
        "workflows",
    )
    assert shown["history"][-1]["what"] == "documents.review.cancelled"
    with pytest.raises(ConflictError, match="was decided by workflows: cancelled"):
        await office.ask(
            "documents_decide_review", by="clerk", review_id=review_id, decision="approve"
        )
    trace = await office.ask("documents_trace", correlation_id=started.correlation_id)
    closed = [step for step in trace["steps"] if step["what"] == "documents.review.cancelled"]
    assert [step["detail"]["reason"] for step in closed] == ["cancelled by operator: not ours"]


async def test_a_question_that_comes_after_the_end_of_its_process_is_not_asked(
    office: Office, invoices: Samples
) -> None:
    """Two consumers hear of them, and need not be equally quick."""
    spec = replace(invoices.small_below(285), order_ref=None)
    started = await office.routed(to_ubl(spec))
    await office.manager().resume(started)
    asked = await office.deliver(hold={"workflows.review.requested"})
    await cancelled(office, started)

    for event in asked:
        for consumer in office.host.consumers():
            if consumer.event_type == event.type:
                await consumer.handle(event)

    document_id = (await office.process(started))["document_id"]
    status = await office.ask("documents_get_status", document_id=document_id)
    assert (status["state"], status["open_review_id"]) == ("rejected", None)


@dataclass
class Held:
    """A worker that asks for an approval, held just before or just after it is opened."""

    office: Office
    is_after: bool
    is_killed: bool
    has_come: asyncio.Event = field(default_factory=asyncio.Event)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, handle: Handle, monkeypatch: pytest.MonkeyPatch) -> None:
        """Take the process on by an event, and stop there until the test lets go."""
        request = Approvals.request

        async def held(approvals: Approvals, **asked: Any) -> Approval:
            approval = await request(approvals, **asked) if self.is_after else None
            self.has_come.set()
            await self.may_go_on.wait()
            approval = approval or await request(approvals, **asked)
            if self.is_killed:
                raise KilledError
            return approval

        monkeypatch.setattr(Approvals, "request", held)
        await handle(self.office.manager())


async def come_by_start(office: Office, spec: InvoiceSpec) -> tuple[Event, Handle]:
    started = await office.routed(to_ubl(spec))
    return started, lambda manager: manager.resume(started)


async def come_by_review(office: Office, spec: InvoiceSpec) -> tuple[Event, Handle]:
    started, process = await waiting(office, to_ubl(replace(spec, order_ref=None)))
    status = await office.ask("documents_get_status", document_id=process["document_id"])
    await office.ask(
        "documents_decide_review",
        by="clerk",
        review_id=status["open_review_id"],
        decision="approve",
    )
    (decided,) = await office.deliver(hold={"documents.review.decided"})
    return started, lambda manager: manager.review_decided(decided)


async def come_by_approval(office: Office, spec: InvoiceSpec) -> tuple[Event, Handle]:
    """What was granted is not what is called any more, so that another approval is asked for."""
    started, process = await waiting(office, to_ubl(spec))
    approval_id = process["waits_for"]
    await office.ask("workflows_decide_approval", by="finance", id=approval_id, decision="approve")
    (decided,) = await office.deliver(hold={"governance.approval.decided"})
    async with office.host.governance_database.writing() as session:
        approval = await session.get_one(ApprovalRow, (DEFAULT_TENANT, approval_id))
        approval.digest = f"of another call than {approval_id}"
    return started, lambda manager: manager.approval_decided(decided)


@pytest.mark.parametrize("come", [come_by_start, come_by_review, come_by_approval])
@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("is_killed", [False, True], ids=["goes on", "is killed"])
async def test_an_approval_opened_while_its_process_is_cancelled_is_withdrawn(
    office: Office,
    invoices: Samples,
    monkeypatch: pytest.MonkeyPatch,
    come: Come,
    is_after: bool,
    is_killed: bool,
) -> None:
    """The asker, or who takes its event up after it was killed, finds the process over."""
    spec = invoices.small_from(300)
    started, handle = await come(office, spec)
    states = ("withdrawn", "open", "approved")
    before = {id_ for state in states for id_ in await listed(office, state)}
    held = Held(office, is_after, is_killed)
    asking = asyncio.create_task(held.take(handle, monkeypatch))
    await held.has_come.wait()

    await cancelled(office, started)
    assert (await office.process(started))["state"] == "cancelled"
    held.may_go_on.set()
    if is_killed:
        with pytest.raises(KilledError):
            await asking
        await handle(office.manager())
    else:
        await asking
    await office.deliver()

    (approval_id,) = (await listed(office, "withdrawn")).keys() - before
    approval = await office.host.approvals.get(DEFAULT_TENANT, approval_id)
    assert (approval.tool, approval.decided_by) == ("erp_post_invoice", "workflows")
    assert approval.reason == "cancelled by operator: not ours"
    assert (await listed(office, "open")).keys() <= before
    assert (await office.process(started))["state"] == "cancelled"
    assert await office.booked(spec.number) == ["draft"]


async def test_what_a_process_asks_for_once_it_is_taken_up_again_stays(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker that ended it had not looked yet for what was asked for too late."""
    tries: list[Work] = []

    async def ask(work: Work) -> End:
        tries.append(work)
        if len(tries) == 1:
            raise ConflictError("not now")
        await asked(office, work)

    asked_under = Approvals.asked_under
    has_come, may_go_on = asyncio.Event(), asyncio.Event()

    async def held(approvals: Approvals, *whose: Any) -> tuple[Approval, ...]:
        has_come.set()
        await may_go_on.wait()
        return await asked_under(approvals, *whose)

    room = Room(office, Ledger().kind(ask=Step(ask)))
    started = await room.start("another wish")
    monkeypatch.setattr(Approvals, "asked_under", held)
    ending = asyncio.create_task(room.manager.resume(started))
    await has_come.wait()
    assert (await room.shown(started))["state"] == "failed"

    await room.backend.retry(room.caller, started.subject, from_step=None)
    for event in await room.events():
        if event.type == "workflows.process.advanced":
            await room.manager.resume(event)
    waits = await room.shown(started)
    may_go_on.set()
    await ending

    assert waits["waits_for"] in await listed(office, "open")
    assert await room.shown(started) == waits


async def test_what_another_process_of_the_same_work_asked_for_stays(
    office: Office, invoices: Samples
) -> None:
    """Documents of one message share their correlation ID, and not their approvals."""
    _, other = await waiting(office, to_ubl(invoices.small_from(300)))
    started, process = await waiting(office, to_ubl(invoices.small_from(300)))
    async with office.host.governance_database.writing() as session:
        approval = await session.get_one(ApprovalRow, (DEFAULT_TENANT, other["waits_for"]))
        approval.correlation_id = process["correlation_id"]

    await cancelled(office, started)
    await office.manager().resume(started)

    opened = await listed(office, "open")
    assert other["waits_for"] in opened
    assert process["waits_for"] not in opened
