"""What tests of any server need: the product's own parts, started small and stopped whole."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp

from switchgear_shared.application import Application
from switchgear_shared.part import AUDIENCE
from switchgear_shared.runtime import Runtime
from switchgear_shared.server import Host
from switchgear_shared.serving import hosting
from switchgear_shared.settings import Settings

T = TypeVar("T")

TEST_DATABASE_URL = "SWITCHGEAR_TEST_DATABASE_URL"
TEST_NATS_URL = "SWITCHGEAR_TEST_NATS_URL"


@dataclass(frozen=True, slots=True)
class Running:
    """A suite that answers on loopback."""

    url: str
    host: Host
    runtime: Runtime

    async def token(self, agent: str, *, scopes: Iterable[str] | None = None) -> str:
        """Return an access token for a registered party."""
        found = await self.host.agents.get(agent)
        wanted = list(scopes) if scopes is not None else None
        return self.host.tokens.issue(found.principal, AUDIENCE, scopes=wanted).token


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def settings_for(data: Path, **changes: Any) -> Settings:
    """Return settings on `data` with quick retries, whatever the environment says."""
    quick: dict[str, Any] = {
        "data": data,
        "port": free_port(),
        "delivery_attempts": 3,
        "delivery_delay_s": 0.05,
        "delivery_ack_wait_s": 5,
        "database_url": None,
        "nats_url": None,
    }
    return Settings().model_copy(update={**quick, **changes})


@asynccontextmanager
async def running(
    settings: Settings,
    names: Iterable[str],
    *,
    demo_data: bool = False,
    upstreams: Mapping[str, str] | None = None,
) -> AsyncGenerator[Running]:
    """Run the named servers in this process, messaging included, until the block ends."""
    async with hosting(settings, names, demo_data=demo_data) as (host, runtime):
        await runtime.start()
        app = Application(host, runtime, upstreams or {}).asgi()
        async with serving(app, settings.host, settings.port):
            yield Running(f"http://{settings.host}:{settings.port}", host, runtime)


@asynccontextmanager
async def serving(app: ASGIApp, host: str, port: int) -> AsyncGenerator[None]:
    """Serve an app over HTTP in this process until the block ends."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    served = asyncio.create_task(server.serve())
    try:
        await until(lambda: _started(server), timeout_s=10)
        yield
    finally:
        server.should_exit = True
        await served


async def until(
    look: Callable[[], Awaitable[T | None]], *, timeout_s: float = 20, every_s: float = 0.02
) -> T:
    """Return the first thing that `look` finds; TimeoutError if it finds none in time."""
    async with asyncio.timeout(timeout_s):
        while True:
            found = await look()
            if found is not None and found is not False:
                return found
            await asyncio.sleep(every_s)


def is_ci() -> bool:
    """Say whether this is a run that may not skip what needs a service."""
    return os.environ.get("CI") == "true"


async def _started(server: uvicorn.Server) -> bool | None:
    return True if server.started else None
