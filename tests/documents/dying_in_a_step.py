"""A process that handles an event and is killed at its first statement that holds some words."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import event as listening

from documents.room import reading, room
from switchgear_shared.contracts.events import Event


async def die(folder: Path, event: Event, words: str) -> None:
    """Handle the event as far as that statement; without words, to the end."""
    async with reading(), room("sqlite", folder) as place:

        def kill(*arguments: Any) -> None:
            if words and words in arguments[2]:
                os.kill(os.getpid(), signal.SIGKILL)

        engine = place.database.writer_engine.sync_engine
        listening.listen(engine, "before_cursor_execute", kill)
        for consumer in place.stages.consumers():
            if consumer.event_type == event.type:
                await consumer.handle(event)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    received = Event.from_cloudevent(sys.stdin.buffer.read())
    asyncio.run(die(Path(sys.argv[1]), received, sys.argv[2]))
