"""Where everything of one Tryton lies, and what is remembered between two commands."""

import fcntl
import json
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ENVIRONMENT = "SWITCHGEAR_BACKENDS"
_BUSY_S = 900


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one Tryton; nothing of it lies outside, but a PostgreSQL database."""

    root: Path

    @classmethod
    def named_by_environment(cls) -> "Place":
        """Return `tryton` below SWITCHGEAR_BACKENDS, or below the working folder's own."""
        return cls.below(Path(os.environ.get(ENVIRONMENT) or ".switchgear-backends"))

    @classmethod
    def below(cls, folder: Path) -> "Place":
        """Return `tryton` below a folder of backends."""
        root = folder.resolve() / "tryton"
        root.mkdir(parents=True, exist_ok=True)
        return cls(root)

    @property
    def environment(self) -> Path:
        """Tryton's own virtual environment."""
        return self.root / "environment"

    @property
    def files(self) -> Path:
        """SQLite databases and attachments."""
        return self.root / "files"

    @property
    def configuration(self) -> Path:
        """Tryton's configuration; it may hold the password of PostgreSQL."""
        return self.root / "trytond.conf"

    @property
    def log(self) -> Path:
        """What Tryton and its administration said."""
        return self.root / "tryton.log"

    @property
    def state(self) -> Path:
        """What `init` decided: database, passwords, key."""
        return self.root / "state.json"

    @property
    def connection(self) -> Path:
        """What tests and people read while Tryton runs."""
        return self.root / "connection.json"

    def program(self, name: str) -> str:
        """Return the path of a program in Tryton's environment."""
        return str(self.environment / "bin" / name)

    @contextmanager
    def one_at_a_time(self) -> Generator[None]:
        """Keep other commands on this place waiting while the block runs."""
        with locked(self.root / "command.lock", patience_s=_BUSY_S):
            yield


@contextmanager
def locked(path: Path, *, patience_s: float) -> Generator[int]:
    """Hold a lock file and give its descriptor; raises TimeoutError where another keeps it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        until_s = time.monotonic() + patience_s
        while not is_free(descriptor):
            if time.monotonic() >= until_s:
                raise TimeoutError(f"{path} is held by another process")
            time.sleep(0.1)
        yield descriptor
    finally:
        os.close(descriptor)


def is_free(descriptor: int) -> bool:
    """Take the lock of an open file if nobody has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def read_json(path: Path) -> dict[str, Any]:
    """Return what the file holds; nothing if there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def write_private(path: Path, content: str) -> None:
    """Write a file whole or not at all, readable to its owner only."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
    partial.replace(path)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write JSON as `write_private` does."""
    write_private(path, json.dumps(content, indent=2) + "\n")
