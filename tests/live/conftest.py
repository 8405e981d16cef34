"""A Tryton of our own, made by deploy/backends, put back for every module, and worlds over it.

Two processes of tests have a Tryton each: one tests the ERP but its port, the other the rest.
"""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from live_erp import serving_erp
from live_erp_world import ErpWorld, SqlErpWorld, TrytonErpWorld
from live_tryton import Command, Connect, client_of
from pydantic import SecretStr

from engines import SYSTEMS, own_database, service
from switchgear_shared.storage.tryton.client import TrytonClient
from switchgear_shared.testing import TEST_DATABASE_URL, is_ci

HERE = Path(__file__).parent
SCRIPT = Path(__file__).parents[2] / "deploy" / "backends" / "tryton" / "tryton.py"
PATIENCE_S = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep modules that use a Tryton together, in their order: not each begins with a reset."""
    for item in items:
        if HERE in item.path.parents:
            is_erp = item.path.name.startswith("test_erp") and "port" not in item.path.name
            item.add_marker(pytest.mark.xdist_group("erp" if is_erp else "others"))


def run_script(*arguments: str, backends: str | None = None) -> dict[str, Any]:
    """Run a command of the script and return the connection that it left, if any."""
    done = subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        env=os.environ | ({"SWITCHGEAR_BACKENDS": backends} if backends else {}),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if arguments == ("status",):
        return json.loads(done.stdout)
    connection = Path(run_script("status", backends=backends)["connection"])
    return json.loads(connection.read_text()) if connection.exists() else {}


@pytest.fixture(scope="session")
def tryton_script() -> Iterator[Command]:
    """The script, where Tryton is installed or may be; what was not running is stopped again.

    In one of several processes of tests it is that of a Tryton like the first.
    """
    before = run_script("status")
    if not is_ci() and not before["installed"]:
        pytest.skip("Tryton is not installed: make backend-tryton")
    backends: str | None = None
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        first = Path(before["connection"]).parents[1]
        backends = str(first / worker)
        run_script("init", "--like", str(first), backends=backends)
        before = run_script("status", backends=backends)
    yield partial(run_script, backends=backends)
    if before["pid"] is None:
        run_script("stop", backends=backends)


@pytest.fixture(scope="module")
def tryton(tryton_script: Command) -> dict[str, Any]:
    """The connection to a Tryton that holds what `init` made and nothing else."""
    return tryton_script("reset")


@pytest.fixture
async def connect(tryton: dict[str, Any]) -> AsyncIterator[Connect]:
    """Make clients, closed after the test: of Switchgear's user or of another of theirs."""
    made: list[TrytonClient] = []

    def start(user: dict[str, Any] | None = None, *, password: str | None = None) -> TrytonClient:
        instead = {} if password is None else {"password": password}
        client = client_of(tryton, **(user or {}) | instead)
        made.append(client)
        return client

    yield start
    for client in made:
        await client.close()


@pytest.fixture
def client(connect: Connect) -> TrytonClient:
    return connect()


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=SYSTEMS)
async def opened_erp(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[TrytonErpWorld | SqlErpWorld]:
    """An ERP over each system, opened once for a module, whose tests make what they count on."""
    data = tmp_path_factory.mktemp("erp") / "data"
    async with AsyncExitStack() as opened:
        if request.param == "tryton":
            connection = request.getfixturevalue("tryton")
            patience = {"attempt_timeout_s": 60, "call_timeout_s": 120}
            suite = await opened.enter_async_context(serving_erp(data, connection, **patience))
            client = client_of(connection)
            opened.push_async_callback(client.close)
            yield TrytonErpWorld(suite, client)
            return
        url: str | None = None
        if request.param == "postgresql":
            url = await opened.enter_async_context(own_database(service(TEST_DATABASE_URL)))
        serving = serving_erp(data, database_url=SecretStr(url) if url else None)
        yield SqlErpWorld(await opened.enter_async_context(serving))


@pytest_asyncio.fixture(loop_scope="module")
async def erp_world(opened_erp: TrytonErpWorld | SqlErpWorld) -> ErpWorld:
    """The opened ERP, whose events are those of the test."""
    return replace(opened_erp, suite=await opened_erp.suite.from_now())
