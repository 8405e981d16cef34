"""A process that takes a stack in and is killed between its second and its third part."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from documents.room import reading, room
from switchgear_shared.contracts.events import Event
from switchgear_shared.storage.files import StoredFile

SURVIVING = 2


async def die(folder: Path, event: Event) -> None:
    """Handle the event as far as the third file to be stored."""
    async with reading(), room("sqlite", folder) as place:
        stored = 0
        put = place.files.put

        async def put_or_die(content: bytes) -> StoredFile:
            nonlocal stored
            stored += 1
            if stored > SURVIVING:
                os.kill(os.getpid(), signal.SIGKILL)
            return await put(content)

        files: Any = place.files
        files.put = put_or_die
        for consumer in (*place.stages.consumers(), *place.bundling.consumers()):
            if consumer.event_type == event.type:
                await consumer.handle(event)


if __name__ == "__main__":
    asyncio.run(die(Path(sys.argv[1]), Event.from_cloudevent(sys.stdin.buffer.read())))
