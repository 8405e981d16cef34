"""What came of a write outside that nobody can tell is said by a person, and all goes on."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from till_server import SETTLED_S, Till, TillSuite, serving_till

from switchgear_shared.calls.call import Request
from switchgear_shared.calls.claims import Claims
from switchgear_shared.calls.idempotency import prune_keys
from switchgear_shared.contracts.values import (
    CorrelationId,
    TenantId,
    new_correlation_id,
    utc_now,
)
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.identity import Agent
from switchgear_shared.storage.shared_tables import idempotency, outbox

OPERATOR = Agent("operator", "person", ("operator",), ("till.unresolved_write.*",))


async def call(
    suite: TillSuite, tool: str, arguments: dict[str, Any], by: Agent = OPERATOR
) -> dict[str, Any] | SwitchgearError:
    outcome = await suite.host.servers["till"].pipeline.dispatch(
        Request(
            server="till",
            tool=f"till_{tool}",
            arguments=arguments,
            principal=by.principal,
            correlation_id=CorrelationId(new_correlation_id()),
        )
    )
    return outcome.error or outcome.unwrap()


async def unresolved(suite: TillSuite) -> list[dict[str, Any]]:
    page = await call(suite, "list_unresolved_writes", {})
    assert isinstance(page, dict), page
    return page["items"]


async def tell(suite: TillSuite, write_id: str, record: str | None, **more: Any) -> Any:
    said = {"done": record is not None, "reason": "looked into the till", **more}
    if record is not None:
        said["record_id"] = record
    return await call(suite, "resolve_write", {"write_id": write_id, **said})


async def told(suite: TillSuite, write_id: str, record: str | None, **more: Any) -> dict[str, Any]:
    answer = await tell(suite, write_id, record, **more)
    assert isinstance(answer, dict), answer
    return answer


async def refused(suite: TillSuite, *what: Any, **more: Any) -> SwitchgearError:
    error = await tell(suite, *what, **more)
    assert isinstance(error, SwitchgearError), error
    return error


async def lost(suite: TillSuite) -> str:
    """Have a write whose end nobody can tell; return its id."""
    await suite.refusal()
    suite.till.mood = "well"
    await asyncio.sleep(SETTLED_S)
    [write] = await unresolved(suite)
    return write["id"]


async def events(suite: TillSuite) -> int:
    async with suite.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(outbox)) or 0


async def test_a_write_of_unknown_end_is_listed_with_what_is_known_of_it(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("cut_after", is_vague=True)) as suite:
        suite.till.forgets = True
        await suite.refusal()
        assert await unresolved(suite) == []  # it may be under way
        await asyncio.sleep(SETTLED_S)
        await suite.refusal(is_settling=True)

        [write] = await unresolved(suite)

        assert (write["tool"], write["requested_by"]) == ("till_take_coins", "cashier")
        assert write["arguments"] == {"coins": 5}
        assert (write["looks_count"], write["why"]) == (1, "a look found nothing that tells")
        assert write["id"] == suite.till.taken[0][0]
        assert write["tried_at"] == write["begun_at"] < write["looked_at"]
        assert len(write["arguments_digest"]) == 64


async def test_why_nobody_knows_is_what_the_attempt_ended_with(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("cut_after")) as suite:
        await suite.refusal()
        suite.till.forgets = True
        await asyncio.sleep(SETTLED_S)

        assert [(w["why"], w["looks_count"]) for w in await unresolved(suite)] == [
            ("the line was cut", 0)
        ]


async def test_told_done_who_waits_goes_on_and_nothing_is_sent_again(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_after", is_vague=True)) as suite:
        suite.till.forgets = True
        write_id = await lost(suite)
        suite.till.records["slip-9"] = 5

        said = await told(suite, write_id, "slip-9")
        found = (await suite.take()).unwrap()
        settled = (await suite.take(is_settling=True)).unwrap()

        assert (said["state"], said["ref"], said["changed"]) == ("done", "slip-9", True)
        assert (found["id"], found["state"], found["replayed"]) == ("slip-9", "taken", True)
        assert settled == found
        assert (len(suite.till.taken), await events(suite)) == (1, 1)
        assert await unresolved(suite) == []


async def test_told_not_done_a_repeat_with_the_same_key_writes_once(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_before", is_vague=True)) as suite:
        write_id = await lost(suite)

        said = await told(suite, write_id, None)
        assert (said["state"], said["changed"]) == ("not_done", True)
        assert (suite.till.taken, await unresolved(suite)) == ([], [])
        first = (await suite.take()).unwrap()
        again = (await suite.take()).unwrap()

        assert (first["replayed"], again["replayed"]) == (False, True)
        assert (len(suite.till.taken), await events(suite)) == (1, 1)


async def test_told_not_done_a_write_that_is_not_wanted_any_more_is_given_up(
    tmp_path: Path,
) -> None:
    async with serving_till(tmp_path, Till("silent_before", is_vague=True)) as suite:
        write_id = await lost(suite)
        assert (await suite.refusal(is_settling=True)).outcome == "unknown"

        await told(suite, write_id, None)
        settled = await suite.refusal(is_settling=True)

        assert (settled.code, settled.outcome) == ("not_found", "not_done")
        assert (await suite.refusal()).code == "conflict"
        assert suite.till.taken == []


async def test_told_twice_the_same_changes_nothing_and_another_word_is_a_conflict(
    tmp_path: Path,
) -> None:
    async with serving_till(tmp_path, Till("silent_after", is_vague=True)) as suite:
        suite.till.forgets = True
        write_id = await lost(suite)
        suite.till.records["slip-9"] = 5
        await told(suite, write_id, "slip-9")

        again = await told(suite, write_id, "slip-9")
        other = await refused(suite, write_id, None)

        assert (again["changed"], again["state"]) == (False, "done")
        assert (other.code, other.details) == ("conflict", {"id": "slip-9", "state": "taken"})
        assert await events(suite) == 1


async def test_told_twice_that_it_was_not_done_changes_nothing(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_before", is_vague=True)) as suite:
        write_id = await lost(suite)
        await told(suite, write_id, None)

        assert (await told(suite, write_id, None))["changed"] is False


async def test_what_the_system_tells_stands_against_what_a_person_says(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_after")) as suite:
        write_id = await lost(suite)

        error = await refused(suite, write_id, None)
        found = (await suite.take()).unwrap()

        assert (error.code, error.details["id"]) == ("conflict", write_id)
        assert (found["replayed"], len(suite.till.taken), await events(suite)) == (True, 1, 1)


async def test_a_record_that_is_not_there_is_a_conflict_and_nothing_is_known(
    tmp_path: Path,
) -> None:
    async with serving_till(tmp_path, Till("silent_before", is_vague=True)) as suite:
        write_id = await lost(suite)

        error = await refused(suite, write_id, "slip-9")

        assert (error.code, error.field) == ("conflict", "record_id")
        assert len(await unresolved(suite)) == 1


async def test_a_write_that_is_being_tried_is_not_told(tmp_path: Path) -> None:
    """The attempt may yet have its effect: a word on it now would be a guess."""
    async with serving_till(tmp_path, Till("silent_before", is_vague=True)) as suite:
        write_id = await lost(suite)
        suite.till.mood = "silent_before"
        suite.till.is_asked.clear()
        trying = asyncio.create_task(suite.take(timeout_s=5))
        await suite.till.is_asked.wait()

        errors = [await refused(suite, write_id, None), await refused(suite, write_id, "slip-9")]
        trying.cancel()
        await asyncio.gather(trying, return_exceptions=True)

        assert [error.code for error in errors] == ["conflict", "conflict"]
        assert "being tried" in errors[0].message


async def test_told_while_a_look_is_under_way_nothing_is_written_twice(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_before", is_vague=True)) as suite:
        write_id = await lost(suite)
        suite.till.may_look.clear()
        looking = asyncio.create_task(suite.take(is_settling=True))
        await suite.till.is_looking.wait()
        telling = asyncio.create_task(told(suite, write_id, None))
        await asyncio.sleep(0.1)
        suite.till.may_look.set()

        settled, said = await asyncio.gather(looking, telling)

        assert said["state"] == "not_done"
        assert settled.error is not None
        assert settled.error.code in {"not_found", "backend_unavailable"}
        assert (await suite.refusal(is_settling=True)).code == "not_found"
        assert suite.till.taken == []


async def test_a_system_that_is_away_is_asked_first_unless_the_word_is_taken_unseen(
    tmp_path: Path,
) -> None:
    async with serving_till(tmp_path, Till("silent_after")) as suite:
        write_id = await lost(suite)
        suite.till.is_away = True

        errors = [await refused(suite, write_id, None), await refused(suite, write_id, "slip-9")]
        await told(suite, write_id, "slip-9", unseen=True)
        found = (await suite.take()).unwrap()

        assert {error.code for error in errors} == {"backend_unavailable"}
        assert (found["id"], found["state"], found["replayed"]) == ("slip-9", "done", True)
        assert found["caveat"] == "taken on a person's word: the system behind could not be asked"
        assert len(suite.till.taken) == 1


async def test_a_preview_of_a_word_changes_nothing(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_before", is_vague=True)) as suite:
        write_id = await lost(suite)

        shown = await told(suite, write_id, None, dry_run=True)

        assert shown["preview"]["effects"] == [
            {
                "record": "write",
                "before": {"state": "unknown"},
                "after": {"state": "not_done", "record": None},
            }
        ]
        assert len(await unresolved(suite)) == 1


async def test_a_word_on_no_such_write_is_not_found(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till()) as suite:
        error = await refused(suite, "sg-000000000000000000000000", None)

        assert (error.code, error.field) == ("not_found", "write_id")


async def test_a_word_and_its_record_go_together(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till()) as suite:
        none = await refused(suite, "sg-1", None, done=True)
        one = await refused(suite, "sg-1", "slip-9", done=False)

        assert [(e.code, e.field) for e in (none, one)] == [("invalid_request", "record_id")] * 2


async def test_operators_alone_say_what_came_of_a_write(tmp_path: Path) -> None:
    clerk = Agent("clerk", "agent", ("back_office",), ("till.*",))
    async with serving_till(tmp_path, Till("silent_before", is_vague=True)) as suite:
        write_id = await lost(suite)
        said = {"write_id": write_id, "done": False, "reason": "I think so"}

        errors = [
            await call(suite, "list_unresolved_writes", {}, by=clerk),
            await call(suite, "resolve_write", said, by=clerk),
        ]

        assert [getattr(error, "code", None) for error in errors] == ["policy_denied"] * 2
        assert len(await unresolved(suite)) == 1


async def test_what_is_said_is_in_the_audit_trail_with_its_reason(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_before", is_vague=True)) as suite:
        await told(suite, await lost(suite), None)
        rows = [row.event for row in await suite.host.trail.find_recent(TenantId("default"))]
        said = [row for row in rows if row["tool"] == "till_resolve_write"]

        assert [(row["kind"], row["principal"]) for row in said] == [
            ("outcome", "operator"),
            ("intent", "operator"),
        ]
        assert said[0]["arguments"]["reason"] == "looked into the till"


async def test_told_not_done_a_repeat_goes_on_under_the_approval_it_used(tmp_path: Path) -> None:
    tainted = ("documents",)
    async with serving_till(tmp_path, Till("silent_before", is_vague=True)) as suite:
        asked = await suite.refusal(taint=tainted)
        finance = (await suite.host.agents.get("finance")).principal
        await suite.host.approvals.decide(asked.details["approval_id"], "approve", finance)
        await suite.refusal(taint=tainted)
        suite.till.mood = "well"
        await asyncio.sleep(SETTLED_S)
        [write] = await unresolved(suite)
        await told(suite, write["id"], None)

        taken = (await suite.take(taint=tainted)).unwrap()

        assert (taken["replayed"], len(suite.till.taken)) == (False, 1)
        assert (await suite.refusal(key="k-2", taint=tainted)).code == "approval_required"


async def test_what_was_begun_before_rows_told_of_the_call_is_told_unseen(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_before")) as suite:
        write_id = await lost(suite)
        old = {"reference": None, "claim": None, "looks_count": None}
        async with suite.database.writing() as session:
            await session.execute(update(idempotency).values(old))
        [write] = await unresolved(suite)
        refusal = await refused(suite, write_id, None)
        await told(suite, write_id, None, unseen=True)

        assert (write["id"], write["arguments"], write["requested_by"]) == (write_id, None, None)
        assert (refusal.code, refusal.field) == ("invalid_request", "unseen")
        assert (await suite.take()).unwrap()["replayed"] is False


async def test_operators_tools_are_in_no_list(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till()) as suite:
        pipeline = suite.host.servers["till"].pipeline
        everyone = Agent("all", "agent", (), ("till.*",)).principal

        assert {
            "till_list_unresolved_writes",
            "till_resolve_write",
        } <= pipeline.toolset.tools.keys()
        assert [tool.name for tool in pipeline.listed(everyone)] == [
            "till_take_coins",
            "till_whoami",
        ]


@pytest.mark.parametrize("is_settling", [False, True])
async def test_a_word_taken_unseen_gives_way_to_what_is_found_once_the_system_is_back(
    tmp_path: Path, is_settling: bool
) -> None:
    async with serving_till(tmp_path, Till("silent_after")) as suite:
        write_id = await lost(suite)
        suite.till.is_away = True
        await told(suite, write_id, None, unseen=True)
        suite.till.is_away = False

        found = (await suite.take(is_settling=is_settling)).unwrap()

        assert (found["replayed"], len(suite.till.taken), await events(suite)) == (True, 1, 1)
        assert (await suite.take()).unwrap()["id"] == found["id"]


async def test_a_word_taken_unseen_stands_where_nothing_is_found(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_before")) as suite:
        write_id = await lost(suite)
        suite.till.is_away = True
        await told(suite, write_id, None, unseen=True)
        suite.till.is_away = False

        assert (await suite.take()).unwrap()["replayed"] is False
        assert len(suite.till.taken) == 1


async def test_what_is_refused_before_it_was_looked_for_tells_nothing(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_after", is_vague=True)) as suite:
        write_id = await lost(suite)
        suite.till.is_closed = True

        assert (await refused(suite, write_id, None)).code == "invalid_request"
        assert [write["id"] for write in await unresolved(suite)] == [write_id]


async def test_who_has_seen_the_row_before_a_word_was_kept_changes_nothing(tmp_path: Path) -> None:
    async with serving_till(tmp_path, Till("silent_before", is_vague=True)) as suite:
        write_id = await lost(suite)
        async with suite.database.reading() as session:
            seen = (await session.execute(select(idempotency))).first()
        await told(suite, write_id, None)

        claims = Claims(suite.database, timedelta(0), utc_now)

        assert not await claims.change(seen, why="another attempt")


async def test_a_word_about_an_old_write_is_kept_as_long_as_any(tmp_path: Path) -> None:
    long_ago = utc_now() - timedelta(days=400)
    async with serving_till(tmp_path, Till("silent_after", is_vague=True)) as suite:
        suite.till.forgets = True
        write_id = await lost(suite)
        suite.till.records["slip-9"] = 5
        async with suite.database.writing() as session:
            await session.execute(update(idempotency).values(created_at=long_ago))
        await told(suite, write_id, "slip-9")

        await prune_keys(suite.database, utc_now() - timedelta(days=1))

        assert (await suite.take()).unwrap()["id"] == "slip-9"
        assert len(suite.till.taken) == 1
