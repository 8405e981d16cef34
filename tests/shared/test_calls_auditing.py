"""The audit trail round calls: every call leaves its row, and no row means no write."""

from pathlib import Path
from typing import Any

import pytest
from jars_suite import RENT, JarsSuite, serving_jars
from sqlalchemy import text

from switchgear_shared.errors import BackendRejectedError
from switchgear_shared.governance.digests import digest

GET, PUT, PAY = "jars_get_jar", "jars_put_coins", "erp_record_payment"
FIVE = {"jar_id": RENT, "coins": 5, "idempotency_key": "k-1"}


def told(event: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(event[name] for name in names)


async def test_an_intent_is_committed_before_a_write_and_its_outcome_after(
    suite: JarsSuite,
) -> None:
    seen: list[list[str]] = []

    async def look() -> None:
        rows = await suite.host.trail.find((await suite.principal("saver")).tenant, "cor_1")
        seen.append([row.event["kind"] for row in rows])

    suite.backend.outage = look
    await suite.answer(PUT, FIVE, correlation_id="cor_1")

    intent, outcome = await suite.trail("cor_1")
    assert seen == [["intent"]]
    assert told(intent, "kind", "outcome", "tool", "principal", "policy_ids") == (
        "intent",
        None,
        PUT,
        "saver",
        ["granted"],
    )
    assert told(outcome, "kind", "outcome", "detail", "policy_ids") == (
        "outcome",
        "ok",
        {"id": RENT, "ref": "rent", "state": "open"},
        ["granted"],
    )
    own = {"jar_id": RENT, "coins": 5}
    assert told(intent, "arguments", "arguments_digest") == (own, digest(own))
    assert told(outcome, "arguments", "arguments_digest") == (own, digest(own))
    assert intent["idempotency_key"] == outcome["idempotency_key"] == digest("saver", "k-1")


async def test_a_replay_is_marked_and_has_no_intent(suite: JarsSuite) -> None:
    await suite.answer(PUT, FIVE, correlation_id="cor_1")
    await suite.answer(PUT, FIVE, correlation_id="cor_2")

    (only,) = await suite.trail("cor_2")
    assert told(only, "kind", "outcome") == ("outcome", "ok")
    assert only["detail"]["replayed"] is True


async def test_a_failed_write_says_how_it_failed(suite: JarsSuite) -> None:
    async def refuse() -> None:
        raise BackendRejectedError("the slot is jammed")

    suite.backend.outage = refuse
    await suite.call(PUT, FIVE, correlation_id="cor_1")

    intent, outcome = await suite.trail("cor_1")
    assert (intent["kind"], outcome["outcome"]) == ("intent", "backend_rejected")
    assert outcome["detail"] == {"message": "the slot is jammed", "outcome": "not_done"}


async def test_a_fault_of_ours_leaves_its_row(suite: JarsSuite) -> None:
    async def crash() -> None:
        raise RuntimeError("secret detail")

    suite.backend.outage = crash
    await suite.call(PUT, FIVE, correlation_id="cor_1")

    assert [(e["kind"], e["outcome"]) for e in await suite.trail("cor_1")] == [
        ("intent", None),
        ("outcome", "internal"),
    ]
    assert "secret detail" not in str(await suite.trail("cor_1"))


async def test_a_read_leaves_one_row(suite: JarsSuite) -> None:
    await suite.answer(GET, {"jar_id": RENT}, correlation_id="cor_1")

    (only,) = await suite.trail("cor_1")
    assert told(only, "kind", "outcome", "server", "detail") == ("outcome", "ok", "jars", {})


async def test_a_denial_is_recorded_with_the_policy_that_refused(
    jars_data: Path, tmp_path: Path
) -> None:
    own = tmp_path / "policies"
    own.mkdir()
    (own / "own.cedar").write_text(
        '@id("all") permit (principal, action, resource);'
        '@id("no-putting") forbid (principal, action, resource)'
        ' when { resource.name == "jars_put_coins" };'
    )
    async with serving_jars(jars_data, policies=own) as suite:
        await suite.call(PUT, FIVE, correlation_id="cor_1")

        (only,) = await suite.trail("cor_1")
        assert told(only, "kind", "outcome", "policy_ids") == (
            "denied",
            "policy_denied",
            ["no-putting"],
        )


async def test_a_call_that_waits_for_approval_names_the_approval(suite: JarsSuite) -> None:
    error = await suite.refusal(PUT, FIVE, correlation_id="cor_1", taint=("documents",))

    (only,) = await suite.trail("cor_1")
    assert told(only, "kind", "outcome", "approval_id", "policy_ids") == (
        "approval",
        "approval_required",
        error.details["approval_id"],
        ["tainted-write"],
    )


async def test_an_approved_call_names_its_approval_and_the_policy_that_lets_it_pass(
    suite: JarsSuite,
) -> None:
    error = await suite.refusal(PUT, FIVE, taint=("documents",))
    finance = await suite.principal("finance")
    await suite.host.approvals.decide(error.details["approval_id"], "approve", finance)
    await suite.answer(PUT, FIVE, correlation_id="cor_1", taint=("documents",))

    told_alike = (["granted"], error.details["approval_id"])
    assert [told(e, "policy_ids", "approval_id") for e in await suite.trail("cor_1")] == [
        told_alike,
        told_alike,
    ]


async def test_a_call_of_a_tool_that_is_not_there_leaves_its_row(suite: JarsSuite) -> None:
    error = await suite.refusal("jars_break_jar", {"jar_id": RENT}, correlation_id="cor_1")

    (only,) = await suite.trail("cor_1")
    assert (error.code, error.message) == ("not_found", "no tool 'jars_break_jar'")
    assert told(only, "kind", "outcome", "server", "tool", "principal") == (
        "denied",
        "not_found",
        "jars",
        "jars_break_jar",
        "saver",
    )


async def test_a_call_that_is_not_valid_is_recorded_without_its_secrets(suite: JarsSuite) -> None:
    await suite.call(GET, {"jar_id": RENT, "api_key": "hunter2"}, correlation_id="cor_1")

    (only,) = await suite.trail("cor_1")
    assert told(only, "kind", "outcome") == ("outcome", "invalid_request")
    assert only["arguments"] == {"jar_id": RENT, "api_key": "[redacted]"}


async def test_a_preview_is_marked_and_has_no_intent(suite: JarsSuite) -> None:
    await suite.answer(PUT, {**FIVE, "dry_run": True}, correlation_id="cor_1")

    (only,) = await suite.trail("cor_1")
    assert told(only, "kind", "outcome") == ("outcome", "ok")
    assert only["detail"]["dry_run"] is True


async def test_who_asked_at_the_start_is_recorded_beside_who_called(suite: JarsSuite) -> None:
    robot = await suite.principal("robot")
    sent = type(robot)(robot.id, robot.kind, robot.tenant, robot.roles, robot.scopes, "saver")
    await suite.answer(PUT, FIVE, by=sent, correlation_id="cor_1")

    assert {told(e, "principal", "requested_by") for e in await suite.trail("cor_1")} == {
        ("robot", "saver")
    }


async def break_audit(suite: JarsSuite) -> None:
    async with suite.host.audit_database.writing() as session:
        await session.execute(text("ALTER TABLE audit_rows RENAME TO audit_rows_gone"))


async def mend_audit(suite: JarsSuite) -> None:
    async with suite.host.audit_database.writing() as session:
        await session.execute(text("ALTER TABLE audit_rows_gone RENAME TO audit_rows"))


async def test_without_the_audit_trail_no_write_happens(suite: JarsSuite) -> None:
    await break_audit(suite)

    error = await suite.refusal(PUT, FIVE)

    assert (error.code, error.retryable, error.outcome) == ("audit_unavailable", True, "not_done")
    assert (await suite.drops(), await suite.coins(), await suite.kept_keys()) == (0, 100, 0)
    await mend_audit(suite)
    assert (await suite.answer(PUT, FIVE))["replayed"] is False


async def test_a_write_whose_outcome_cannot_be_recorded_says_that_it_may_be_done(
    suite: JarsSuite,
) -> None:
    """It is done: repeating it with its key tells so."""
    suite.backend.outage = lambda: break_audit(suite)

    error = await suite.refusal(PUT, FIVE)

    suite.backend.outage = None
    await mend_audit(suite)
    assert (error.code, error.outcome) == ("audit_unavailable", "unknown")
    assert (await suite.answer(PUT, FIVE))["replayed"] is True
    assert await suite.drops() == 1


async def test_reads_go_on_without_the_audit_trail_and_their_rows_follow(suite: JarsSuite) -> None:
    await break_audit(suite)
    assert (await suite.answer(GET, {"jar_id": RENT}, correlation_id="cor_1"))["coins"] == 100
    await mend_audit(suite)

    assert [e["tool"] for e in await suite.trail("cor_1")] == [GET]


async def test_the_chain_verifies_after_all_kinds_of_calls(suite: JarsSuite) -> None:
    await suite.answer(PUT, FIVE)
    await suite.answer(PUT, FIVE)
    await suite.answer(GET, {"jar_id": RENT})
    await suite.refusal(PUT, FIVE, by="child")
    await suite.refusal(PUT, {**FIVE, "idempotency_key": "k-2"}, taint=("documents",))
    await suite.refusal(GET, {"jar_id": "\ud800"})

    report = await suite.verified()

    assert (report.ok, report.rows, report.first_bad) == (True, 7, None)


@pytest.mark.parametrize("change", ["tool = 'x'", "body = replace(body, 'jars', 'jugs')"])
async def test_a_row_that_was_changed_later_is_found(suite: JarsSuite, change: str) -> None:
    await suite.answer(PUT, FIVE)
    await suite.host.audit.flush()
    async with suite.host.audit_database.writing() as session:
        await session.execute(text(f"UPDATE audit_rows SET {change} WHERE seq = 1"))  # noqa: S608 - the test's own

    report = await suite.verified()

    assert report.first_bad is not None
    assert (report.ok, report.first_bad.seq) == (False, 1)
