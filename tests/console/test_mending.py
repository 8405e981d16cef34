"""Dead letters: grouped, shown whole, mended and replayed, decided by the group after a preview."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from console.person import Page, Person, signed_in
from documents.test_dead_letters import die, elsewhere, held, lost
from journeys.desk import Answer, Desk, opened
from switchgear_shared.testing import until

LETTERS = "/console/dead-letters"


@pytest.fixture
async def own_desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    """A documents server of the test's own: its dead letters are counted."""
    async with opened(tmp_path / "data", names=("documents", "registry")) as desk:
        yield desk


def group_form(page: Page, group: str, choice: str) -> dict[str, str]:
    return page.form(f"{LETTERS}/groups/{group}/{choice}")


async def shown(person: Person, letter: Answer) -> Page:
    page = await person.get(f"/dead-letters/{letter['id']}")
    assert page.status == 200
    return page


async def test_letters_of_one_cause_stand_together(own_desk: Desk) -> None:
    letters = await die(own_desk, lost(), lost(), elsewhere())

    async with signed_in(own_desk, "operator") as person:
        page = await person.get("/dead-letters")
        narrow = await person.get("/dead-letters?consumer=documents-review")
        none = await person.get("/dead-letters?event_type=nothing.of.this")

    assert sorted(page.names("//h2")) == [
        "documents-extract not_found",
        "documents-review not_found",
    ]
    assert sorted(page.tree.xpath("//a[@data-open]/@href")) == sorted(
        f"{LETTERS}/{letter['id']}" for letter in letters
    )
    assert narrow.names("//h2") == ["documents-review not_found"]
    assert "Nothing matches." in none.text


async def test_a_mended_letter_is_replayed_with_its_new_data(own_desk: Desk) -> None:
    receipt = await own_desk.submit(b"zxq a real document zxq", "real.txt")
    await own_desk.until(receipt)
    (letter,) = await die(own_desk, lost())
    replay = f"{LETTERS}/{letter['id']}/replay"

    async with signed_in(own_desk, "operator") as person:
        form = (await shown(person, letter)).form(replay)
        data = json.loads(form["data"])
        broken = await person.send(replay, {**form, "data": '{"half": '})
        gone = await person.send(replay, {**form, "data": '{"confidence": 1.0}'})
        data["document_id"] = receipt["id"]
        sent = await person.send(replay, {**form, "data": json.dumps(data)})
        again = await person.send(replay, {**form, "data": json.dumps(data)})
        after = await shown(person, letter)

    assert (broken.status, gone.status) == (422, 422)
    assert "is not JSON" in broken.told("alert")
    assert broken.value("data") == '{"half": '
    assert "classifier cannot be taken away" in gone.told("alert")
    assert (sent.status, again.status) == (303, 303)
    assert "Replayed by operator" in after.text
    assert after.tree.xpath("//form[contains(@action, '/replay')]") == []

    async def is_taken() -> bool:
        return await held(own_desk) == 0

    assert await until(is_taken)


async def test_a_letter_is_discarded_with_a_reason_only(own_desk: Desk) -> None:
    (letter,) = await die(own_desk, lost())
    discard = f"{LETTERS}/{letter['id']}/discard"

    async with signed_in(own_desk, "operator") as person:
        form = (await shown(person, letter)).form(discard)
        bare = await person.send(discard, {**form, "reason": " "})
        short = await person.send(discard, {**form, "reason": "no"})
        kept = short.form(discard)
        assert kept["reason"] == "no"
        sent = await person.send(discard, {**kept, "reason": "sent twice"})
        after = await shown(person, letter)

    assert (bare.status, short.status, sent.status) == (422, 422, 303)
    assert "Discarded by operator" in after.text
    assert "sent twice" in after.text


async def test_a_group_is_decided_after_a_look_at_what_it_would_do(own_desk: Desk) -> None:
    letters = await die(own_desk, *(lost() for _ in range(3)))
    group = letters[0]["failure_group"]
    action = f"{LETTERS}/groups/{group}/discard"

    async with signed_in(own_desk, "operator") as person:
        form = group_form(await person.get("/dead-letters"), group, "discard")
        look = await person.send(action, {**form, "limit": "2", "reason": "a test run"})
        assert (look.status, await held(own_desk)) == (200, 3)
        assert look.names("//h1") == ["2 letters would be discarded"]
        assert "1 would remain" in look.text
        confirm = look.form(action)
        sent = await person.send(action, confirm)
        twice = await person.send(action, confirm)
        told = await person.get(sent.answer.headers["location"].removeprefix("/console"))

    assert (sent.status, twice.status) == (303, 303)
    assert told.told("status") == f"Discarded: group {group}"

    async def one_left() -> bool:
        return await held(own_desk) == 1

    assert await until(one_left)


async def test_a_group_that_changed_since_the_look_is_shown_anew(own_desk: Desk) -> None:
    letters = await die(own_desk, *(lost() for _ in range(2)))
    group = letters[0]["failure_group"]
    action = f"{LETTERS}/groups/{group}/replay"

    async with signed_in(own_desk, "operator") as person:
        form = group_form(await person.get("/dead-letters"), group, "replay")
        confirm = (await person.send(action, {**form, "limit": "50"})).form(action)
        await own_desk.ask(
            "documents_discard_dead_letter",
            by="operator",
            id=letters[0]["id"],
            reason="by another",
        )
        moved = await person.send(action, confirm)
        sent = await person.send(action, moved.form(action))

    assert moved.status == 409
    assert moved.names("//h1") == ["1 letter would be replayed"]
    assert sent.status == 303


@pytest.mark.parametrize(
    ("limit", "status"), [("0", 422), ("1", 200), ("50", 200), ("51", 422), ("9" * 5000, 422)]
)
async def test_so_many_letters_of_a_group_go_at_once_and_no_more(
    own_desk: Desk, limit: str, status: int
) -> None:
    letters = await die(own_desk, lost())
    group = letters[0]["failure_group"]

    async with signed_in(own_desk, "operator") as person:
        form = group_form(await person.get("/dead-letters"), group, "replay")
        look = await person.send(f"{LETTERS}/groups/{group}/replay", {**form, "limit": limit})

    assert look.status == status


async def test_who_may_not_mend_sees_no_buttons_and_changes_nothing(own_desk: Desk) -> None:
    (letter,) = await die(own_desk, lost("<script>alert(1)</script>"))

    async with signed_in(own_desk, "clerk") as person:
        page = await shown(person, letter)
        (token,) = page.tree.xpath("//header//input[@name='form_token']/@value")
        own = {"form_token": token, "form_key": "k" * 24, "reason": "forged"}
        forged = [
            await person.send(f"{LETTERS}/{letter['id']}/replay", own),
            await person.send(f"{LETTERS}/{letter['id']}/discard", own),
            await person.send(
                f"{LETTERS}/groups/{letter['failure_group']}/discard", {**own, "limit": "1"}
            ),
            await person.send(
                f"{LETTERS}/groups/{letter['failure_group']}/bury", {**own, "limit": "1"}
            ),
        ]

    assert page.tree.xpath("//main//button") == []
    assert [answer.status for answer in forged] == [403, 403, 403, 422]
    assert "<script>alert(1)</script>" in page.text
    assert page.tree.xpath("//script[not(starts-with(@src, '/console/static/'))]") == []
    assert await held(own_desk) == 1
