"""Real brokers and databases for the messaging tests, each test its own."""

import asyncio
import fcntl
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path

import nats.js.errors
import pytest
from nats.aio.msg import Msg

from engines import ENGINES, Place, place, service
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.consumer import Consumer, ConsumerRunner, DeliveryPolicy
from switchgear_shared.messaging.embedded import EmbeddedNats
from switchgear_shared.messaging.endpoint import Locate, fixed
from switchgear_shared.messaging.subjects import DEAD, EVENTS, EXHAUSTED, TIMERS
from switchgear_shared.storage.database import Database
from switchgear_shared.storage.migrate import MESSAGING_MIGRATIONS, migrate
from switchgear_shared.testing import TEST_NATS_URL

PROCESS = Path(__file__).with_name("messaging_process.py")
QUICK = DeliveryPolicy(attempts=3, base_delay_s=0.01, ack_wait_s=5)

Run = Callable[..., Awaitable[ConsumerRunner]]
Filed = Callable[[str], Event]
Spawn = Callable[..., Awaitable[asyncio.subprocess.Process]]
Watch = Callable[[str], Awaitable["asyncio.Queue[Msg]"]]


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[EmbeddedNats]:
    server = EmbeddedNats(tmp_path / "data")
    yield server
    await server.stop()


@pytest.fixture(params=["embedded", pytest.param("outside", marks=pytest.mark.service)])
async def locate(
    request: pytest.FixtureRequest, broker: EmbeddedNats, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Locate]:
    """The broker of the bus suite: embedded, and outside where one is named.

    There is one outside, and each test empties its streams: the others wait, whoever runs them.
    """
    if request.param == "embedded":
        yield broker.ensure
        return
    outside = fixed(service(TEST_NATS_URL), os.environ.get("SWITCHGEAR_TEST_NATS_NKEY_SEED"))
    run = tmp_path_factory.getbasetemp()
    shared = run.parent if "PYTEST_XDIST_WORKER" in os.environ else run
    with (shared / "outside-nats.lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        cleaner = Bus(outside)
        await cleaner.connect(setup=False)
        for stream in (EVENTS, TIMERS, DEAD, EXHAUSTED):
            with suppress(nats.js.errors.NotFoundError):
                await cleaner.jetstream.delete_stream(stream)
        await cleaner.close()
        yield outside


@pytest.fixture
async def bus(locate: Locate) -> AsyncIterator[Bus]:
    connected = Bus(locate)
    await connected.connect()
    yield connected
    await connected.close()


@pytest.fixture
async def embedded_bus(broker: EmbeddedNats) -> AsyncIterator[Bus]:
    """A bus on the embedded broker only, for tests that kill it."""
    connected = Bus(broker.ensure)
    await connected.connect()
    yield connected
    await connected.close()


@pytest.fixture(params=ENGINES)
async def home(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """Where the test's database is, for other processes to open."""
    async with place(request.param, "documents", tmp_path / "data") as chosen:
        await migrate(chosen.open(), [MESSAGING_MIGRATIONS])
        yield chosen


@pytest.fixture
def database(home: Place) -> Database:
    return home.opened[0]


@pytest.fixture
def filed() -> Filed:
    """Make the event that a document was filed."""

    def make(document_id: str) -> Event:
        return new_event(
            "documents.document.filed",
            source="documents",
            subject=document_id,
            data={"document_id": document_id},
        )

    return make


@pytest.fixture
async def run() -> AsyncIterator[Run]:
    """Run consumers until the test ends, each delay exactly the policy's."""
    runners: list[ConsumerRunner] = []

    async def start(
        bus: Bus, consumers: Sequence[Consumer], policy: DeliveryPolicy = QUICK
    ) -> ConsumerRunner:
        runner = ConsumerRunner(bus, consumers, policy, draw=lambda: 0.5)
        await runner.start()
        runners.append(runner)
        return runner

    yield start
    for runner in runners:
        await runner.stop(drain_s=5)


@pytest.fixture
def watch(request: pytest.FixtureRequest) -> Watch:
    """Queue what is published on a subject from now on, on the test's bus."""
    name = "embedded_bus" if "embedded_bus" in request.fixturenames else "bus"
    bus: Bus = request.getfixturevalue(name)

    async def start(subject: str) -> asyncio.Queue[Msg]:
        seen: asyncio.Queue[Msg] = asyncio.Queue()
        await bus.subscribe(subject, "", seen.put)
        return seen

    return start


@pytest.fixture
async def spawn() -> AsyncIterator[Spawn]:
    """Start messaging_process.py with arguments and wait for its first line."""
    started: list[asyncio.subprocess.Process] = []

    async def start(*arguments: str | Path) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            sys.executable, PROCESS, *arguments, stdout=asyncio.subprocess.PIPE
        )
        started.append(process)
        assert process.stdout is not None
        async with asyncio.timeout(20):
            assert await process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in started:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
