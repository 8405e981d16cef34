"""Who may decide a waiting call, and what deciding it again does."""

import json
from typing import Any

import pytest

from journeys.desk import Samples
from journeys.office import Answer, Office
from switchgear_documents.samples import to_ubl
from switchgear_shared.errors import (
    ConflictError,
    NotFoundError,
    PolicyDeniedError,
    SwitchgearError,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def waiting(office: Office, invoices: Samples, by: str = "assistant") -> Answer:
    """Return the approval that a large invoice waits for."""
    started = await office.routed(to_ubl(invoices.small_from(300)), by=by)
    await office.manager().resume(started)
    process = await office.process(started)
    page = await office.ask("workflows_list_approvals", limit=50)
    return next(item for item in page["items"] if item["id"] == process["waits_for"])


async def decide(office: Office, approval: Answer, decision: str, by: str, **more: Any) -> Answer:
    return await office.ask(
        "workflows_decide_approval", by=by, id=approval["id"], decision=decision, **more
    )


async def test_an_approval_says_who_wants_what_done_to_whom(
    office: Office, invoices: Samples
) -> None:
    approval = await waiting(office, invoices)

    shown = {name: approval[name] for name in ("state", "tool", "needs", "requested_by")}
    assert shown == {
        "state": "open",
        "tool": "erp_post_invoice",
        "needs": ["finance"],
        "requested_by": "assistant",
    }
    assert approval["summary"].startswith("assistant wants erp_post_invoice; ")
    assert "amount_company_minor=" in approval["summary"]


async def test_an_approval_is_shown_whole_to_who_may_read_approvals(
    office: Office, invoices: Samples
) -> None:
    approval = await waiting(office, invoices)

    async def whole() -> Answer:
        answer = await office.ask("workflows_approval", by="finance", id=approval["id"])
        return json.loads(answer["text"])

    asked = await whole()
    await decide(office, approval, "deny", by="finance", reason="no such goods")
    decided = await whole()

    assert {name: asked[name] for name in approval if name in asked} == {
        name: approval[name] for name in approval if name in asked
    }
    assert (asked["server"], asked["called_by"]) == ("erp", "workflows")
    assert asked["facts"]["amount_company_minor"] > 0
    named = {name: str(value) for name, value in asked["arguments"].items()}
    assert named != {}
    assert all(f"{name}={value[:77]}" in approval["summary"] for name, value in named.items())
    assert [asked[name] for name in ("decided_by", "decided_at", "reason")] == [None] * 3
    assert [decided[name] for name in ("state", "decided_by", "reason")] == [
        "denied",
        "finance",
        "no such goods",
    ]
    with pytest.raises(NotFoundError, match="approval apr_0 does not exist"):
        await office.ask("workflows_approval", by="finance", id="apr_0")


async def test_nobody_decides_what_was_done_at_their_own_request(
    office: Office, invoices: Samples
) -> None:
    approval = await waiting(office, invoices, by="finance")

    for decision in ("approve", "deny"):
        with pytest.raises(PolicyDeniedError):
            await decide(office, approval, decision, by="finance")

    page = await office.ask("workflows_list_approvals", limit=50)
    assert approval["id"] in {item["id"] for item in page["items"]}


@pytest.mark.parametrize("agent", ["assistant", "clerk", "operator", "workflows"])
async def test_only_an_approver_decides(office: Office, invoices: Samples, agent: str) -> None:
    approval = await waiting(office, invoices)

    with pytest.raises(PolicyDeniedError):
        await decide(office, approval, "approve", by=agent)


async def test_the_same_decision_again_changes_nothing_and_the_other_is_a_conflict(
    office: Office, invoices: Samples
) -> None:
    approval = await waiting(office, invoices)
    first = await decide(office, approval, "deny", by="finance", reason="no such goods")
    again = await decide(office, approval, "deny", by="finance", idempotency_key="again")

    assert [(r["state"], r["changed"]) for r in (first, again)] == [
        ("denied", True),
        ("denied", False),
    ]
    with pytest.raises(ConflictError, match=f"approval {approval['id']} is denied by finance"):
        await decide(office, approval, "approve", by="finance")
    denied = await office.ask("workflows_list_approvals", state="denied", limit=50)
    assert approval["id"] in {item["id"] for item in denied["items"]}


async def test_an_approval_that_does_not_exist_is_not_found(office: Office) -> None:
    with pytest.raises(NotFoundError, match="approval apr_0 does not exist"):
        await decide(office, {"id": "apr_0"}, "approve", by="finance")


async def test_pages_of_approvals_follow_one_another_and_a_foreign_cursor_is_refused(
    office: Office, invoices: Samples
) -> None:
    newest = [(await waiting(office, invoices))["id"] for _ in range(3)][::-1]

    first = await office.ask("workflows_list_approvals", limit=2)
    second = await office.ask("workflows_list_approvals", limit=2, cursor=first["next_cursor"])

    assert [item["id"] for item in first["items"]] == newest[:2]
    assert second["items"][0]["id"] == newest[2]
    processes = await office.ask("workflows_list", limit=1)
    with pytest.raises(SwitchgearError) as refused:
        await office.ask("workflows_list_approvals", cursor=processes["next_cursor"])
    assert (refused.value.code, refused.value.field) == ("invalid_request", "cursor")
