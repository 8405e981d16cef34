"""What runs beside the calls of a process: the broker, relays, consumers, answers on the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sqlalchemy import func, select

from switchgear_shared.calls.remote_writes import RemoteWrites
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.consumer import ConsumerRunner, DeliveryPolicy
from switchgear_shared.messaging.dead_letters import DeadLetters
from switchgear_shared.messaging.embedded import EmbeddedNats
from switchgear_shared.messaging.endpoint import Locate, fixed
from switchgear_shared.messaging.inbox import prune_inbox
from switchgear_shared.messaging.outbox import OutboxRelay
from switchgear_shared.observability.logs import logger
from switchgear_shared.server import Host
from switchgear_shared.settings import Settings
from switchgear_shared.storage.shared_tables import outbox
from switchgear_shared.transports.forward import BusService

log = logger(__name__)

_PRUNE_EVERY_S = 3600.0
_RETRY_S = 1.0
_BACKGROUND_RETRY_S = 5.0


class Runtime:
    """The messaging side of a host; calls work without it, and events wait in the outbox."""

    def __init__(self, host: Host, broker: EmbeddedNats | None) -> None:
        self._host = host
        self._broker = broker
        settings = host.settings
        policy = DeliveryPolicy(
            attempts=settings.delivery_attempts,
            base_delay_s=settings.delivery_delay_s,
            longest_delay_s=settings.delivery_longest_delay_s,
            ack_wait_s=settings.delivery_ack_wait_s,
        )
        self._runner = ConsumerRunner(
            host.bus, host.consumers(), policy, observe=host.metrics.event
        )
        self._relays = [OutboxRelay(database, host.bus) for database in host.databases()]
        self._services = [
            BusService(server.front, host.bus, host.tokens) for server in host.servers.values()
        ]
        self._starting: asyncio.Task[None] | None = None
        self._pruning: asyncio.Task[None] | None = None
        self._background: list[asyncio.Task[None]] = []
        self._stops: list[Callable[[], Awaitable[None]]] = []
        self._is_running = False

    @property
    def is_running(self) -> bool:
        """Whether everything has started and the broker is connected."""
        return self._is_running and self._host.bus.is_connected

    def start_soon(self) -> None:
        """Start in the background, trying until a broker is there."""
        self._starting = asyncio.create_task(self._start_until_done(), name="runtime-start")

    async def start(self, *, with_background: bool = True) -> None:
        """Connect, then relay, answer and consume; without background work for a mere command."""
        await self._host.bus.connect()
        self._stops.append(self._host.bus.close)
        for part in (*self._services, *self._relays, self._runner):
            await part.start()
            self._stops.append(part.stop)
        self._pruning = asyncio.create_task(self._prune(), name="runtime-prune")
        self._background = [
            asyncio.create_task(_again(part.name, work), name=f"{part.name}-background")
            for part in (server.part for server in self._host.servers.values())
            for work in part.background
            if with_background
        ]
        self._is_running = True
        log.info("messaging started", servers=sorted(self._host.servers))

    async def stop(self) -> None:
        """Stop in the reverse order; the embedded broker last, where it is ours."""
        self._is_running = False
        for task in (self._starting, self._pruning, *self._background):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        while self._stops:
            await self._stops.pop()()
        if self._broker is not None:
            await self._broker.stop()

    async def measure(self) -> None:
        """Bring the gauges that are read from databases up to date, before a scrape."""
        for database in self._host.databases():
            async with database.reading() as session:
                waiting = await session.scalar(select(func.count()).select_from(outbox))
            self._host.metrics.outbox_depth(database.name, waiting or 0)
        self._host.metrics.approvals_open(await self._host.approvals.count_open())
        for server in self._host.servers.values():
            if isinstance(writes := server.pipeline.writes, RemoteWrites):
                count = await writes.unresolved_count()
                self._host.metrics.writes_unresolved(server.part.name, count)
            if server.part.measure is not None:
                await server.part.measure(self._host.metrics)
        if self.is_running:
            self._host.metrics.dead_letters_open(await DeadLetters(self._host.bus).count())

    async def _start_until_done(self) -> None:
        while True:
            try:
                await self.start()
            except SwitchgearError as error:
                log.warning("messaging waits", error=error.message)
                while self._stops:
                    await self._stops.pop()()
                await asyncio.sleep(_RETRY_S)
            else:
                return

    async def _prune(self) -> None:
        while True:
            try:
                for server in self._host.servers.values():
                    if server.part.database is not None:
                        await prune_inbox(server.part.database)
                await self._host.approvals.expire()
            except SwitchgearError as error:
                log.warning("pruning waits", error=error.message)
            await asyncio.sleep(_PRUNE_EVERY_S)


async def _again(name: str, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception:
            log.exception("background work failed", server=name)
        await asyncio.sleep(_BACKGROUND_RETRY_S)


def locate_broker(settings: Settings) -> tuple[Locate, EmbeddedNats | None]:
    """Return how to find the broker, and the embedded one where none is named outside."""
    if settings.nats_url is not None:
        seed_file = settings.nats_nkey_seed_file
        seed = seed_file.read_text().strip() if seed_file is not None else None
        return fixed(settings.nats_url, seed), None
    broker = EmbeddedNats(settings.data, settings.nats_server_binary)
    return broker.ensure, broker


def new_host(settings: Settings) -> tuple[Host, EmbeddedNats | None]:
    """Return a host that is not yet open, and its embedded broker if it has one."""
    locate, broker = locate_broker(settings)
    return Host(settings, Bus(locate, replicas=settings.nats_replicas)), broker
