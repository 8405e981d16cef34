"""The embedded NATS server: one for all processes of a data directory."""

import asyncio
import fcntl
import hashlib
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import nkeys

from switchgear_shared.errors import BackendUnavailableError
from switchgear_shared.messaging.endpoint import Endpoint
from switchgear_shared.messaging.server_process import packaged_binary, start

_MAX_PAYLOAD_BYTES = 8 * 1024 * 1024
_LOG_BYTES = 8 * 1024 * 1024
_START_TIMEOUT_S = 15.0
_PROBE_TIMEOUT_S = 1.0
_STOP_TIMEOUT_S = 10.0


class EmbeddedNats:
    """The server under `data_dir`/broker, on loopback, with its files and its key.

    The server process itself holds the lock, so a free lock means that no server runs, whoever
    was killed; no process id is ever trusted. POSIX only.
    """

    def __init__(self, data_dir: Path, binary: Path | None = None) -> None:
        self._dir = data_dir.resolve() / "broker"
        self._run = self._dir / "run"
        self._endpoint_file = self._dir / "endpoint.json"
        self._seed_file = self._dir / "broker.nkey"
        self._log_file = self._dir / "nats.log"
        self._binary = binary
        self._name = f"embedded-{hashlib.sha256(bytes(self._dir)).hexdigest()[:16]}"
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = asyncio.Lock()

    @property
    def is_owner(self) -> bool:
        """Whether this process started the server that runs now."""
        return self._process is not None and self._process.poll() is None

    @property
    def server_pid(self) -> int | None:
        """The server's process id, where this process is the owner."""
        return self._process.pid if self._process is not None and self.is_owner else None

    async def ensure(self) -> Endpoint:
        """Return where the server listens; starts it if none runs.

        Safe to call from any number of processes at once and again after every dropped
        connection: one of them starts the server, the others find it.

        Raises:
            BackendUnavailableError: no server could be started in 15 seconds.
        """
        async with self._turn:
            give_up_at = time.monotonic() + _START_TIMEOUT_S
            self._run.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._dir.chmod(0o700)
            while time.monotonic() < give_up_at:
                for url in self._candidates():
                    if await self._is_ours(url):
                        return self._remember(url)
                if not self.is_owner:
                    self._start_if_free()
                await asyncio.sleep(0.01)
            raise BackendUnavailableError(
                f"the embedded broker did not start; its log is {self._log_file}", retry_after_s=1
            )

    async def stop(self) -> None:
        """Stop the server if this process owns it; does nothing otherwise."""
        async with self._turn:
            process, self._process = self._process, None
            if process is None:
                return
            process.terminate()
            try:
                await asyncio.to_thread(process.wait, _STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                await asyncio.to_thread(process.wait)

    def _candidates(self) -> Iterator[str]:
        if (url := self._remembered()) is not None:
            yield url
        for file in self._run.glob("*.ports"):
            try:
                yield from json.loads(file.read_bytes())["nats"]
            except (OSError, ValueError, KeyError):
                continue  # half written: the next round reads it

    async def _is_ours(self, url: str) -> bool:
        address = urlsplit(url)
        writer = None
        try:
            async with asyncio.timeout(_PROBE_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(address.hostname, address.port)
                line = await reader.readline()
            return json.loads(line.removeprefix(b"INFO ")).get("server_name") == self._name
        except (OSError, ValueError):
            return False
        finally:
            if writer is not None:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()

    def _start_if_free(self) -> None:
        lock = os.open(self._dir / "owner.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        else:
            if self._process is not None:
                self._process.wait()  # it gave up the lock, so it is gone
            for stale in self._run.glob("*.ports"):
                stale.unlink(missing_ok=True)
            config = self._dir / "nats.conf"
            _write_private(config, self._config())
            self._process = start(self._binary or packaged_binary(), config, lock)
        finally:
            os.close(lock)

    def _config(self) -> str:
        return json.dumps(
            {
                "server_name": self._name,
                "listen": f"127.0.0.1:{self._free_port()}",
                "ports_file_dir": str(self._run),
                "log_file": str(self._log_file),
                "logfile_size_limit": _LOG_BYTES,
                "logfile_max_num": 2,
                "max_payload": _MAX_PAYLOAD_BYTES,
                "write_deadline": "10s",
                "authorization": {"users": [{"nkey": self._public_key()}]},
                "jetstream": {
                    "store_dir": str(self._dir / "jetstream"),
                    "max_memory_store": 64 * 1024 * 1024,
                    "max_file_store": 10 * 1024 * 1024 * 1024,
                    "sync_interval": "always",
                },
            },
            ensure_ascii=False,
            indent=1,
        )

    def _free_port(self) -> int:
        """Return the port of the last run, or -1 (any) where another program has it now."""
        url = self._remembered()
        port = urlsplit(url).port if url else None
        if not port:
            return -1
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return -1
        return port

    def _public_key(self) -> str:
        if not self._seed_file.exists():
            seed = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)
            _write_private(self._seed_file, seed.decode())
        pair = nkeys.from_seed(bytearray(self._seed_file.read_bytes()))
        return bytes(pair.public_key).decode()

    def _remembered(self) -> str | None:
        try:
            url = json.loads(self._endpoint_file.read_bytes())["url"]
        except (OSError, ValueError, KeyError):
            return None
        return str(url)

    def _remember(self, url: str) -> Endpoint:
        if url != self._remembered():
            _write_private(self._endpoint_file, json.dumps({"url": url}))
        return Endpoint(url, self._seed_file.read_text())


def _write_private(path: Path, text: str) -> None:
    """Write the file whole or not at all, for its owner only."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
