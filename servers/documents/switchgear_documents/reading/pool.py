"""Warm processes that read documents: started when first needed, replaced, and limited."""

import asyncio
import json
import os
import select
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Self, TypeVar

from switchgear_documents.reading.engines import MissingEngineError
from switchgear_documents.reading.reading import MOST_ATTACHED_BYTES, Attachment, Reading
from switchgear_documents.reading.worker import LENGTH, Limits
from switchgear_shared.errors import BackendUnavailableError, UnreadableDocumentError

T = TypeVar("T")

_MODULE = "switchgear_documents.reading.worker"
_START_S = 60.0
_MOST_ANSWER_BYTES = 32 * 1024 * 1024


class StoppedError(UnreadableDocumentError):
    """The reader did not come to an end with the document; it was no refusal."""


class _CrashedError(StoppedError):
    """The reader died of a signal that was not its processor limit."""


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
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
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

        async def read(worker: "_Worker") -> Reading:
            return await worker.read(data, suffix, templates, self._timeout_s)

        try:
            return await self._once(read)
        except _CrashedError:
            return await self._once(read)

    async def render(self, data: bytes, page: int) -> bytes:
        """Return a page as PNG; raises as `read` does."""

        async def render(worker: "_Worker") -> bytes:
            return await worker.render(data, page, self._timeout_s)

        return await self._once(render)

    async def _once(self, work: "Callable[[_Worker], Awaitable[T]]") -> T:
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

    async def _checked_out(self) -> "_Worker":
        """Return a live worker: one may have died while nobody watched."""
        if self._is_closed:
            raise BackendUnavailableError("the reader is closed")
        while self._idle:
            worker = self._idle.pop()
            if worker.is_usable:
                return worker
            await worker.kill()
        return await _Worker.start(self._limits)

    def _rest(self, worker: "_Worker") -> None:
        self._idle.append(worker)
        if self._idle_s is not None:
            left = worker.documents_left
            asyncio.get_running_loop().call_later(self._idle_s, self._retire, worker, left)

    def _retire(self, worker: "_Worker", left: int) -> None:
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


class _Worker:
    def __init__(self, process: Process, limits: Limits) -> None:
        self._process = process
        self._limits = limits
        self._left = limits.documents
        self._is_sound = True
        self._death = os.pidfd_open(process.pid)

    @classmethod
    async def start(cls, limits: Limits) -> Self:
        """Start a process and wait until it has imported its parsers and limited itself."""
        arguments = ("-I", "-m", _MODULE, json.dumps(asdict(limits)))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={},
            start_new_session=True,
        )
        worker = cls(process, limits)
        try:
            async with asyncio.timeout(_START_S):
                hello = await worker._receive()
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            await worker.kill()
            code = process.returncode
            raise BackendUnavailableError(
                f"the reading process did not start (exit code {code})"
            ) from error
        except BaseException:
            await worker.kill()
            raise
        if "missing" in hello:
            await worker.kill()
            raise MissingEngineError(str(hello["missing"]))
        return worker

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def documents_left(self) -> int:
        return self._left

    @property
    def is_usable(self) -> bool:
        return self._is_sound and self._left > 0 and not self._is_dead()

    async def read(
        self, data: bytes, suffix: str, templates: list[dict[str, Any]] | None, timeout_s: float
    ) -> Reading:
        header = {"suffix": suffix, "templates": templates}
        return await self._serve(header, data, timeout_s, self._reading)

    async def render(self, data: bytes, page: int, timeout_s: float) -> bytes:
        return await self._serve({"page": page}, data, timeout_s, self._picture)

    async def _serve(
        self,
        header: dict[str, Any],
        data: bytes,
        timeout_s: float,
        take: Callable[[dict[str, Any]], Awaitable[T | None]],
    ) -> T:
        self._left -= 1
        self._is_sound = False  # until it has answered: a cancelled read leaves half an answer
        try:
            async with asyncio.timeout(timeout_s):
                await self._send({**header, "size": len(data)}, data)
                answer = await self._receive()
                taken = await take(answer)
        except TimeoutError as error:
            raise StoppedError(
                f"reading took longer than {timeout_s:g} s and was stopped"
            ) from error
        except (OSError, asyncio.IncompleteReadError) as error:
            await self.kill()
            code = self._process.returncode or 0
            was_killed = code < 0 and code != -signal.SIGXCPU
            kind = _CrashedError if was_killed else StoppedError
            raise kind(self._cause_of_death()) from error
        if "broken" in answer:
            raise StoppedError(str(answer["broken"]))
        self._is_sound = True
        if "unreadable" in answer:
            raise UnreadableDocumentError(str(answer["unreadable"]))
        assert taken is not None  # noqa: S101 - an answer is one of the three
        return taken

    async def _picture(self, answer: dict[str, Any]) -> bytes | None:
        if "picture" not in answer:
            return None
        return await self._announced(answer["picture"])

    async def _reading(self, answer: dict[str, Any]) -> Reading | None:
        """Return the reading with the bytes of its attachments, which are taken on no one's word.

        Raises ConnectionAbortedError if they are more than a message may bring.
        """
        if "reading" not in answer:
            return None
        reading = Reading.model_validate_json(await self._announced(answer["reading"]))
        sizes = [attachment.size_bytes for attachment in reading.attachments]
        if min(sizes, default=1) < 1 or sum(sizes) > MOST_ATTACHED_BYTES:
            raise ConnectionAbortedError
        attachments = [
            Attachment.of(attachment.name, await self._announced(size))
            for attachment, size in zip(reading.attachments, sizes, strict=True)
        ]
        return reading.model_copy(update={"attachments": tuple(attachments)})

    async def _announced(self, size: int) -> bytes:
        """Return what follows an answer; raises ConnectionAbortedError if it is too much."""
        assert self._process.stdout is not None  # noqa: S101 - PIPE was asked for
        if not 0 < size <= _MOST_ANSWER_BYTES:
            raise ConnectionAbortedError
        return await self._process.stdout.readexactly(size)

    async def kill(self) -> None:
        if self._death >= 0:
            os.close(self._death)
            self._death = -1
        if self._process.returncode is None:  # killing a zombie leaves its own exit code
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()

    async def _send(self, header: dict[str, Any], data: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 - PIPE was asked for
        body = json.dumps(header).encode()
        self._process.stdin.writelines((LENGTH.pack(len(body)), body, data))
        await self._process.stdin.drain()

    async def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - PIPE was asked for
        length = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))[0]
        if length > _MOST_ANSWER_BYTES:
            raise ConnectionAbortedError
        return json.loads(await self._process.stdout.readexactly(length))

    def _is_dead(self) -> bool:
        """Ask the kernel: asyncio may not have noticed yet."""
        poll = select.poll()
        poll.register(self._death, select.POLLIN)
        return bool(poll.poll(0))

    def _cause_of_death(self) -> str:
        code = self._process.returncode or 0
        if code == -signal.SIGXCPU:
            return f"it used more than {self._limits.cpu_s:g} s of processor time"
        if code < 0:
            return f"the reader crashed on it ({signal.Signals(-code).name})"
        return f"the reader stopped on it (exit code {code})"
