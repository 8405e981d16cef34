"""One process that reads documents, from its start to its end, seen from its parent."""

import asyncio
import json
import os
import select
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable, Sequence
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


class CrashedError(StoppedError):
    """The reader died of a signal that was not its processor limit."""


class WorkerProcess:
    """One process of a pool; it is usable until it breaks, dies or has read its share."""

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
        """The process's id."""
        return self._process.pid

    @property
    def documents_left(self) -> int:
        """How many documents it may still read."""
        return self._left

    @property
    def is_usable(self) -> bool:
        """Whether it may be given another document."""
        return self._is_sound and self._left > 0 and not self._is_dead()

    async def read(
        self, data: bytes, suffix: str, templates: list[dict[str, Any]] | None, timeout_s: float
    ) -> Reading:
        """Return what the worker reads; raises as `Pool.read` does."""
        header = {"suffix": suffix, "templates": templates}
        return await self._serve(header, data, timeout_s, self._reading)

    async def render(self, data: bytes, page: int, timeout_s: float) -> bytes:
        """Return a page as PNG."""
        return await self._serve({"page": page}, data, timeout_s, self._picture)

    async def cut(
        self, data: bytes, ranges: Sequence[tuple[int, int]], timeout_s: float
    ) -> list[bytes]:
        """Return a file for each range of pages."""
        return await self._serve({"ranges": list(ranges)}, data, timeout_s, self._parts)

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
            kind = CrashedError if was_killed else StoppedError
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

    async def _parts(self, answer: dict[str, Any]) -> list[bytes] | None:
        if "parts" not in answer:
            return None
        return [await self._announced(size) for size in _checked_sizes(answer["parts"])]

    async def _reading(self, answer: dict[str, Any]) -> Reading | None:
        """Return the reading with the bytes of its attachments, which are taken on no one's word.

        Raises ConnectionAbortedError if they are more than a message may bring.
        """
        if "reading" not in answer:
            return None
        reading = Reading.model_validate_json(await self._announced(answer["reading"]))
        sizes = _checked_sizes([attachment.size_bytes for attachment in reading.attachments])
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
        """End the process and wait for its end; again changes nothing."""
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


def _checked_sizes(sizes: list[int]) -> list[int]:
    """Return the sizes; raises ConnectionAbortedError if they are more than a file may bring."""
    if min(sizes, default=1) < 1 or sum(sizes) > MOST_ATTACHED_BYTES:
        raise ConnectionAbortedError
    return sizes
