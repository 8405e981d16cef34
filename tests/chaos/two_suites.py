"""Two whole suites on one PostgreSQL and one data directory, killed and started again."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from chaos.wire import post
from switchgear_shared.settings import Settings
from switchgear_shared.testing import free_port, until
from switchgear_shared.transports.results import ERROR_KEY


@dataclass
class Suite:
    """One `switchgear up` as a process of its own."""

    settings: Settings
    log: Path
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        settings = self.settings
        environment = {
            **os.environ,
            "SWITCHGEAR_DATA": str(settings.data),
            "SWITCHGEAR_DATABASE_URL": settings.database_dsn or "",
            "SWITCHGEAR_RATE_LIMIT": "1000000/minute",
            "SWITCHGEAR_BULKHEAD_SLOTS_PER_AGENT": "16",
            "SWITCHGEAR_LOG_LEVEL": "warning",
        }
        command = ("-m", "switchgear_shared.cli", "up", "--demo-data", "--port", str(self.port))
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, *command, env=environment, stdout=log, stderr=log
            )
        async with httpx2.AsyncClient(timeout=2) as http:

            async def look() -> bool | None:
                with suppress(httpx2.HTTPError):
                    return (await http.get(f"{self.url}/readyz")).status_code == 200 or None
                return None

            await until(look, timeout_s=120, every_s=0.2)

    async def end(self, how: signal.Signals) -> None:
        """Send it a signal and wait until it is gone."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                self.process.send_signal(how)
            await self.process.wait()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool answered: an error's body where `is_error`."""

    is_error: bool
    body: dict[str, Any]


async def ask(
    http: httpx2.AsyncClient, url: str, tool: str, arguments: dict[str, Any]
) -> Answer | None:
    """Call a tool; None where no answer came."""
    with suppress(httpx2.HTTPError):
        answer = await post(http, url, tool, arguments)
        result = answer.json()["result"]
        if result.get("isError"):
            return Answer(is_error=True, body=result["_meta"][ERROR_KEY])
        return Answer(is_error=False, body=result["structuredContent"])
    return None
