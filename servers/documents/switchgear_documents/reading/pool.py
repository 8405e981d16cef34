"""Warm processes that read documents: started when first needed, replaced, and limited."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from switchgear_documents.reading.reading import Reading
from switchgear_documents.reading.worker import Limits
from switchgear_documents.reading.worker_process import CrashedError, StoppedError, WorkerProcess
from switchgear_shared.errors import BackendUnavailableError, UnreadableDocumentError

__all__ = ["Pool", "StoppedError"]

T = TypeVar("T")


class Pool:
    """Worker processes of one kind, at most `workers` at a time; further documents wait.

    A worker gets no environment, no file, no socket and no child process; memory and processor
    time are limited. It is replaced after its share of documents and after any failure, and ends
    after `idle_s` without a document, if that is given.
    """

    def __init__(
        self, limits: Limits, *, timeout_s: float, workers: int, idle_s: float | None = None
    ) -> None:
        self._limits = limits
        self._timeout_s = timeout_s
        self._idle_s = idle_s
        self._slots = asyncio.Semaphore(workers)
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()
        self._retiring: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def read(
        self, data: bytes, suffix: str, templates: list[dict[str, Any]] | None = None
    ) -> Reading:
        """Read a document; one whose reader was killed is given a second try.

        `templates` stand in place of those that the worker loaded. What killed it may have been
        the machine; a file that kills two is at fault.

        Raises UnreadableDocumentError if the file, or what it does to its reader, is at fault;
        MissingEngineError if the worker's engine is not installed; BackendUnavailableError if no
        worker can be started or the pool was closed meanwhile.
        """

        async def read(worker: WorkerProcess) -> Reading:
            return await worker.read(data, suffix, templates, self._timeout_s)

        try:
            return await self._once(read)
        except CrashedError:
            return await self._once(read)

    async def render(self, data: bytes, page: int) -> bytes:
        """Return a page as PNG; raises as `read` does."""

        async def render(worker: WorkerProcess) -> bytes:
            return await worker.render(data, page, self._timeout_s)

        return await self._once(render)

    async def cut(self, data: bytes, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Return a file for each range of pages; raises as `read` does."""

        async def cut(worker: WorkerProcess) -> list[bytes]:
            return await worker.cut(data, ranges, self._timeout_s)

        return await self._once(cut)

    async def _once(self, work: Callable[[WorkerProcess], Awaitable[T]]) -> T:
        async with self._slots:
            worker = await self._checked_out()
            self._busy.add(worker)
            try:
                return await work(worker)
            except UnreadableDocumentError as error:
                if self._is_closed:  # the worker was ours to kill: no fault of the document
                    raise BackendUnavailableError("the reader was closed meanwhile") from error
                raise
            finally:
                self._busy.discard(worker)
                if worker.is_usable and not self._is_closed:
                    self._rest(worker)
                else:
                    await worker.kill()

    async def _checked_out(self) -> WorkerProcess:
        """Return a live worker: one may have died while nobody watched."""
        if self._is_closed:
            raise BackendUnavailableError("the reader is closed")
        while self._idle:
            worker = self._idle.pop()
            if worker.is_usable:
                return worker
            await worker.kill()
        return await WorkerProcess.start(self._limits)

    def _rest(self, worker: WorkerProcess) -> None:
        self._idle.append(worker)
        if self._idle_s is not None:
            left = worker.documents_left
            asyncio.get_running_loop().call_later(self._idle_s, self._retire, worker, left)

    def _retire(self, worker: WorkerProcess, left: int) -> None:
        """End a worker that has read nothing since it had this many documents left."""
        if worker in self._idle and worker.documents_left == left:
            self._idle.remove(worker)
            task = asyncio.get_running_loop().create_task(worker.kill())
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """The processes now alive, idle ones first."""
        return tuple(worker.pid for worker in (*self._idle, *self._busy))

    async def close(self) -> None:
        """Kill every worker, for good; a document being read can be read again elsewhere."""
        self._is_closed = True
        workers = [*self._idle, *self._busy]
        self._idle.clear()
        for worker in workers:
            await worker.kill()
