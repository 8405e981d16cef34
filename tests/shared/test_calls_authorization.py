"""Authorization and approval under the shipped policies, as a caller meets them."""

from pathlib import Path
from typing import Any

import pytest
from jars_suite import RENT, JarsSuite, serving_jars

from switchgear_shared.errors import BackendRejectedError, BackendUnavailableError, SwitchgearError
from switchgear_shared.governance.approval import Approval

GET, PUT, PAY = "jars_get_jar", "jars_put_coins", "erp_record_payment"
OF_RENT = {"jar_id": RENT, "idempotency_key": "k-1"}
TAINTED: dict[str, Any] = {"taint": ("documents",)}
FIVE = {"jar_id": RENT, "coins": 5, "idempotency_key": "k-1"}


async def approve(suite: JarsSuite, error: SwitchgearError, by: str = "finance") -> Approval:
    """Grant what a refused call asked for."""
    approval_id = error.details["approval_id"]
    return await suite.host.approvals.decide(approval_id, "approve", await suite.principal(by))


async def costly(suite: JarsSuite) -> None:
    """Fill the jar up to the limit from which paying needs approval: 1000 EUR."""
    await suite.answer(PUT, {"jar_id": RENT, "coins": 100_000 - 100}, correlation_id="filling")


async def listed(suite: JarsSuite, party: str) -> list[str]:
    return [tool.name for tool in suite.pipeline.listed(await suite.principal(party))]


async def test_everyone_is_shown_the_tools_they_may_call(suite: JarsSuite) -> None:
    reads = ["jars_find_jars", "jars_get_jar", "jars_whoami"]

    assert await listed(suite, "saver") == [PAY, *reads[:2], "jars_open_jar", PUT, "jars_whoami"]
    assert await listed(suite, "child") == reads
    assert await listed(suite, "stranger") == []


async def test_what_a_caller_was_not_shown_it_may_not_call(suite: JarsSuite) -> None:
    denied = await suite.refusal(PUT, FIVE, by="child")
    stranger = await suite.refusal(GET, {"jar_id": RENT}, by="stranger")

    assert (denied.code, denied.message) == (
        "policy_denied",
        "no policy lets child call jars_put_coins",
    )
    assert stranger.code == "policy_denied"
    assert (await suite.drops(), suite.backend.asked) == (0, 0)


async def test_a_resource_needs_the_same_right_as_a_tool(suite: JarsSuite) -> None:
    assert (await suite.refusal("jars_jar", {"jar_id": RENT}, by="stranger")).code == (
        "policy_denied"
    )
    assert (await suite.answer("jars_jar", {"jar_id": RENT}, by="child"))["text"] == "rent: 100"


async def test_nobody_without_the_right_can_probe_for_records(suite: JarsSuite) -> None:
    """The facts are looked up only for who may ever call the tool."""
    there = await suite.refusal(PAY, {"jar_id": RENT}, by="child")
    gone = await suite.refusal(PAY, {"jar_id": "jar_none"}, by="child")

    assert (there.code, there.message) == (gone.code, gone.message)
    assert suite.backend.asked == 0
    assert (await suite.refusal(PAY, {"jar_id": "jar_none"})).code == "not_found"


async def test_completions_go_to_who_may_call_a_tool_that_takes_the_value(
    suite: JarsSuite,
) -> None:
    """`jars_whoami` alone opens no records."""
    saver, narrow = await suite.principal("saver"), await suite.principal("stranger")
    only_whoami = type(narrow)("guest", "agent", scopes=("jars.whoami.read", "jars.guide.read"))

    assert await suite.pipeline.complete(saver, "jar_id", "jar_of") == [RENT]
    assert await suite.pipeline.complete(saver, "unknown", "") == []
    assert await suite.pipeline.complete(narrow, "jar_id", "") == []
    assert await suite.pipeline.complete(only_whoami, "jar_id", "") == []


async def test_below_the_limit_money_moves_without_approval(suite: JarsSuite) -> None:
    assert (await suite.answer(PAY, OF_RENT))["changed"] is True
    assert await suite.coins() == 0


