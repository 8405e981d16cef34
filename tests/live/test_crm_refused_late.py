"""The CRM's changes over a real Tryton whose own users come between two of their steps."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from live_crm import CrmSuite, deal, new_word, serving_crm
from live_line import BusyLine, on_line
from live_tryton import Command
from sqlalchemy import select

from switchgear_crm.tryton import contact_writing, parties
from switchgear_shared.storage.shared_tables import outbox
from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live

DEAL = "sale.opportunity"


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the records that it counts on."""
    return tryton_script("start")


@pytest.fixture
def line() -> BusyLine:
    return BusyLine()


@pytest.fixture
async def suite(tmp_path: Path, tryton: dict[str, Any], line: BusyLine) -> AsyncIterator[CrmSuite]:
    async with (
        serving_crm(tmp_path / "data", tryton, retry_attempts=1) as suite,
        on_line(suite.host, "crm", tryton, line),
    ):
        yield suite


@pytest.fixture
async def lost(suite: CrmSuite) -> dict[str, Any]:
    """What the move of an opportunity to lost answered: two steps lead back to proposal."""
    made = await suite.opportunity(await suite.account(new_word()))
    return await suite.answer(
        "move_opportunity", opportunity_id=made["id"], to_stage="lost", reason="no"
    )


def number_of(record: dict[str, Any]) -> int:
    return int(record["id"].rpartition("-")[2])


async def test_a_move_that_others_come_between_goes_on_from_where_it_began(
    suite: CrmSuite, client: TrytonClient, line: BusyLine, lost: dict[str, Any]
) -> None:
    ask = {"opportunity_id": lost["id"], "to_stage": "proposal", "reason": "back"}
    line.method = f"model.{DEAL}.opportunity"
    line.meanwhile = lambda: client.call(DEAL, "write", [number_of(lost)], {"comment": "Hm."})

    done = await suite.answer("move_opportunity", **ask)
    read = await suite.answer("get_opportunity", opportunity_id=lost["id"])

    assert (done["state"], read["stage"], read["reason"]) == ("proposal", "proposal", "back")
    async with suite.database.reading() as session:
        bodies = await session.scalars(select(outbox.c.body).order_by(outbox.c.id))
        events = [orjson.loads(body) for body in bodies]
    assert events[-1]["type"] == "crm.opportunity.moved"
    assert (events[-1]["data"]["from_stage"], events[-1]["data"]["to_stage"]) == (
        "lost",
        "proposal",
    )


async def test_a_move_half_done_whose_mark_is_overwritten_is_unknown(
    suite: CrmSuite, client: TrytonClient, line: BusyLine, lost: dict[str, Any]
) -> None:
    ask = {"opportunity_id": lost["id"], "to_stage": "proposal", "reason": "back"}
    line.method = f"model.{DEAL}.opportunity"
    line.meanwhile = lambda: client.call(DEAL, "write", [number_of(lost)], {"lost_reason": "Mine"})

    error = await suite.refusal("move_opportunity", expected_version=lost["version"], **ask)
    read = await suite.answer("get_opportunity", opportunity_id=lost["id"])

    assert (error.code, error.outcome) == ("conflict", "unknown")
    assert (read["stage"], read["reason"]) == ("qualified", "Mine")
    assert (await suite.events()).count("crm.opportunity.moved") == 1


async def test_a_move_of_what_others_lost_meanwhile_is_a_conflict_of_versions(
    suite: CrmSuite, client: TrytonClient, line: BusyLine
) -> None:
    """Tryton says that a field may not be written, before it looks at the version."""
    made = await suite.opportunity(await suite.account(new_word()))
    ask = {"opportunity_id": made["id"], "to_stage": "proposal", "reason": "back"}
    line.method = f"model.{DEAL}.write"
    line.meanwhile = lambda: client.call(DEAL, "lost", [number_of(made)])

    error = await suite.refusal("move_opportunity", expected_version=made["version"], **ask)
    done = await suite.answer("move_opportunity", **ask)

    assert (error.code, error.field, error.outcome) == ("conflict", "expected_version", "not_done")
    assert (done["state"], done["changed"]) == ("proposal", True)


