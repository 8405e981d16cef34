"""The suite in several processes: one per server, so that each can die, and return, alone."""

from __future__ import annotations

import asyncio
import ctypes
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from switchgear_shared.observability import logs, traces
from switchgear_shared.part import installed_servers
from switchgear_shared.serving import run_to_the_end, serve_http
from switchgear_shared.settings import Settings

log = logs.logger(__name__)

_BACKOFF_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_HEALTHY_S = 30.0
_STOP_S = 8.0
_PR_SET_PDEATHSIG = 1

_processes = multiprocessing.get_context("forkserver")
"""New processes are forks of one that has imported everything: they serve within a second."""


@dataclass
class Child:
    """One server's process, restarted when it dies unless it was told to stay down."""

    name: str
    port: int
    process: ForkServerProcess | None = None
    restarts: int = 0
    is_wanted: bool = True
    watcher: asyncio.Task[None] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where the server answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The process id while the process lives."""
        alive = self.process is not None and self.process.is_alive()
        return self.process.pid if alive and self.process is not None else None


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
        public_url = settings.public_url or f"http://{settings.host}:{settings.port}"
        self._settings = settings.model_copy(
            update={
                "data": settings.data.resolve(),
                "host": "127.0.0.1",
                "public_url": public_url,
            }
        )
        self._demo_data = demo_data
        self._log_folder = log_folder
        self.children = {name: Child(name, _free_port()) for name in names}
        modules = [point.module for point in installed_servers().values()]
        _processes.set_forkserver_preload(["switchgear_shared.suite", *modules])

    @property
    def upstreams(self) -> dict[str, str]:
        """Base URL by server."""
        return {child.name: child.url for child in self.children.values()}

    async def start(self) -> None:
        """Start every process; each is restarted, with growing pauses, when it dies."""
        for name in self.children:
            await self.launch(name)

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
        if child.process is not None:
            child.process.kill()
        if child.watcher is not None:
            await child.watcher

    async def stop(self) -> None:
        """Ask every process to end, and end those that do not."""
        for child in self.children.values():
            child.is_wanted = False
            if child.process is not None:
                child.process.terminate()
        watchers = [child.watcher for child in self.children.values() if child.watcher]
        if not watchers:
            return
        _, late = await asyncio.wait(watchers, timeout=_STOP_S)
        for child in self.children.values():
            if child.process is not None:
                child.process.kill()
        if late:
            await asyncio.wait(late)

    async def _watch(self, child: Child) -> None:
        loop = asyncio.get_running_loop()
        while child.process is not None:
            started = loop.time()
            await _ended(child.process)
            if not child.is_wanted:
                return
            if loop.time() - started > _HEALTHY_S:
                child.restarts = 0
            pause_s = _BACKOFF_S[min(child.restarts, len(_BACKOFF_S) - 1)]
            child.restarts += 1
            code = child.process.exitcode
            log.warning("server died", server=child.name, code=code, restart_in_s=pause_s)
            await asyncio.sleep(pause_s)
            if not child.is_wanted:
                return
            child.process = await self._spawn(child)

    async def _spawn(self, child: Child) -> ForkServerProcess:
        settings = self._settings.model_copy(update={"port": child.port})
        log_file = None
        if self._log_folder is not None:
            self._log_folder.mkdir(parents=True, exist_ok=True)
            log_file = self._log_folder / f"{child.name}.log"
        process = _processes.Process(
            target=_serve,
            args=(settings, child.name, self._demo_data, log_file),
            name=f"switchgear-{child.name}",
            daemon=True,
        )
        await asyncio.to_thread(process.start)
        return process


async def _ended(process: ForkServerProcess) -> None:
    """Return once the process has ended; asyncio watches, no thread waits."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_reader(process.sentinel, over.set)
    try:
        await over.wait()
    finally:
        loop.remove_reader(process.sentinel)
    process.join()


def _serve(settings: Settings, name: str, demo_data: bool, log_file: Path | None) -> None:
    """Be one server's process."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    threading.Thread(target=_end_with_suite, name="suite-watch", daemon=True).start()
    if log_file is not None:
        with log_file.open("ab") as errors:
            os.dup2(errors.fileno(), sys.stderr.fileno())
    logs.configure(settings.log_level)
    traces.configure(settings.otlp_endpoint, f"switchgear-{name}")
    run_to_the_end(serve_http(settings, [name], demo_data=demo_data))


def _end_with_suite() -> None:
    """End this process once the suite's is gone, however it went.

    What the kernel would tell us of is the end of the fork server, which each of us keeps alive.
    """
    suite = multiprocessing.parent_process()
    if suite is None:
        return
    suite.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_STOP_S)
    os.kill(os.getpid(), signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