async def test_from_the_limit_on_the_facts_of_the_record_demand_approval(suite: JarsSuite) -> None:
    """The arguments name no amount: policy learns it from the jar."""
    await costly(suite)

    error = await suite.refusal(PAY, OF_RENT, correlation_id="cor_1")

    approval = await suite.host.approvals.get(
        (await suite.principal("saver")).tenant, error.details["approval_id"]
    )
    assert error.code == "approval_required"
    assert error.details == {
        "approval_id": approval.id,
        "needs": ["finance"],
        "expires_at": approval.expires_at.isoformat(),
        "resume": "repeat this call unchanged once the approval is granted",
    }
    assert (approval.state, approval.kinds, approval.correlation_id) == (
        "open",
        ("finance",),
        "cor_1",
    )
    assert approval.facts == {
        "amount_company_minor": 100_000,
        "company_currency": "EUR",
        "state": "full",
    }
    assert await suite.coins() == 100_000


async def test_asking_again_opens_no_second_request(suite: JarsSuite) -> None:
    first = await suite.refusal(PUT, FIVE, **TAINTED)
    again = await suite.refusal(PUT, {**FIVE, "idempotency_key": "k-2"}, **TAINTED)

    assert again.details["approval_id"] == first.details["approval_id"]


async def test_an_approved_call_passes_once(suite: JarsSuite) -> None:
    await approve(suite, await suite.refusal(PUT, FIVE, **TAINTED))

    done = await suite.answer(PUT, FIVE, **TAINTED)
    again = await suite.answer(PUT, FIVE, **TAINTED)
    other_key = await suite.refusal(PUT, {**FIVE, "idempotency_key": "k-2"}, **TAINTED)

    assert (done["replayed"], again["replayed"], other_key.code) == (
        False,
        True,
        "approval_required",
    )
    assert await suite.drops() == 1


async def test_an_approved_call_without_a_key_passes_under_a_new_correlation_id(
    suite: JarsSuite,
) -> None:
    """Clients that send neither find a new correlation ID on every call."""
    unkeyed = {"jar_id": RENT, "coins": 5}
    await approve(suite, await suite.refusal(PUT, unkeyed, **TAINTED))

    assert (await suite.answer(PUT, unkeyed, **TAINTED))["replayed"] is False
    assert (await suite.refusal(PUT, unkeyed, **TAINTED)).code == "approval_required"


async def test_repeating_an_approved_call_replays_though_the_record_moved_by_it(
    suite: JarsSuite,
) -> None:
    """After the payment the facts are others, so no approval of the old ones can be claimed."""
    await costly(suite)
    await approve(suite, await suite.refusal(PAY, OF_RENT))
    await suite.answer(PAY, OF_RENT)
    await suite.answer(PUT, {"jar_id": RENT, "coins": 200_000})

    assert (await suite.answer(PAY, OF_RENT))["replayed"] is True
    other_key = await suite.refusal(PAY, {**OF_RENT, "idempotency_key": "k-2"})
    assert (other_key.code, await suite.coins()) == ("approval_required", 200_000)


@pytest.mark.parametrize("changed", [{"coins": 6}, {"jar_id": "jar_other"}])
async def test_an_approval_is_of_the_exact_arguments(
    suite: JarsSuite, changed: dict[str, Any]
) -> None:
    await approve(suite, await suite.refusal(PUT, FIVE, **TAINTED))

    error = await suite.refusal(PUT, {**FIVE, **changed}, **TAINTED)

    assert (error.code, await suite.drops()) == ("approval_required", 0)


async def test_an_approval_is_of_the_facts_it_was_given_on(suite: JarsSuite) -> None:
    await costly(suite)
    await approve(suite, await suite.refusal(PAY, OF_RENT))
    await suite.answer(PUT, {"jar_id": RENT, "coins": 900_000})

    assert (await suite.refusal(PAY, OF_RENT)).code == "approval_required"
    assert await suite.coins() == 1_000_000


async def test_an_approval_is_for_who_asked(suite: JarsSuite) -> None:
    await approve(suite, await suite.refusal(PUT, FIVE, **TAINTED))

    assert (await suite.refusal(PUT, FIVE, by="spouse", **TAINTED)).code == "approval_required"


async def test_nobody_approves_their_own_request(suite: JarsSuite) -> None:
    error = await suite.refusal(PUT, FIVE, **TAINTED)

    with pytest.raises(SwitchgearError) as refused:
        await approve(suite, error, by="saver")
    assert refused.value.code == "policy_denied"
    assert (await suite.refusal(PUT, FIVE, **TAINTED)).code == "approval_required"