async def test_a_move_of_what_is_taken_away_meanwhile_is_refused(
    suite: CrmSuite, client: TrytonClient, line: BusyLine
) -> None:
    made = await suite.opportunity(await suite.account(new_word()))

    async def taken_away() -> None:
        await client.call(DEAL, "cancel", [number_of(made)])
        await client.call(DEAL, "delete", [number_of(made)])

    line.method, line.meanwhile = f"model.{DEAL}.lost", taken_away
    error = await suite.refusal(
        "move_opportunity", opportunity_id=made["id"], to_stage="lost", reason="no"
    )

    assert (error.code, error.outcome) == ("not_found", "not_done")
    assert "crm.opportunity.moved" not in await suite.events()


async def test_an_account_is_found_among_very_many_that_are_spelled_like_it(
    suite: CrmSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accents are looked for by patterns, which names of the same length fulfil too."""
    word = new_word()
    names = [f"W{letter} {word}" for letter in "aeou"]
    made = [await suite.answer("upsert_account", name=one, currency="EUR") for one in names]
    monkeypatch.setattr(parties, "MOST_RECORDS", 2)

    again = [await suite.answer("upsert_account", name=one, currency="EUR") for one in names]

    assert [one["id"] for one in again] == [one["id"] for one in made]
    assert {one["state"] for one in again} == {"unchanged"}


async def test_an_opportunity_that_people_work_on_is_not_taken_back_by_the_repeated_call(
    suite: CrmSuite, client: TrytonClient, line: BusyLine
) -> None:
    word = new_word()
    ask = deal(await suite.account(word), stage="proposal")
    line.method, line.meanwhile = f"model.{DEAL}.opportunity", broken
    unheard = await suite.refusal("create_opportunity", key=word, **ask)
    [known] = (await suite.answer("list_opportunities", account_id=ask["account_id"]))["items"]

    line.meanwhile = lambda: client.call(DEAL, "write", [number_of(known)], {"comment": "Hm."})
    overtaken = await suite.refusal("create_opportunity", key=word, **ask)
    done = await suite.answer("create_opportunity", key=word, **ask)

    assert (unheard.code, unheard.outcome) == ("backend_unavailable", "unknown")
    assert (overtaken.code, overtaken.outcome) == ("conflict", "unknown")
    assert (done["id"], done["state"]) == (known["id"], "proposal")
    assert (await client.get(DEAL, number_of(done), ["comment"]))["comment"] == "Hm."
    assert (await suite.events()).count("crm.opportunity.created") == 1


async def test_an_account_left_open_for_long_stays_with_what_it_got_since(
    suite: CrmSuite, client: TrytonClient, line: BusyLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = new_word()
    ask = {"name": f"Works {word}", "currency": "EUR"}
    line.method, line.meanwhile = "model.party.party.write", broken
    await suite.refusal("upsert_account", key=word, **ask)
    monkeypatch.setattr(parties, "ABANDONED", timedelta())
    [known] = (await suite.answer("search", query=word))["items"]
    email = f"ann@{word}.example"
    await suite.answer("upsert_contact", email=email, last_name="Lee", account_id=known["id"])
    await client.call("party.party", "create", [{"name": f"Works {word}"}])

    done = await suite.answer("upsert_account", key=word, **ask)
    account = await suite.answer("get_account", account_id=known["id"])

    assert (done["id"], done["state"]) == (known["id"], "created")
    assert account["contact_count"] == 1


async def test_a_contact_left_open_for_long_stays_with_what_it_got_since(
    suite: CrmSuite, client: TrytonClient, line: BusyLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = new_word()
    account_id = await suite.account(word)
    ask = {"email": f"ann@{word}.example", "last_name": "Lee"}
    line.method, line.meanwhile = "model.party.contact_mechanism.write", broken
    await suite.refusal("upsert_contact", key=word, **ask)
    monkeypatch.setattr(contact_writing, "ABANDONED", timedelta())
    [known] = (await suite.answer("search", query=word, kind="contact"))["items"]
    other = {"type": "email", "value": ask["email"], "name": "Ann Lee"}
    party = int(account_id.removeprefix("party-"))
    await client.call("party.contact_mechanism", "create", [{**other, "party": party}])

    done = await suite.answer("upsert_contact", key=word, **ask)
    found = await suite.answer("search", query=ask["email"], kind="contact")

    assert (done["id"], done["state"]) == (known["id"], "created")
    assert (found["total"], found["items"][0]["id"]) == (2, known["id"])


async def broken() -> None:
    """Break the line before Tryton hears the call."""
    raise httpx2.ReadError("the line broke")
