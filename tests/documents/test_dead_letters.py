"""Dead letters as operators meet them: over MCP and by command, one at a time and by the group."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from mcp import MCPError
from typer.testing import CliRunner

from journeys.desk import Answer, Desk, opened
from switchgear_shared.cli import app
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.messaging.dead_letters import DeadLetters
from switchgear_shared.testing import until

REPLAY = "documents_replay_dead_letter"
DISCARD = "documents_discard_dead_letter"


@pytest.fixture
async def own_desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    """A documents server of the test's own: its dead letters are counted."""
    async with opened(tmp_path / "data", names=("documents", "registry")) as desk:
        yield desk


def lost(document_id: str = "doc_0") -> Event:
    """Return an event about a document that is not there: its handler refuses it at once."""
    return new_event(
        "documents.document.classified",
        source="documents",
        subject=document_id,
        data={
            "document_id": document_id,
            "document_type": "invoice",
            "confidence": 1.0,
            "classifier": "test",
        },
    )


def elsewhere() -> Event:
    """Return an event that fails in another handler, so in another group."""
    return new_event(
        "workflows.review.requested",
        source="workflows",
        subject="doc_0",
        data={"process_id": "prc_0", "document_id": "doc_0", "reasons": ("why",)},
    )


async def die(desk: Desk, *events: Event) -> list[Answer]:
    """Publish events that fail, and return the letters once all are there."""
    before = len(await desk.dead_letters())
    await desk.running.host.bus.publish(list(events))

    async def all_dead() -> list[Answer] | None:
        found = await desk.dead_letters()
        return found[before:] if len(found) == before + len(events) else None

    return await until(all_dead)


async def held(desk: Desk) -> int:
    """Return how many letters the broker holds."""
    return await DeadLetters(desk.running.host.bus).count()


async def test_a_letter_is_shown_whole_with_what_failed_and_where(own_desk: Desk) -> None:
    event = lost()
    (letter,) = await die(own_desk, event)

    async with own_desk.direct("documents", by="operator") as client:
        content = (await client.read_resource(f"documents://dead-letters/{letter['id']}")).contents
        with pytest.raises(MCPError, match="dead-letters/99"):
            await client.read_resource("documents://dead-letters/99")
    shown = json.loads(getattr(content[0], "text", ""))
    assert shown["event"] == json.loads(event.to_cloudevent())
    assert {
        name: shown[name]
        for name in ("state", "reason", "error_code", "error_message", "attempts", "consumer")
    } == {
        "state": "open",
        "reason": "permanent",
        "error_code": "not_found",
        "error_message": "no document doc_0",
        "attempts": 1,
        "consumer": "documents-extract",
    }
    assert shown["headers"]["correlation-id"] == event.correlation_id


async def test_a_group_is_discarded_part_by_part_and_says_what_remains(own_desk: Desk) -> None:
    letters = await die(own_desk, *(lost() for _ in range(5)))
    (spare,) = await die(own_desk, elsewhere())
    group = letters[0]["failure_group"]
    assert {letter["failure_group"] for letter in letters} == {group} != {spare["failure_group"]}

    answers = [
        await own_desk.ask(
            DISCARD, by="operator", failure_group=group, reason="a test run", limit=limit
        )
        for limit in (2, 3, 4)
    ]

    assert [(a["changed"], a["decided_count"], a["remaining_count"]) for a in answers] == [
        (True, 2, 3),
        (True, 3, 0),
        (False, 0, 0),
    ]
    assert await own_desk.dead_letters() == [spare]


async def test_filters_narrow_the_listing(own_desk: Desk) -> None:
    (letter,) = await die(own_desk, lost())

    async def ids(**filters: Any) -> list[str]:
        page = await own_desk.ask("documents_list_dead_letters", by="operator", **filters)
        return [row["id"] for row in page["items"]]

    assert await ids(failure_group=letter["failure_group"]) == [letter["id"]]
    assert await ids(consumer="documents-extract") == [letter["id"]]
    assert await ids(event_type="documents.document.classified") == [letter["id"]]
    assert await ids(consumer="documents-route") == []
    assert await ids(event_type="documents.document.received") == []
    assert await ids(failure_group="0" * 16) == []