async def test_a_denied_call_stays_denied_for_its_piece_of_work(suite: JarsSuite) -> None:
    error = await suite.refusal(PUT, FIVE, correlation_id="cor_1", **TAINTED)
    finance = await suite.principal("finance")
    await suite.host.approvals.decide(error.details["approval_id"], "deny", finance, "too much")

    denied = await suite.refusal(PUT, FIVE, correlation_id="cor_1", **TAINTED)

    assert (denied.code, denied.message) == (
        "policy_denied",
        f"approval {error.details['approval_id']} was denied by finance: too much",
    )
    assert await suite.drops() == 0


async def test_an_approved_call_of_unknown_outcome_passes_again_after_a_kill(
    jars_data: Path,
) -> None:
    """The approval is used up by the first try; the key lets its repeat through on a new host."""

    async def vanish() -> None:
        raise BackendUnavailableError("the slot fell silent", outcome="unknown")

    async with serving_jars(jars_data) as suite:
        await approve(suite, await suite.refusal(PUT, FIVE, **TAINTED))
        suite.backend.outage = vanish
        assert (await suite.refusal(PUT, FIVE, **TAINTED)).code == "backend_unavailable"
    async with serving_jars(jars_data) as suite:
        assert (await suite.refusal(PUT, {**FIVE, "idempotency_key": "k-2"}, **TAINTED)).code == (
            "approval_required"
        )
        assert (await suite.answer(PUT, FIVE, **TAINTED))["replayed"] is False
        assert await suite.drops() == 1


async def test_an_approved_call_that_did_nothing_leaves_its_approval_for_the_next_try(
    suite: JarsSuite,
) -> None:
    """A client that sends no key and no correlation ID can try again too."""

    async def refuse() -> None:
        raise BackendRejectedError("the slot is jammed")

    unkeyed = {"jar_id": RENT, "coins": 5}
    await approve(suite, await suite.refusal(PUT, unkeyed, **TAINTED))
    suite.backend.outage = refuse
    assert (await suite.refusal(PUT, unkeyed, **TAINTED)).code == "backend_rejected"
    suite.backend.outage = None

    assert (await suite.answer(PUT, unkeyed, **TAINTED))["changed"] is True
    assert (await suite.refusal(PUT, unkeyed, **TAINTED)).code == "approval_required"
    assert await suite.drops() == 1


async def test_what_needs_approval_may_be_previewed(suite: JarsSuite) -> None:
    shown = await suite.answer(PUT, {**FIVE, "dry_run": True}, **TAINTED)

    assert shown["preview"]["effects"] != []
    assert await suite.drops() == 0


async def test_a_preview_is_no_way_round_a_missing_right(suite: JarsSuite) -> None:
    error = await suite.refusal(PUT, {**FIVE, "dry_run": True}, by="child")

    assert error.code == "policy_denied"


async def test_tainted_work_reads_freely(suite: JarsSuite) -> None:
    assert (await suite.answer(GET, {"jar_id": RENT}, **TAINTED))["coins"] == 100


async def test_our_own_services_are_no_agents_whom_text_can_lead_astray(suite: JarsSuite) -> None:
    assert (await suite.answer(PUT, FIVE, by="robot", **TAINTED))["replayed"] is False


async def test_a_set_of_policies_of_ones_own_is_used_instead(
    jars_data: Path, tmp_path: Path
) -> None:
    own = tmp_path / "policies"
    own.mkdir()
    (own / "own.cedar").write_text(
        '@id("reads") permit (principal, action, resource) when { resource.effect == "read" };'
    )
    async with serving_jars(jars_data, policies=own) as suite:
        assert (await suite.answer(GET, {"jar_id": RENT}, by="stranger"))["coins"] == 100
        assert (await suite.refusal(PUT, FIVE)).code == "policy_denied"


async def test_a_policy_sees_the_integer_that_the_tool_gets(
    jars_data: Path, tmp_path: Path
) -> None:
    own = tmp_path / "policies"
    own.mkdir()
    (own / "own.cedar").write_text(
        '@id("all") permit (principal, action, resource);'
        '@id("few") forbid (principal, action, resource)'
        " when { context.args has coins && context.args.coins > 10 };"
    )
    async with serving_jars(jars_data, policies=own) as suite:
        for coins in (11, 11.0, 1.1e1):
            error = await suite.refusal(PUT, {"jar_id": RENT, "coins": coins})
            assert (error.code, error.message) == ("policy_denied", "refused by few")
        assert (await suite.answer(PUT, {"jar_id": RENT, "coins": 10.0}))["changed"] is True
