"""The suite in several processes: one per server, so that each can die, and return, alone."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from switchgear_shared.observability.logs import logger
from switchgear_shared.settings import Settings

log = logger(__name__)

_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_HEALTHY_S = 30.0
_STOP_S = 8.0
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    """One server's process, restarted when it dies unless it was told to stay down."""

    name: str
    port: int
    process: asyncio.subprocess.Process | None = None
    restarts: int = 0
    is_wanted: bool = True
    watcher: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where the server answers."""
        return f"http://127.0.0.1:{self.port}"


class Suite:
    """Starts, watches and restarts server processes on loopback."""

    def __init__(
        self,
        settings: Settings,
        names: Iterable[str],
        *,
        demo_data: bool,
        log_folder: Path | None = None,
    ) -> None:
        self._settings = settings
        self._demo_data = demo_data
        self._log_folder = log_folder
        self.children = {name: Child(name, _free_port()) for name in names}

    @property
    def upstreams(self) -> dict[str, str]:
        """Base URL by server."""
        return {child.name: child.url for child in self.children.values()}

    async def start(self) -> None:
        """Start every process; each is restarted, with growing pauses, when it dies."""
        for child in self.children.values():
            await self.launch(child.name)

    async def launch(self, name: str) -> None:
        """Start one server's process and watch it."""
        child = self.children[name]
        child.is_wanted = True
        child.process = await self._spawn(child)
        child.watcher = asyncio.create_task(self._watch(child), name=f"watch-{name}")

    async def kill(self, name: str) -> None:
        """End one server's process at once (SIGKILL) and leave it down."""
        child = self.children[name]
        child.is_wanted = False
        if child.process is not None and child.process.returncode is None:
            child.process.kill()
        if child.watcher is not None:
            await child.watcher

    async def stop(self) -> None:
        """Ask every process to end, and end those that do not."""
        for child in self.children.values():
            child.is_wanted = False
            if child.process is not None and child.process.returncode is None:
                child.process.terminate()
        watchers = [child.watcher for child in self.children.values() if child.watcher]
        if not watchers:
            return
        _, late = await asyncio.wait(watchers, timeout=_STOP_S)
        for child in self.children.values():
            if child.process is not None and child.process.returncode is None:
                child.process.kill()
        if late:
            await asyncio.wait(late)

    async def _watch(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        while child.process is not None:
            started = loop.time()
            code = await child.process.wait()
            if not child.is_wanted:
                return
            if loop.time() - started > _HEALTHY_S:
                child.restarts = 0
            pause_s = _BACKOFF_S[min(child.restarts, len(_BACKOFF_S) - 1)]
            child.restarts += 1
            log.warning("server died", server=child.name, code=code, restart_in_s=pause_s)
            await asyncio.sleep(pause_s)
            if not child.is_wanted:
                return
            child.process = await self._spawn(child)

    async def _spawn(self, child: Child) -> asyncio.subprocess.Process:
        settings = self._settings
        public_url = settings.public_url or f"http://{settings.host}:{settings.port}"
        environment = {
            **os.environ,
            "SWITCHGEAR_DATA": str(settings.data.resolve()),
            "SWITCHGEAR_PUBLIC_URL": public_url,
        }
        with self._log_of(child) as errors:
            return await asyncio.create_subprocess_exec(
                *self._command(child),
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stderr=errors,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    def _log_of(self, child: Child) -> AbstractContextManager[IO[bytes] | None]:
        """Return where the child's log goes: a file of its own, or where ours goes."""
        if self._log_folder is None:
            return nullcontext()
        self._log_folder.mkdir(parents=True, exist_ok=True)
        return (self._log_folder / f"{child.name}.log").open("ab")

    def _command(self, child: Child) -> list[str]:
        return [
            sys.executable,
            "-m",
            "switchgear_shared.cli",
            "serve",
            child.name,
            "--transport",
            "http",
            "--port",
            str(child.port),
            *(["--demo-data"] if self._demo_data else []),
        ]


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
