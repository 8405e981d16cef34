"""The retention schedule: what it may say, when a document's time is over, and who disposes."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from documents.archive import RULES, archive
from documents.room import CALLER
from documents.test_attachments import mail
from documents.test_erasure import finished, records, said
from documents.test_erasure_remains import LETTER
from engines import ENGINES, Engine
from journeys.desk import Desk, opened
from switchgear_documents.retention_rules import Period, RetentionRules
from switchgear_documents.tables import DocumentRecord
from switchgear_shared.commands.audit import verified
from switchgear_shared.contracts.events import new_event
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import ConflictError, InvalidRequestError
from switchgear_shared.messaging.dead_letters import DeadLetters
from switchgear_shared.serving import hosting
from switchgear_shared.testing import settings_for, until

pytestmark = pytest.mark.asyncio(loop_scope="session")

START = datetime(2024, 2, 29, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said_", "end"),
    [
        ("P1Y", "2025-02-28"),
        ("P4Y", "2028-02-29"),
        ("P10M", "2024-12-29"),
        ("P11M", "2025-01-29"),
        ("P2W", "2024-03-14"),
        ("P1D", "2024-03-01"),
        ("P1Y1M1D", "2025-03-30"),
        ("P200Y", "2224-02-29"),
        ("P73000D", "2224-01-12"),
    ],
)
async def test_a_period_ends_by_the_calendar(said_: str, end: str) -> None:
    period = Period.parse(said_)

    assert period.after(START).date().isoformat() == end
    assert period.after(START) - START >= period.least()


@pytest.mark.parametrize(
    "wrong",
    ["", "P", "10Y", "P1", "PT1H", "P1YT1H", "-P1Y", "P0D", "P201Y", "P2401M", "P73001D", "p1y"],
)
async def test_what_is_no_period_of_whole_days_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidRequestError):
        Period.parse(wrong)


async def test_rules_name_what_is_wrong_with_them() -> None:
    with pytest.raises(InvalidRequestError, match="there is no document type 'invoices'"):
        RetentionRules.of({"invoices": "P1Y"})
    with pytest.raises(InvalidRequestError, match="document_retention: 'soon' is no duration"):
        RetentionRules.of({"invoice": "soon"})
    assert RetentionRules.of({"invoice": 90}).said == {"invoice": "P90D"}


@pytest.mark.parametrize("wrong", ['{"letter": 0}', '{"letter": 73001}', '{"letter": "1Y"}', "x"])
async def test_a_suite_with_a_wrong_schedule_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("SWITCHGEAR_DOCUMENT_RETENTION", wrong)

    with pytest.raises(Exception, match=r"(?i)document_retention"):
        async with opened(tmp_path / "data", names=("documents",)):
            raise AssertionError


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_document_is_disposed_of_from_the_moment_its_time_is_over(
    engine: Engine, tmp_path: Path
) -> None:
    async with archive(engine, tmp_path) as place:
        identifier = await place.settled(LETTER, "letter.txt")
        await place.set_settled(identifier, START)
        end = RULES.periods["letter"].after(START)
        early = place.erasures(now=lambda: end - timedelta(microseconds=1))
        in_time = place.erasures(now=lambda: end)

        with pytest.raises(ConflictError, match="is kept until 2025-02-28T12:00:00"):
            await early.dispose(CALLER, identifier)
        receipt = await in_time.dispose(CALLER, identifier)

        assert receipt.erased_ids == (identifier,)
        tombstone = (await place.tombstones())[identifier]
        assert (tombstone.basis, tombstone.reason) == ("retention", "kept for P1Y from 2024-02-29")
        assert (await in_time.dispose(CALLER, identifier)).changed is False


async def test_time_counts_from_the_settlement_and_begins_anew_with_another() -> None:
    record = DocumentRecord(state="received")
    assert record.settled_at is None
    record.state = "filed"
    first = record.settled_at
    record.state = "filed"
    assert first is not None
    assert record.settled_at == first
    record.state = "routed"
    assert record.settled_at is None
    record.state = "rejected"
    assert record.settled_at is not None
    assert RULES.due_at("letter", None) is None
    assert RULES.due_at("invoice", first) is None


async def test_a_type_without_a_period_is_kept_for_ever(tmp_path: Path) -> None:
    async with archive("sqlite", tmp_path) as place:
        identifier = await place.settled(LETTER, "letter.txt")
        erasures = place.erasures(RetentionRules.of({"email": 1}), utc_now)

        with pytest.raises(ConflictError, match=r"\(letter\) is kept for ever"):
            await erasures.dispose(CALLER, identifier)


async def test_a_message_is_kept_as_long_as_any_of_what_it_brought(tmp_path: Path) -> None:
    async with archive("sqlite", tmp_path) as place:
        message = await place.settled(mail(("a.txt", LETTER)).as_bytes(), "1.eml")
        (child,) = await place.ids() - {message}
        assert (await place.room.document(message)).document_type == "email"
        after_a_month = place.erasures(now=lambda: utc_now() + timedelta(days=40))
        after_a_year = place.erasures(now=lambda: utc_now() + timedelta(days=400))

        with pytest.raises(ConflictError, match=f"document {child} is kept until"):
            await after_a_month.dispose(CALLER, message)
        receipt = await after_a_year.dispose(CALLER, message)

        assert set(receipt.erased_ids) == {message, child}


@pytest.mark.parametrize("engine", ENGINES)
async def test_the_schedule_counts_what_is_settled_and_what_is_due(
    engine: Engine, tmp_path: Path
) -> None:
    async with archive(engine, tmp_path) as place:
        due = await place.settled(LETTER, "1.txt")
        await place.settled(LETTER.replace(b"garden", b"house"), "2.txt")
        await place.set_settled(due, START)

        seen = await place.erasures().get_retention(CALLER.tenant, due)

        rows = {row.document_type: row for row in seen.items}
        assert (rows["letter"].period, rows["letter"].settled_count) == ("P1Y", 2)
        assert rows["letter"].due_count == 1
        assert rows["email"].settled_count == 0
        assert seen.document is not None
        assert seen.document.due_at == datetime(2025, 2, 28, 12, tzinfo=UTC)


async def _age(desk: Desk, identifier: str, days: int) -> None:
    """Have a document be settled some days ago."""
    database = desk.running.host.servers["documents"].part.database
    assert database is not None
    async with database.writing() as session:
        await session.execute(
            update(DocumentRecord)
            .where(DocumentRecord.id == identifier)
            .values(settled_at=utc_now() - timedelta(days=days))
        )


def _sweep(desk: Desk) -> Any:
    """Return the sweep of the running suite."""
    return getattr(desk.running.host.servers["documents"].part.background[0], "__self__", None)


async def test_the_sweep_disposes_of_what_is_due_and_of_nothing_else(own_data: Path) -> None:
    word = b"Mustermann"
    async with opened(own_data, document_retention={"letter": 30}) as desk:
        manager = await records(desk)
        letters = [
            LETTER.replace(b"garden", b"garden of " + word + str(n).encode()) for n in range(5)
        ]
        due, held, young, dead, other = [
            await desk.submit(letter, f"{n}.txt") for n, letter in enumerate(letters)
        ]
        for receipt in (due, held, young, dead, other):
            await desk.until(receipt, "filed")
        for receipt, days in ((due, 31), (held, 31), (young, 29), (dead, 31)):
            await _age(desk, receipt["id"], days)
        await manager.asks("PUT", f"/documents/{held['id']}/hold", json={"reason": "a matter"})
        await _bury_about(desk, dead)

        assert await _sweep(desk).sweep() == 1
        assert await _sweep(desk).sweep() == 0

        await finished(own_data, due["id"])
        states = [(await desk.status(r))["state"] for r in (held, young, dead, other)]
        assert states == ["filed"] * 4
        assert said(own_data, word.decode() + "0") == []
        trace = await desk.ask("documents_trace", correlation_id=due["correlation_id"])
        erased = [s for s in trace["steps"] if s["what"] == "documents.document.erased"]
        assert [(s["by"], s["detail"]["basis"]) for s in erased] == [("documents", "retention")]
    assert (await verified(settings_for(own_data), checkpoints=None, key=None))["ok"]


async def _bury_about(desk: Desk, receipt: dict[str, Any]) -> None:
    """Have an event about the document become a dead letter."""
    host = desk.running.host
    event = new_event(
        "workflows.process.completed",
        source="workflows",
        subject="prc_0",
        data={
            "process_id": "prc_0",
            "process": "x",
            "document_id": receipt["id"],
            "result": {"record_uri": {"not": "a text"}},
        },
    ).model_copy(update={"correlation_id": receipt["correlation_id"]})
    await host.bus.publish([event])

    async def there() -> bool:
        return await DeadLetters(host.bus).count() > 0

    await until(there)


async def test_what_became_due_while_the_suite_was_down_goes_when_it_starts(
    own_data: Path,
) -> None:
    changes: dict[str, Any] = {"document_retention": {"letter": "P1M"}}
    async with opened(own_data, **changes) as desk:
        receipt = await desk.submit(LETTER, "letter.txt")
        await desk.until(receipt, "filed")
        await _age(desk, receipt["id"], 40)

    async with opened(own_data, **changes) as desk:
        await finished(own_data, receipt["id"])
        trace = await desk.ask("documents_trace", correlation_id=receipt["correlation_id"])
        assert trace["state"] == "erased"


@pytest.mark.parametrize("is_command", [True, False])
async def test_a_command_sweeps_nothing_whatever_its_own_settings_say(
    own_data: Path, is_command: bool
) -> None:
    settings = settings_for(own_data, document_retention={"letter": "P1M"})
    others = asyncio.all_tasks()  # a suite that tests share runs beside
    async with hosting(settings, ["documents"]) as (_, runtime):
        await runtime.start(with_background=not is_command)

        names = {task.get_name() for task in asyncio.all_tasks() - others}

    assert ("documents-background" in names) is not is_command
