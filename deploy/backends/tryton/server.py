"""The process of Tryton: started once, known by a lock that it holds, ended alone."""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from typing import Any

from place import Place, is_free, read_json, write_json, write_private

_START_S = 90
_STOP_S = 15
_HOST = "127.0.0.1"


def configure(place: Place, uri: str, port: int = 0) -> None:
    """Write Tryton's configuration: all defaults but where it listens and keeps its records."""
    write_private(
        place.configuration,
        f"[database]\nuri = {uri}\npath = {place.files}\n\n[web]\nlisten = {_HOST}:{port}\n",
    )


def running_pid(place: Place) -> int | None:
    """Return the process that was started here, while it lives.

    The process holds the lock until it ends, so a number used again is never taken for it.
    """
    descriptor = os.open(place.root / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if is_free(descriptor):
            return None
        return int(os.pread(descriptor, 20, 0) or b"0") or None
    finally:
        os.close(descriptor)


def start(place: Place, state: dict[str, Any]) -> dict[str, Any]:
    """Start Tryton on loopback and return its connection, or that of the one running."""
    if running_pid(place) and (connection := read_json(place.connection)):
        return connection
    port = _free_port(read_json(place.connection).get("port", 0))
    configure(place, state["uri"], port)
    process = _spawn(place, state["database"])
    connection = {
        "url": f"http://{_HOST}:{port}/{state['database']}",
        **state["connection"],
        "database": state["database"],
        "port": port,
        "pid": process.pid,
    }
    try:
        _wait(place, process, connection)
    except BaseException:
        stop(place)
        raise
    write_json(place.connection, connection)
    return connection


def stop(place: Place) -> bool:
    """End what `start` started and wait until it is gone; False if nothing ran."""
    pid = running_pid(place)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    until_s = time.monotonic() + _STOP_S
    while running_pid(place):
        if time.monotonic() > until_s:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    return True


def _spawn(place: Place, database: str) -> subprocess.Popen[bytes]:
    lock = os.open(place.root / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not is_free(lock):
            raise SystemExit("Tryton is being started by another process")
        with place.log.open("ab") as log:
            # The database is named so that its models are loaded before the first request.
            process = subprocess.Popen(
                [place.program("trytond"), "-c", place.configuration, "-d", database],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[lock],
                start_new_session=True,
            )
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(process.pid).encode(), 0)
        return process
    finally:
        os.close(lock)


def _wait(place: Place, process: subprocess.Popen[bytes], connection: dict[str, Any]) -> None:
    """Wait until the key opens the company."""
    url = f"{connection['url']}/rest/model/company.company?s=1&f=id"
    request = urllib.request.Request(  # noqa: S310  # the URL is ours
        url, headers={"Authorization": f"Bearer {connection['key']}"}
    )
    until_s = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < until_s:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  # same
                if json.load(answer):
                    return
        except (urllib.error.URLError, OSError, ValueError):
            time.sleep(0.1)
    said = "\n".join(place.log.read_text(errors="replace").splitlines()[-15:])
    raise SystemExit(f"Tryton does not answer; its log ends with\n{said}")


def _free_port(wanted: int) -> int:
    """Return the port of last time if it is still free, else any."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_HOST, port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise SystemExit("no port is free")