@pytest.mark.parametrize("tool", [REPLAY, DISCARD])
async def test_a_preview_touches_no_letter(own_desk: Desk, tool: str) -> None:
    (letter,) = await die(own_desk, lost())
    reason = {"reason": "a test run"} if tool == DISCARD else {}

    previewed = await own_desk.ask(
        tool, by="operator", id=letter["id"], dry_run=True, idempotency_key="p", **reason
    )

    assert previewed["preview"]["effects"][0]["record"] == "dead_letter_decisions"
    assert await own_desk.dead_letters() == [letter]
    assert await held(own_desk) == 1


async def test_a_discard_keeps_its_reason_after_the_letter_is_gone(own_desk: Desk) -> None:
    event = lost()
    (letter,) = await die(own_desk, event)
    await own_desk.ask(DISCARD, by="operator", id=letter["id"], reason="scanned twice")
    again = await own_desk.ask(DISCARD, by="operator", id=letter["id"], reason="scanned twice")

    async def gone() -> bool:
        return await held(own_desk) == 0

    await until(gone)
    async with own_desk.direct("documents", by="operator") as client:
        content = (await client.read_resource(f"documents://dead-letters/{letter['id']}")).contents
    kept = json.loads(getattr(content[0], "text", ""))
    assert (kept["state"], kept["decided_by"], kept["decision_reason"]) == (
        "discarded",
        "operator",
        "scanned twice",
    )
    assert again["changed"] is False


async def test_the_trace_tells_that_an_event_died_and_who_had_it_replayed(own_desk: Desk) -> None:
    event = lost()
    (letter,) = await die(own_desk, event)
    await own_desk.ask(REPLAY, by="operator", id=letter["id"])

    async def steps() -> list[tuple[str, str | None]] | None:
        trace = await own_desk.ask("documents_trace", correlation_id=event.correlation_id)
        found = [(step["what"], step["by"]) for step in trace["steps"]]
        return found if len(found) >= 4 else None

    died, decided = "messaging.event.dead_lettered", "documents.dead_letter.decided"
    assert sorted(await until(steps)) == sorted(
        [("documents.document.classified", None), (died, None), (decided, "operator"), (died, None)]
    )


async def test_who_may_not_touch_letters_changes_nothing(own_desk: Desk) -> None:
    (letter,) = await die(own_desk, lost())

    for tool, more in ((REPLAY, {}), (DISCARD, {"reason": "why not"})):
        refusal = await own_desk.refusal(tool, by="clerk", id=letter["id"], **more)
        assert refusal["code"] == "not_found"
    assert await own_desk.dead_letters() == [letter]


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({}, id="neither"),
        pytest.param({"id": "1", "failure_group": "g"}, id="both"),
        pytest.param({"failure_group": "g", "edits": {"a": 1}}, id="a group edited"),
        pytest.param({"failure_group": "g", "limit": 51}, id="too many"),
    ],
)
async def test_a_choice_that_is_none_is_refused(own_desk: Desk, arguments: Answer) -> None:
    refusal = await own_desk.refusal(REPLAY, by="operator", **arguments)

    assert refusal["code"] == "invalid_request"


async def test_the_command_line_works_on_groups_under_policy(
    own_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = await die(own_desk, lost(), lost())
    monkeypatch.setenv("SWITCHGEAR_DATA", str(own_desk.running.host.settings.data))
    group = ("--group", letters[0]["failure_group"])

    async def run(*arguments: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, app, ["dead-letters", *arguments])
        return result.exit_code, result.output

    listed = await run("list", *group, "--json")
    shown = await run("show", letters[0]["id"])
    refused = await run("discard", *group, "--reason", "not mine", "--as", "clerk")
    done = await run("discard", *group, "--reason", "a test run", "--json")
    after = await run("list", "--json")

    assert [row["id"] for row in json.loads(listed[1])] == [row["id"] for row in letters]
    assert json.loads(shown[1])["event"]["type"] == "documents.document.classified"
    assert refused[0] == 1
    assert json.loads(done[1])["decided_count"] == 2
    assert json.loads(after[1]) == []
