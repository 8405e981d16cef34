"""Undoing may want an approval too: it waits for it, and says what a refusal leaves behind."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

import switchgear_shared.governance
from journeys.desk import copied
from journeys.office import Answer, Office, approvals_at, opened_office
from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import InvalidRequestError
from workflows.shop import Refusing, Standing, goods, standing, wanted

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHIPPED = Path(switchgear_shared.governance.__file__).parent / "policies/default.cedar"
STRICT = """
@id("approved-cancelling")
@approval("finance")
forbid (
  principal,
  action == Switchgear::Action::"call",
  resource == Switchgear::Tool::"erp_advance_order"
)
when { context.args has to && context.args.to == "cancelled" }
unless { context.approvals.contains("finance") };
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def strict(
    demo_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Office]:
    """A suite in which nobody cancels an order without an approval."""
    folder = tmp_path_factory.mktemp("strict")
    policies = folder / "policies"
    policies.mkdir()
    (policies / "all.cedar").write_text(SHIPPED.read_text() + STRICT)
    async with opened_office(copied(demo_data, folder), policies=policies) as office:
        yield office


async def undoing(office: Office) -> tuple[Event, str, Answer]:
    """Have an order fail at its confirmation; return its process, that waits to cancel it."""
    order = wanted(await goods(office))
    started = await office.started("customer_order", **order)
    closed = InvalidRequestError("the books are closed")
    refusing = Refusing(office.host.switchboard, "erp_advance_order", closed, to="confirmed")
    await office.manager(refusing).resume(started)
    process = await office.process(started)
    assert (process["state"], process["waits_for_whom"]) == ("compensating", "finance")
    return started, order["external_ref"], process


async def decided(office: Office, process: Answer, decision: str) -> None:
    await office.ask(
        "workflows_decide_approval",
        by="finance",
        id=process["waits_for"],
        decision=decision,
        reason="the customer insists" if decision == "deny" else None,
    )
    await office.deliver()


async def test_what_is_granted_is_undone(strict: Office) -> None:
    started, number, process = await undoing(strict)
    assert await standing(strict, number) == Standing(("quoted",), Decimal(0), ())

    await decided(strict, process, "approve")

    process = await strict.process(started)
    assert (process["state"], process["waits_for"]) == ("failed", None)
    assert process["reason"] == "invalid_request: the books are closed"
    assert [(step["name"], step["outcome"]) for step in process["steps"]][-4:] == [
        ("confirm", "failed"),
        ("reserve", "undone"),
        ("order", "waiting"),
        ("order", "undone"),
    ]
    assert await standing(strict, number) == Standing(("cancelled",), Decimal(0), ("cancelled",))


async def test_what_is_denied_stays_and_the_receipt_says_who_said_so(strict: Office) -> None:
    started, number, process = await undoing(strict)

    await decided(strict, process, "deny")

    process = await strict.process(started)
    assert process["state"] == "failed"
    reasons = {line["step"]: (line["state"], line["reason"]) for line in process["receipt"]}
    assert reasons["order"] == (
        "not_undone",
        "approval denied by finance: the customer insists",
    )
    assert await standing(strict, number) == Standing(("quoted",), Decimal(0), ())


async def test_what_nobody_decides_in_time_stays(strict: Office) -> None:
    started, number, process = await undoing(strict)
    due = started.model_copy(
        update={"type": "workflows.timer.due", "data": {**started.data, "timer": "approval"}}
    )

    await strict.manager().timer_due(due)
    assert (await strict.process(started))["state"] == "compensating"
    late = approvals_at(strict.host, lambda: utc_now() + timedelta(hours=72, seconds=1))
    await strict.manager(approvals=late).timer_due(due)

    process_then = await strict.process(started)
    assert process_then["state"] == "failed"
    reasons = {line["step"]: line["reason"] for line in process_then["receipt"]}
    assert reasons["order"] == f"approval {process['waits_for']} expired undecided"
    assert (await standing(strict, number)).orders == ("quoted",)


async def test_the_approval_that_undoing_waits_for_is_not_withdrawn(strict: Office) -> None:
    """However often the process is looked at meanwhile; a second cancelling changes nothing."""
    started, _, process = await undoing(strict)
    for _ in range(2):
        await strict.manager().resume(started)

    page = await strict.ask("workflows_list_approvals", limit=50)
    assert process["waits_for"] in {item["id"] for item in page["items"]}
