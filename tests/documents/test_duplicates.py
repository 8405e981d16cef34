"""A paper that came before in other bytes is told apart from the next invoice of its supplier."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from documents.room import Room, room
from engines import ENGINES, Engine
from journeys.desk import Samples
from switchgear_documents import duplicates
from switchgear_documents.rows import open_review_of
from switchgear_documents.samples import to_cii, to_ubl
from switchgear_shared.contracts.values import TenantId

pytestmark = pytest.mark.asyncio(loop_scope="session")

ACME = TenantId("acme")
LETTER = " ".join(f"Dear neighbour {n}, we write about the garden and its gate" for n in range(12))


async def reasons(place: Room, identifier: str) -> list[str]:
    async with place.database.reading() as session:
        review = await open_review_of(session, ACME, identifier)
        return list(review.reasons) if review else []


async def candidates(place: Room, identifier: str) -> list[tuple[str, str]]:
    async with place.database.reading() as session:
        record = await place.document(identifier)
        return [(c.id, c.reason) for c in await duplicates.find(session, record)]


@pytest.mark.parametrize("engine", ENGINES)
async def test_one_invoice_in_two_formats_goes_to_a_person_the_second_time(
    engine: Engine, tmp_path: Path, invoices: Samples
) -> None:
    spec = invoices.small()
    async with room(engine, tmp_path) as place:
        first = await place.submit(to_ubl(spec), "a.xml")
        await place.deliver()
        second = await place.submit(to_cii(spec), "b.xml")
        await place.deliver()

        assert (await place.document(first)).state == "routed"
        assert await reasons(place, second) == [
            f"possible duplicate of {first}: same supplier and number"
        ]
        assert await candidates(place, second) == [(first, "same supplier and number")]


async def test_of_two_at_once_one_goes_on(tmp_path: Path, invoices: Samples) -> None:
    spec = invoices.small()
    async with room("sqlite", tmp_path) as place:
        both = [await place.submit(to(spec), "a.xml") for to in (to_ubl, to_cii)]
        await place.deliver(2)

        states = [(await place.document(identifier)).state for identifier in both]
        assert sorted(states) == ["in_review", "routed"]


@pytest.mark.parametrize(
    "changes", [{"number": "RE-OTHER-1"}, {"seller": "another"}], ids=["number", "seller"]
)
async def test_the_next_invoice_and_anothers_of_that_number_are_none(
    tmp_path: Path, invoices: Samples, changes: dict[str, Any]
) -> None:
    spec = invoices.small()
    if "seller" in changes:
        other = replace(invoices.small_from(1), number=spec.number)
        while other.seller == spec.seller:
            other = replace(invoices.small(), number=spec.number)
    else:
        other = replace(spec, **changes)
    async with room("sqlite", tmp_path) as place:
        await place.submit(to_ubl(spec), "a.xml")
        await place.deliver()
        second = await place.submit(to_ubl(other), "b.xml")
        await place.deliver()

        assert await candidates(place, second) == []
        assert (await place.document(second)).state == "routed"


async def test_what_was_rejected_is_sent_again_without_a_question(
    tmp_path: Path, invoices: Samples
) -> None:
    spec = invoices.small()
    async with room("sqlite", tmp_path) as place:
        first = await place.submit(to_ubl(spec), "a.xml")
        await place.deliver()
        second = await place.submit(to_cii(spec), "b.xml")
        await place.deliver()
        async with place.database.writing() as session:
            record = await session.get(type(await place.document(first)), ("acme", first))
            assert record is not None
            record.state = "rejected"

        assert await candidates(place, second) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (LETTER.upper().replace(" ", "\n"), "same text"),
        (LETTER + " Yours, Ann", "nearly the same text"),
        ("The quick brown fox jumps over the lazy dog. " * 12, None),
    ],
)
async def test_texts_are_compared_by_their_words(
    tmp_path: Path, text: str, reason: str | None
) -> None:
    async with room("sqlite", tmp_path) as place:
        first = await place.submit(LETTER.encode(), "a.txt", "letter")
        second = await place.submit(text.encode(), "b.txt", "letter")
        await place.deliver()

        assert await candidates(place, second) == ([(first, reason)] if reason else [])
        told = await reasons(place, second)
        assert [reason for reason in told if reason.startswith("possible duplicate")] == []


@pytest.mark.parametrize(("words", "has_one"), [(19, False), (20, True), (21, True)])
async def test_a_short_text_has_no_fingerprint(words: int, has_one: bool) -> None:
    assert (duplicates.fingerprint("word " * words) is not None) == has_one
