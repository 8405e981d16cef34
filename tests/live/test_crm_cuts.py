"""The CRM's writes over a real Tryton whose answers get lost on the way."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from live_crm import CrmSuite, day, deal, new_word, serving_crm
from live_line import Line, on_line
from live_tryton import Command

from switchgear_shared.storage.tryton.client import TrytonClient

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """A Tryton as it is: every test makes the records that it counts on."""
    return tryton_script("start")


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
async def suite(tmp_path: Path, tryton: dict[str, Any], line: Line) -> AsyncIterator[CrmSuite]:
    """A CRM on the line, that takes what was not heard of for over at once."""
    async with (
        serving_crm(tmp_path / "data", tryton, retry_attempts=1) as suite,
        on_line(suite.host, "crm", tryton, line),
    ):
        yield suite


@pytest.fixture
def word() -> str:
    return new_word()


PARTY = "model.party.party"
MECHANISM = "model.party.contact_mechanism"
DEAL = "model.sale.opportunity"

heard_or_not = pytest.mark.parametrize("is_heard", [True, False])


@heard_or_not
@pytest.mark.parametrize("method", [f"{PARTY}.create", f"{PARTY}.write"])
async def test_an_account_whose_making_broke_is_made_once(
    suite: CrmSuite, client: TrytonClient, line: Line, word: str, method: str, is_heard: bool
) -> None:
    ask = {"name": f"Works {word}", "domain": f"{word}.example", "currency": "EUR"}

    await _broken(suite, line, method, is_heard, "upsert_account", ask, word)
    done = await suite.answer("upsert_account", key=word, **ask)
    page = await suite.answer("search", query=word)

    assert [match["id"] for match in page["items"]] == [done["id"]]
    assert done["state"] == "created"
    assert await suite.events() == ["crm.account.changed"]
    number = int(done["id"].removeprefix("party-"))
    party = await client.get("party.party", number, ["identifiers.code"])
    assert [one["code"].endswith("?") for one in party["identifiers"]] == [False]


@heard_or_not
@pytest.mark.parametrize("method", ["model.party.category.create", f"{PARTY}.write"])
async def test_an_account_whose_change_broke_is_changed_once(
    suite: CrmSuite, line: Line, word: str, method: str, is_heard: bool
) -> None:
    account_id = await suite.account(word)
    read = await suite.answer("get_account", account_id=account_id)
    ask = {
        "account_id": account_id,
        "phone": "1",
        "industry": f"Trade {word}",
        "expected_version": read["version"],
    }

    await _broken(suite, line, method, is_heard, "upsert_account", ask, word)
    done = await suite.answer("upsert_account", key=word, **ask)
    after = await suite.answer("get_account", account_id=account_id)

    assert (done["state"], done["version"]) == ("updated", after["version"])
    assert (after["phone"], after["industry"]) == ("1", f"Trade {word}")
    assert await suite.events() == ["crm.account.changed"] * 2


@heard_or_not
@pytest.mark.parametrize("method", [f"{MECHANISM}.create", f"{MECHANISM}.write"])
async def test_a_contact_whose_making_broke_is_made_once(
    suite: CrmSuite, line: Line, word: str, method: str, is_heard: bool
) -> None:
    account_id = await suite.account(word)
    ask = {"email": f"ann@{word}.example", "last_name": "Lee", "job_title": "Boss", "phone": "1"}

    await _broken(suite, line, method, is_heard, "upsert_contact", ask, word)
    done = await suite.answer("upsert_contact", key=word, **ask)
    account = await suite.answer("get_account", account_id=account_id, include=["contacts"])

    [contact] = account["contacts"]
    assert (done["id"], done["state"]) == (contact["id"], "created")
    assert (contact["job_title"], contact["phone"]) == ("Boss", "1")
    assert (await suite.events()).count("crm.contact.changed") == 1


@heard_or_not
async def test_a_contact_whose_change_broke_is_changed_once(
    suite: CrmSuite, line: Line, word: str, is_heard: bool
) -> None:
    account_id = await suite.account(word)
    made = await suite.answer("upsert_contact", email=f"ann@{word}.example", last_name="Lee")
    ask = {
        "email": f"ann@{word}.example",
        "phone": "1",
        "job_title": "Boss",
        "expected_version": made["version"],
    }

    await _broken(suite, line, f"{PARTY}.write", is_heard, "upsert_contact", ask, word)
    done = await suite.answer("upsert_contact", key=word, **ask)
    account = await suite.answer("get_account", account_id=account_id, include=["contacts"])

    [contact] = account["contacts"]
    assert (done["state"], done["version"]) == ("updated", contact["version"])
    assert (contact["job_title"], contact["phone"]) == ("Boss", "1")
    assert (await suite.events()).count("crm.contact.changed") == 2


@heard_or_not
async def test_an_activity_that_broke_is_logged_once(
    suite: CrmSuite, line: Line, word: str, is_heard: bool
) -> None:
    account_id = await suite.account(word)
    ask = {"about_id": account_id, "kind": "call", "subject": "Hello", "note": "twice?"}

    await _broken(suite, line, "model.ir.note.create", is_heard, "log_activity", ask, word)
    done = await suite.answer("log_activity", key=word, **ask)
    page = await suite.answer("list_activities", about_id=account_id)

    assert [one["id"] for one in page["items"]] == [done["id"]]
    assert (await suite.events()).count("crm.activity.logged") == 1


@heard_or_not
@pytest.mark.parametrize("method", [f"{DEAL}.create", f"{DEAL}.opportunity", f"{DEAL}.convert"])
async def test_an_opportunity_whose_making_broke_is_made_once(
    suite: CrmSuite, client: TrytonClient, line: Line, word: str, method: str, is_heard: bool
) -> None:
    account_id = await suite.account(word)
    ask = deal(account_id, stage="negotiation")

    await _broken(suite, line, method, is_heard, "create_opportunity", ask, word)
    done = await suite.answer("create_opportunity", key=word, **ask)
    page = await suite.answer("list_opportunities", account_id=account_id)

    assert [one["id"] for one in page["items"]] == [done["id"]]
    assert (done["state"], page["items"][0]["probability_percent"]) == ("negotiation", 70)
    assert len(await _sales(client, done["id"])) == 1
    assert await suite.events() == ["crm.account.changed", "crm.opportunity.created"]


@heard_or_not
async def test_an_opportunity_whose_change_broke_is_changed_once(
    suite: CrmSuite, line: Line, word: str, is_heard: bool
) -> None:
    made = await suite.opportunity(await suite.account(word))
    ask = {
        "opportunity_id": made["id"],
        "close_on": day(9),
        "probability_percent": 33,
        "expected_version": made["version"],
    }

    await _broken(suite, line, f"{DEAL}.write", is_heard, "update_opportunity", ask, word)
    done = await suite.answer("update_opportunity", key=word, **ask)
    read = await suite.answer("get_opportunity", opportunity_id=made["id"])

    assert (done["changed"], done["version"]) == (True, read["version"])
    assert (read["close_on"], read["probability_percent"]) == (day(9), 33)
    assert (await suite.events()).count("crm.opportunity.changed") == 1


@heard_or_not
@pytest.mark.parametrize(
    ("from_stage", "to_stage", "steps"),
    [
        ("qualified", "lost", [("write", 1), ("lost", 1)]),
        ("proposal", "negotiation", [("write", 1), ("convert", 1)]),
        ("lost", "proposal", [("write", 1), ("lead", 1), ("write", 2), ("opportunity", 1)]),
    ],
)
async def test_a_move_that_broke_happens_once(
    suite: CrmSuite,
    client: TrytonClient,
    line: Line,
    from_stage: str,
    to_stage: str,
    steps: list[tuple[str, int]],
    is_heard: bool,
) -> None:
    chances = {"lost": 0, "proposal": 45, "negotiation": 70}
    for step, nth in steps:
        word = new_word()
        account_id = await suite.account(word)
        begin = "proposal" if from_stage == "proposal" else "qualified"
        made = await suite.opportunity(account_id, stage=begin)
        if from_stage == "lost":
            about = {"opportunity_id": made["id"], "to_stage": "lost", "reason": "no"}
            made = await suite.answer("move_opportunity", **about)
        before = (await suite.events()).count("crm.opportunity.moved")
        ask = {
            "opportunity_id": made["id"],
            "to_stage": to_stage,
            "reason": "so",
            "expected_version": made["version"],
        }
        line.breaks = 0

        await _broken(suite, line, f"{DEAL}.{step}", is_heard, "move_opportunity", ask, word, nth)
        done = await suite.answer("move_opportunity", key=word, **ask)
        read = await suite.answer("get_opportunity", opportunity_id=made["id"])

        assert (done["state"], done["version"]) == (to_stage, read["version"]), (step, nth)
        assert (read["probability_percent"], read["reason"]) == (chances[to_stage], "so")
        assert (await suite.events()).count("crm.opportunity.moved") == before + 1
        sales = await _sales(client, made["id"])
        assert len(sales) == (1 if to_stage == "negotiation" else 0)


async def test_a_move_that_people_undo_before_it_is_repeated_is_done_again(
    suite: CrmSuite, client: TrytonClient, line: Line, word: str
) -> None:
    """A gap that whoami tells: the opportunity does not say who brought it where it is."""
    made = await suite.opportunity(await suite.account(word))
    ask = {"opportunity_id": made["id"], "to_stage": "lost", "reason": "no"}
    await _broken(suite, line, f"{DEAL}.lost", True, "move_opportunity", ask, word)  # noqa: FBT003  # as its parameter
    number = int(made["id"].removeprefix("opportunity-"))
    await client.call("sale.opportunity", "lead", [number])

    done = await suite.answer("move_opportunity", key=word, **ask)

    assert done["state"] == "lost"
    assert (await suite.events()).count("crm.opportunity.moved") == 1
    assert any("done again" in caveat for caveat in await suite.caveats())


@heard_or_not
async def test_who_gives_way_to_another_account_and_breaks_then_leaves_one(
    suite: CrmSuite, client: TrytonClient, line: Line, word: str, is_heard: bool
) -> None:
    """One that a broken write left unfinished finds, when repeated, that another was first."""
    ask = {"name": f"Works {word}", "currency": "EUR"}
    await _broken(suite, line, f"{PARTY}.create", True, "upsert_account", ask, word)  # noqa: FBT003  # as its parameter
    await client.call("party.party", "create", [{"name": f"Works {word}"}])

    line.breaks = 0
    await _broken(suite, line, f"{PARTY}.delete", is_heard, "upsert_account", ask, word)
    done = await suite.answer("upsert_account", key=word, **ask)
    page = await suite.answer("search", query=word)

    assert [match["id"] for match in page["items"]] == [done["id"]]


async def _sales(client: TrytonClient, opportunity_id: str) -> list[int]:
    number = int(opportunity_id.removeprefix("opportunity-"))
    return (await client.get("sale.opportunity", number, ["sales"]))["sales"]


async def _broken(
    suite: CrmSuite,
    line: Line,
    method: str,
    is_heard: bool,
    tool: str,
    arguments: dict[str, Any],
    key: str,
    nth: int = 1,
) -> None:
    """Call a tool while the line breaks, which leaves it unknown."""
    line.method, line.is_heard, line.nth = method, is_heard, nth
    error = await suite.refusal(tool, key=key, **arguments)
    assert (error.code, error.outcome, line.breaks) == ("backend_unavailable", "unknown", 1)
