"""The processes that messaging tests start and kill: own, relay, poison."""

import asyncio
import os
import sys
from pathlib import Path

from switchgear_shared.contracts.events import Event
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.consumer import Consumer, ConsumerRunner, DeliveryPolicy
from switchgear_shared.messaging.embedded import EmbeddedNats


async def own(data: Path) -> None:
    """Own the broker until killed."""
    await EmbeddedNats(data).ensure()
    _ready()
    await asyncio.Event().wait()


async def relay(data: Path, name: str, url: str) -> None:
    """Relay the outbox of the database `name` until killed."""
    from switchgear_shared.messaging.outbox import OutboxRelay  # noqa: PLC0415 - SQLAlchemy is slow
    from switchgear_shared.storage.database import Database  # noqa: PLC0415 - same

    bus = Bus(EmbeddedNats(data).ensure)
    await bus.connect()
    database = Database.at(name, data_dir=data, database_url=url or None)
    await OutboxRelay(database, bus).start()
    _ready()
    await asyncio.Event().wait()


async def poison(data: Path) -> None:
    """Die in the handler of the first filed document."""
    bus = Bus(EmbeddedNats(data).ensure)
    await bus.connect()

    async def die(_event: Event) -> None:
        os._exit(9)

    consumer = Consumer("documents-file", "documents.document.filed", die)
    await ConsumerRunner(bus, [consumer], DeliveryPolicy(attempts=1, ack_wait_s=0.5)).start()
    await asyncio.Event().wait()


def _ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    role = {"own": own, "relay": relay, "poison": poison}[sys.argv[1]]
    if role is poison:
        _ready()
    asyncio.run(role(Path(sys.argv[2]), *sys.argv[3:]))
