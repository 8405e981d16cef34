"""A process that dies between the second part and the third leaves nothing half, nothing twice."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from documents.dying import SURVIVING
from documents.room import Room, room
from documents.test_attachments import all_documents, assert_only_documents_are_stored
from documents.test_bundles import STACK
from documents.test_parting_in_review import decide
from documents.test_reading_several import FIRST, SECOND, a_pdf
from journeys.office import taken
from switchgear_shared.contracts.events import Event

pytestmark = pytest.mark.asyncio(loop_scope="session")

TESTS = Path(__file__).parents[1]


async def killed_on(event: Event, folder: Path) -> None:
    """Have another process die while it handles the event."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "documents.dying", str(folder)),
        stdin=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )
    await process.communicate(event.to_cloudevent())
    assert process.returncode == -9


async def redelivered(place: Room, event: Event) -> None:
    """Deliver what the dead process did not acknowledge, and all that follows."""
    for consumer in (*place.stages.consumers(), *place.bundling.consumers()):
        if consumer.event_type == event.type:
            await consumer.handle(event)
    await place.deliver()


async def test_parts_found_by_the_machine_are_there_once_after_a_kill(tmp_path: Path) -> None:
    async with room("sqlite", tmp_path) as place:
        await place.submit(STACK, "stack.pdf")
        (received,) = await taken(place.database)
        await killed_on(received, tmp_path)
        assert [each.state for each in await all_documents(place)] == ["received"]

        await redelivered(place, received)

        bundle, *parts = await all_documents(place)
        assert [part.number for part in parts] == ["R-1", "R-2", "R-3"]
        assert len(parts) > SURVIVING
        assert bundle.state == "filed"
        assert_only_documents_are_stored(place, [bundle, *parts])


async def test_parts_named_by_a_person_are_there_once_after_a_kill(tmp_path: Path) -> None:
    third = FIRST.replace("R-1", "R-3")
    content = a_pdf(FIRST, "Time sheet\nMonday 8 hours", SECOND, third)
    async with room("sqlite", tmp_path) as place:
        document = await place.submit(content, "stack.pdf")
        await place.deliver()
        await decide(place, document, "part", "1-2,3,4")
        (decided,) = await taken(place.database)
        await killed_on(decided, tmp_path)
        assert len(await all_documents(place)) == 1

        await redelivered(place, decided)

        bundle, *parts = await all_documents(place)
        assert [part.number for part in parts] == ["R-1", "R-2", "R-3"]
        assert bundle.state == "filed"
        assert_only_documents_are_stored(place, [bundle, *parts])
