"""The console where each server is in a process of its own: every call goes over the bus."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path
from random import Random

from console.person import Person, signed_in
from journeys.desk import Desk, opened
from switchgear_documents.generating.as_page import to_pdf
from switchgear_documents.generating.collection import draft
from switchgear_shared.testing import Running, running, settings_for


async def test_all_rooms_work_where_the_servers_are_elsewhere(own_data: Path) -> None:
    async with (
        running(settings_for(own_data), ["documents", "workflows"]),
        opened(own_data, names=("registry",)) as front,
    ):
        written = to_pdf(draft(0, seed=3), Random(5))  # noqa: S311 - the same page every time
        review = await front.review(await front.submit(written, "paper.pdf"))
        async with signed_in(front, "clerk") as person:
            statuses = {path: (await person.get(path)).status for path in rooms(review)}
            page = await person.get(f"/reviews/{review['id']}")
            (source,) = page.tree.xpath("//figure/img/@src")
            picture = await person.get(source.removeprefix("/console"))
            action = f"/console/reviews/{review['id']}/decide"
            sent = await person.send(action, {**page.form(action), "decision": "approve"})

        assert statuses == dict.fromkeys(rooms(review), 200)
        assert picture.answer.content.startswith(b"\x89PNG")
        assert sent.status == 303
        await down_is_told(front)


async def test_a_form_that_finds_its_server_dead_is_kept_and_done_once_when_it_is_back(
    own_data: Path,
) -> None:
    def documents() -> AbstractAsyncContextManager[Running]:
        return running(settings_for(own_data), ["documents"])

    async with opened(own_data, names=("registry",)) as front, signed_in(front, "clerk") as person:
        async with documents():
            review = await front.review(await front.submit(b"zxq zxq", "riddle.txt"))
            action = f"/console/reviews/{review['id']}/decide"
            form = (await person.get(f"/reviews/{review['id']}")).form(action)
        typed = {**form, "decision": "reject", "reason": 'a "reason" <typed>\nin two lines'}
        dead = await person.send(action, typed)
        kept = dead.form(action)
        async with documents():
            sent = await person.send(action, kept)
            again = await person.send(action, kept)
            seen = await front.ask("documents_get_review", review_id=review["id"])

    assert (dead.status, dead.told("alert")[:19]) == (503, "Backend unavailable")
    assert kept == typed
    assert (sent.status, again.status) == (303, 303)
    assert (seen["decision"], seen["decided_by"]) == ("reject", "clerk")


def rooms(review: dict[str, str]) -> list[str]:
    return [
        "/",
        "/reviews",
        "/approvals",
        "/dead-letters",
        "/documents",
        *(
            f"/documents/{review['document_id']}",
            f"/traces/{review['correlation_id']}",
            f"/reviews/{review['id']}",
        ),
    ]


async def down_is_told(front: Desk) -> None:
    """The CRM runs nowhere here: the overview says so, and shows everything else."""
    async with signed_in(front, "operator") as person:
        page = await overview(person)
    assert page["crm"] == "down"
    assert page["documents"] == "up"


async def overview(person: Person) -> dict[str, str]:
    page = await person.get("/")
    rows = ([cell.text_content() for cell in row] for row in page.tree.xpath("//tbody/tr"))
    return {name: state for name, state, *_ in rows}
