"""Legal holds: by whom, since when and why; what is held is not erased by anyone."""

import asyncio
import contextvars
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from documents.archive import Archive, archive
from documents.room import CALLER
from documents.test_attachments import mail
from documents.test_erasure import doubtful, records, rejected
from documents.test_erasure_remains import LETTER
from engines import ENGINES, Engine
from journeys.desk import Desk, Samples
from journeys.office import taken
from switchgear_documents.models_records import HoldReceipt, HoldScope
from switchgear_documents.tables import HoldRecord
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import ConflictError, InvalidRequestError, NotFoundError

pytestmark = pytest.mark.asyncio(loop_scope="session")

MATTER = "Smith against us"


async def held(
    place: Archive, identifier: str, scope: HoldScope = "document", reason: str = MATTER
) -> HoldReceipt:
    return await place.holds.place_hold(CALLER, identifier, scope=scope, reason=reason)


async def released(place: Archive, identifier: str, hold_id: str | None = None) -> HoldReceipt:
    return await place.holds.release_hold(CALLER, identifier, hold_id=hold_id, reason="settled")


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_held_document_is_erased_only_once_its_hold_is_released(
    engine: Engine, tmp_path: Path
) -> None:
    async with archive(engine, tmp_path) as place:
        identifier = await place.settled(LETTER, "letter.txt")
        hold = await held(place, identifier)
        with pytest.raises(ConflictError) as refusal:
            await place.erase(identifier)
        assert refusal.value.message == (
            f"document {identifier} is under legal hold {hold.id}: {MATTER}"
        )

        assert (await released(place, identifier)).state == "released"
        assert (await place.erase(identifier)).state == "erased"

        async with place.database.reading() as session:
            kept = (await session.scalars(select(HoldRecord))).one()
        assert (kept.placed_by, kept.reason) == ("agent", MATTER)
        assert (kept.released_by, kept.release_reason) == ("agent", "settled")
        types = [event.type for event in await taken(place.database)]
        assert types == [
            "documents.hold.placed",
            "documents.hold.released",
            "documents.document.erased",
        ]


async def test_the_same_hold_again_changes_nothing_and_another_matter_places_its_own(
    tmp_path: Path,
) -> None:
    async with archive("sqlite", tmp_path) as place:
        identifier = await place.settled(LETTER, "letter.txt")
        first = await held(place, identifier)
        again = await held(place, identifier)
        other = await held(place, identifier, reason="tax audit")

        assert (again.id, again.changed) == (first.id, False)
        assert (other.id == first.id, other.changed) == (False, True)
        with pytest.raises(ConflictError, match=f"name one: {first.id}, {other.id}"):
            await released(place, identifier)
        assert (await released(place, identifier, first.id)).changed is True
        assert (await released(place, identifier, first.id)).changed is False
        assert (await released(place, identifier)).id == other.id
        with pytest.raises(NotFoundError, match="no hold on document"):
            await released(place, identifier)
        with pytest.raises(NotFoundError, match="no hold hold_x"):
            await released(place, identifier, "hold_x")


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_hold_on_a_correlation_is_on_what_comes_later_too(
    engine: Engine, tmp_path: Path
) -> None:
    async with archive(engine, tmp_path) as place:
        first = await place.settled(LETTER, "letter.txt")
        await held(place, first, "correlation")
        later = await place.settled(LETTER.replace(b"garden", b"house"), "later.txt")

        with pytest.raises(ConflictError, match="under legal hold"):
            await place.erase(later)
        await released(place, later)
        await place.erase(later)


@pytest.mark.parametrize("engine", ENGINES)
async def test_a_hold_on_a_correlation_waits_for_the_erasure_of_any_of_its_documents(
    engine: Engine, tmp_path: Path
) -> None:
    async with archive(engine, tmp_path) as place:
        first = await place.settled(LETTER, "letter.txt")
        other = await place.settled(LETTER.replace(b"garden", b"house"), "other.txt")
        alone = contextvars.Context()
        async with place.database.unit_of_work():
            await place.erase(other)
            holding = asyncio.get_running_loop().create_task(
                held(place, first, "correlation"), context=alone
            )
            done, _ = await asyncio.wait({holding}, timeout=0.5)
            assert done == set()

        assert (await holding).changed is True
        assert await place.ids() == {first}
        with pytest.raises(ConflictError, match="under legal hold"):
            await place.erase(first)


