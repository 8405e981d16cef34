"""A folder whose files are handed in: by scanners, by file shares, by whoever saves an e-mail."""

import asyncio
import fcntl
import os
import stat
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from switchgear_documents.tools import UPLOAD_SCHEME
from switchgear_shared.calls.client import ToolClient
from switchgear_shared.contracts.values import DEFAULT_TENANT, new_correlation_id
from switchgear_shared.errors import InvalidRequestError, SwitchgearError
from switchgear_shared.observability.logs import logger
from switchgear_shared.storage.files import Files

log = logger(__name__)

DONE, FAILED = "done", "failed"
LOCK = ".switchgear.lock"
_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart")
_POLL_S = 1.0
_CHUNK = 1024 * 1024


def _look_of(found: os.stat_result) -> tuple[int, int, int]:
    """Return what changes when a file is written to or replaced."""
    return found.st_size, found.st_mtime_ns, found.st_ino


class WatchedFolder:
    """Takes each file in once it has not changed for `settle_s`; one process at a time.

    What was taken goes to `done`, what is refused to `failed` with a text beside it that says why.
    A file stays where it is while the fault is ours. Killed at any line, it is found again: the
    same bytes are the same document. Hidden files, folders and those that are named as unfinished
    are left alone; links and special files are never opened.
    """

    def __init__(
        self,
        folder: Path,
        files: Files,
        tools_of: Callable[[], Awaitable[ToolClient]],
        *,
        party: str,
        settle_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`tools_of` gives the tools as `party`, who is said to have handed the files in."""
        self._folder = folder
        self._files = files
        self._tools_of = tools_of
        self._party = party
        self._settle_s = settle_s
        self._clock = clock
        self._seen: dict[str, tuple[tuple[int, int, int], float]] = {}
        """By name, how a file looked and since when."""

    async def run(self) -> None:
        """Look again and again; while another process has the folder, wait for it to let go."""
        while True:
            with self._held() as is_ours:
                while is_ours:
                    await self.look()
                    await asyncio.sleep(_POLL_S)
            await asyncio.sleep(_POLL_S)

    async def look(self) -> int:
        """Take what has settled and return how many files were moved."""
        for name in (DONE, FAILED):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        moved = 0
        there: set[str] = set()
        for name in sorted(entry.name for entry in self._folder.iterdir()):
            if name.startswith(".") or name.lower().endswith(_UNFINISHED):
                continue
            try:
                found = (self._folder / name).lstat()
            except FileNotFoundError:
                continue  # its owner took it away again
            if stat.S_ISDIR(found.st_mode):
                continue
            there.add(name)
            if self._has_settled(name, found):
                moved += await self._take(name, found)
        self._seen = {name: sight for name, sight in self._seen.items() if name in there}
        return moved

    def _has_settled(self, name: str, found: os.stat_result) -> bool:
        look = _look_of(found)
        if name not in self._seen or self._seen[name][0] != look:
            self._seen[name] = (look, self._clock())
        return self._clock() - self._seen[name][1] >= self._settle_s

    async def _take(self, name: str, found: os.stat_result) -> bool:
        try:
            if not stat.S_ISREG(found.st_mode):
                raise InvalidRequestError("it is a link or a special file")
            if not await self._submit(name, found):
                return False
            self._move(name, DONE)
        except SwitchgearError as error:
            if error.retryable:
                return self._wait(name, error.message)
            self._move(name, FAILED, why=f"{error.code}: {error.message}\n")
            log.warning("a file is refused", file=_readable(name), error=error.message)
        except OSError as error:
            return self._wait(name, str(error))
        return True

    def _wait(self, name: str, why: str) -> bool:
        """Leave a file where it is; it settles anew before it is tried again."""
        self._seen.pop(name, None)
        log.warning("a file waits", file=_readable(name), error=why)
        return False

    async def _submit(self, name: str, found: os.stat_result) -> bool:
        """Hand the file in; False if it turned out to be still written to."""
        tools = await self._tools_of()
        descriptor = os.open(self._folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:

            async def chunks() -> AsyncGenerator[bytes]:
                while chunk := await asyncio.to_thread(file.read, _CHUNK):
                    yield chunk

            async with self._files.upload(chunks()) as held:
                if _look_of(os.fstat(file.fileno())) != _look_of(found):
                    return False
                answer = await tools.call(
                    "documents_submit",
                    {"name": _readable(name), "resource_uri": UPLOAD_SCHEME + held.sha256},
                    tenant=DEFAULT_TENANT,
                    requested_by=self._party,
                    correlation_id=new_correlation_id(),
                )
        log.info("a file was taken", correlation_id=answer["correlation_id"], document=answer["id"])
        return True

    def _move(self, name: str, where: str, why: str | None = None) -> None:
        """Move a file out of the way; what lies there already is kept."""
        target = self._folder / where / name
        number = 1
        while target.is_symlink() or target.exists():
            number += 1
            target = self._folder / where / f"{Path(name).stem} ({number}){Path(name).suffix}"
        (self._folder / name).rename(target)
        if why is not None:
            target.with_name(f"{target.name}.error.txt").write_text(why, encoding="utf-8")

    @contextmanager
    def _held(self) -> Generator[bool]:
        self._folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(descriptor)


def _readable(name: str) -> str:
    """Return the name as text: a file system may hold bytes that are none."""
    return name.encode("utf-8", "replace").decode()
