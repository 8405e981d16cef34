"""The disk fills up under a running suite: writes fail closed, nothing accepted is lost."""

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from chaos.wire import HEADERS, post
from journeys.desk import Samples
from switchgear_documents.samples import to_ubl
from switchgear_shared.part import AUDIENCE
from switchgear_shared.serving import hosting
from switchgear_shared.testing import settings_for, until
from switchgear_shared.transports.results import ERROR_KEY

DISK = "mount -t tmpfs -o size=48m none {disk} && cp -a {data}/. {disk} && exec {command}"
IN_A_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")


def _can_mount() -> bool:
    """Say whether this machine lets a process have a small disk of its own."""
    if shutil.which("unshare") is None:
        return False
    mount = ("mount", "-t", "tmpfs", "none", "/mnt")
    return (
        subprocess.run([*IN_A_NAMESPACE, *mount], capture_output=True, check=False).returncode == 0
    )


pytestmark = pytest.mark.skipif(not _can_mount(), reason="no disk of one's own: needs namespaces")


@dataclass
class Suite:
    """A suite on a small disk, seen over HTTP and through the disk itself."""

    http: httpx2.AsyncClient
    disk: Path

    def fill(self) -> None:
        """Leave no byte free."""
        with (self.disk / "fill").open("wb", buffering=0) as file:
            for size in (65536, 4096, 1):
                with suppress(OSError):
                    while file.write(b"0" * size):
                        pass

    def free(self) -> None:
        """Give the space back."""
        (self.disk / "fill").unlink()

    async def submit(self, key: str, content: bytes) -> httpx2.Response:
        """Hand a document in."""
        file = {"file": ("document.xml", content)}
        headers = {"Idempotency-Key": key}
        return await self.http.post("/api/v1/documents", files=file, headers=headers)

    async def state(self, receipt: dict[str, Any]) -> str:
        """Return where a document is."""
        return (await self.http.get(f"/api/v1/documents/{receipt['id']}")).json()["state"]

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Return the result of a tool call, be it an answer or an error."""
        answer = await post(self.http, str(self.http.base_url), tool, arguments)
        return answer.raise_for_status().json()["result"]


@asynccontextmanager
async def on_a_small_disk(data: Path, disk: Path) -> AsyncGenerator[Suite]:
    """Run the suite on a copy of `data` on a disk of 48 MiB until the block ends."""
    settings = settings_for(data)
    async with hosting(settings, []) as (host, _):
        party = (await host.agents.get("assistant")).principal
        token = host.tokens.issue(party, AUDIENCE).token
    command = f"{sys.executable} -m switchgear_shared.cli up --port {settings.port} --data {disk}"
    process = await asyncio.create_subprocess_exec(
        *IN_A_NAMESPACE,
        *("sh", "-c", DISK.format(disk=disk, data=data, command=command)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    headers = {**HEADERS, "Authorization": f"Bearer {token}"}
    url = f"http://127.0.0.1:{settings.port}"
    try:
        async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30) as http:

            async def is_ready() -> bool:
                with suppress(httpx2.HTTPError):
                    return (await http.get("/readyz")).status_code == 200
                return False

            await until(is_ready, timeout_s=60, every_s=0.2)
            yield Suite(http, Path(f"/proc/{process.pid}/root{disk}"))
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)


async def test_on_a_full_disk_writes_are_refused_and_what_was_accepted_ends_once(
    own_data: Path, tmp_path: Path
) -> None:
    samples = Samples()
    accepted = [samples.small() for _ in range(4)]
    later = [samples.small() for _ in range(2)]
    (tmp_path / "disk").mkdir()
    async with on_a_small_disk(own_data, tmp_path / "disk") as suite:
        receipts = [
            (await suite.submit(spec.number, to_ubl(spec))).raise_for_status().json()
            for spec in accepted
        ]
        suite.fill()
        refused = [await suite.submit(spec.number, to_ubl(spec)) for spec in later]
        activity = {"about_id": "acc_0001", "kind": "note", "subject": "The disk is full."}
        write = await suite.call("crm_log_activity", **activity)
        read = await suite.call("crm_get_account", account_id="acc_0001")
        await asyncio.sleep(3)  # what is under way meets the full disk
        suite.free()

        assert [answer.status_code for answer in refused] == [503, 503]
        assert [answer.json()["error"]["outcome"] for answer in refused] == ["not_done"] * 2
        assert write["_meta"][ERROR_KEY]["code"] in ("backend_unavailable", "audit_unavailable")
        assert not read.get("isError"), read

        receipts += [
            (await suite.submit(spec.number, to_ubl(spec))).raise_for_status().json()
            for spec in later
        ]

        async def all_filed() -> bool:
            return [await suite.state(receipt) for receipt in receipts] == ["filed"] * 6

        await until(all_filed, timeout_s=60, every_s=0.3)
        for spec in (*accepted, *later):
            booked = await suite.call("erp_list_invoices", query=spec.number)
            rows = [row["state"] for row in booked["structuredContent"]["items"]]
            assert rows == ["posted"], spec.number
        shutil.copytree(suite.disk, tmp_path / "after")  # SQLite would not follow such a path
    verify = ("-m", "switchgear_shared.cli", "audit", "verify", "--data", str(tmp_path / "after"))
    verified = await asyncio.to_thread(
        subprocess.run, [sys.executable, *verify], capture_output=True, text=True, check=False
    )
    assert verified.returncode == 0, verified.stdout + verified.stderr