async def test_a_message_is_held_by_a_hold_on_what_it_brought(tmp_path: Path) -> None:
    async with archive("sqlite", tmp_path) as place:
        message = await place.settled(mail(("a.txt", LETTER)).as_bytes(), "1.eml")
        (child,) = await place.ids() - {message}
        await held(place, child)

        with pytest.raises(ConflictError, match=f"document {child} is under legal hold"):
            await place.erase(message)
        assert await place.ids() == {message, child}


async def test_a_held_document_is_not_disposed_of_when_its_time_is_over(tmp_path: Path) -> None:
    async with archive("sqlite", tmp_path) as place:
        identifier = await place.settled(LETTER, "letter.txt")
        await held(place, identifier)
        erasures = place.erasures(now=lambda: utc_now() + timedelta(days=400))

        with pytest.raises(ConflictError, match="under legal hold"):
            await erasures.dispose(CALLER, identifier)
        await released(place, identifier)
        assert (await erasures.dispose(CALLER, identifier)).state == "erased"


async def test_holds_are_listed_page_by_page_the_newest_first(tmp_path: Path) -> None:
    async with archive("sqlite", tmp_path) as place:
        identifier = await place.settled(LETTER, "letter.txt")
        ids = [(await held(place, identifier, reason=f"matter {n}")).id for n in range(3)]
        await released(place, identifier, ids[0])
        asked: dict[str, Any] = {"document_id": identifier, "limit": 1}

        first = await place.holds.list_holds(CALLER.tenant, is_released=False, cursor=None, **asked)
        second = await place.holds.list_holds(
            CALLER.tenant, is_released=False, cursor=first.next_cursor, **asked
        )
        over = await place.holds.list_holds(CALLER.tenant, is_released=True, cursor=None, **asked)

        assert [hold.id for hold in first.items + second.items] == [ids[2], ids[1]]
        assert second.next_cursor is None
        assert [hold.id for hold in over.items] == [ids[0]]
        with pytest.raises(InvalidRequestError):
            await place.holds.list_holds(CALLER.tenant, is_released=True, cursor="x", **asked)


async def test_holds_by_rest_stop_an_erasure_that_was_approved(
    desk: Desk, samples: Samples
) -> None:
    manager = await records(desk)
    receipt = await rejected(desk, await doubtful(desk, samples))
    path = f"/documents/{receipt['id']}"

    status, hold = await manager.asks("PUT", f"{path}/hold", json={"reason": MATTER})
    assert (status, hold["state"]) == (200, "standing")
    assert MATTER in await manager.refused(receipt["id"])
    _, seen = await manager.asks("GET", f"{path}/retention")
    assert seen["document"]["hold_ids"] == [hold["id"]]
    _, listed = await manager.asks("GET", "/holds", params={"document_id": receipt["id"]})
    assert [(row["id"], row["placed_by"]) for row in listed["items"]] == [(hold["id"], "records")]

    status, _ = await manager.asks("DELETE", f"{path}/hold", params={"reason": "settled"})
    assert status == 200
    assert (await manager.erases(receipt["id"]))[0] == 200


async def test_the_matter_of_a_hold_is_for_its_readers_alone(desk: Desk, samples: Samples) -> None:
    receipt = await rejected(desk, await doubtful(desk, samples))
    await (await records(desk)).asks(
        "PUT", f"/documents/{receipt['id']}/hold", json={"reason": MATTER}
    )

    for party, status in (("assistant", 403), ("clerk", 403), ("operator", 200)):
        answer = await desk.http.get("/api/v1/holds", headers=await desk.headers(party))
        assert answer.status_code == status
    placing = await desk.http.put(
        f"/api/v1/documents/{receipt['id']}/hold",
        json={"reason": MATTER},
        headers=await desk.headers("clerk"),
    )
    assert placing.json()["error"]["code"] == "policy_denied"
    trace = await desk.ask("documents_trace", correlation_id=receipt["correlation_id"])
    assert "documents.hold.placed" in {step["what"] for step in trace["steps"]}
    assert MATTER not in json.dumps(trace)


@pytest.mark.parametrize(
    "body", [{}, {"reason": "no"}, {"reason": "a matter", "scope": "all"}, {"why": "x"}, []]
)
async def test_a_hold_that_is_not_one_is_refused(desk: Desk, body: Any) -> None:
    status, answer = await (await records(desk)).asks("PUT", "/documents/doc_1/hold", json=body)

    assert (status, answer["error"]["code"]) == (422, "invalid_request")
