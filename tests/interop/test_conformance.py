"""Every server under the protocol's own conformance harness, in both protocol eras."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from switchgear_shared.application import Application
from switchgear_shared.part import installed_servers
from switchgear_shared.serving import hosting
from switchgear_shared.testing import Running, free_port, settings_for, until

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="session")]

HERE = Path(__file__).parent
Judge = Callable[[str, str], Awaitable[tuple[Any, dict[str, Counter[str]]]]]

OWN = {
    "2025-11-25": {
        "server-initialize": {"SUCCESS": 3},
        "server-session-lifecycle": {"SUCCESS": 3},
        "ping": {"SUCCESS": 2},
        "tools-list": {"SUCCESS": 3},
        "resources-list": {"SUCCESS": 2},
        "prompts-list": {"SUCCESS": 2},
        "dns-rebinding-protection": {"SUCCESS": 2},
        "server-sse-multiple-streams": {"SUCCESS": 1, "INFO": 1},
    },
    "2026-07-28": {
        "tools-list": {"SUCCESS": 4},
        "resources-list": {"SUCCESS": 2},
        "prompts-list": {"SUCCESS": 2},
        "sep-2164-resource-not-found": {"SUCCESS": 4},
        "dns-rebinding-protection": {"SUCCESS": 2},
        "caching": {"SUCCESS": 8},
        "http-header-validation": {"SUCCESS": 14},
        "server-sse-multiple-streams": {"SUCCESS": 1, "INFO": 1},
        "server-stateless": {"SUCCESS": 23, "FAILURE": 2, "SKIPPED": 5},
    },
}
"""The scenarios that ask for no fixture, and what each of their checks says.

The failures of server-stateless want the tool test_missing_capability; the skipped ones are about
list-changed streams, which no server here claims to have.
"""
TOTAL = {
    "2025-11-25": {"SUCCESS": 45, "FAILURE": 21, "INFO": 4},
    "2026-07-28": {"SUCCESS": 97, "FAILURE": 30, "WARNING": 2, "INFO": 1, "SKIPPED": 5},
}


class _Bearing:
    """ASGI middleware that adds a bearer token, for a harness that can send no header."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._header = (b"authorization", f"Bearer {token}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], self._header]}
        await self._app(scope, receive, send)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def direct(whole_suite: Running) -> AsyncIterator[str]:
    """A URL at which the suite takes every request for the operator's."""
    app = Application(whole_suite.host, whole_suite.runtime, {}).asgi()
    async with _listening(_Bearing(app, await whole_suite.token("operator"))) as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def passed_on(
    whole_suite: Running, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """The same behind an application that has no server of its own and passes requests on."""
    upstreams = dict.fromkeys(whole_suite.host.servers, whole_suite.url)
    settings = settings_for(tmp_path_factory.mktemp("front"))
    async with hosting(settings, []) as (host, runtime):
        app = Application(host, runtime, upstreams).asgi()
        async with _listening(_Bearing(app, await whole_suite.token("operator"))) as url:
            yield url


@pytest.fixture
def judged(node: str, node_modules: Path, run: Any, tmp_path: Path) -> Judge:
    """Run the harness on a URL at a revision: what it wrote, and its checks by scenario."""
    harness = node_modules / "@modelcontextprotocol" / "conformance" / "dist" / "index.js"

    async def judge(url: str, revision: str) -> tuple[Any, dict[str, Counter[str]]]:
        ran = await run(
            *(node, str(harness), "server", "--url", url),
            *("--suite", "all", "--spec-version", revision, "--output-dir", str(tmp_path)),
            *("--expected-failures", str(HERE / "conformance" / f"{revision}.yml")),
        )
        return ran, _checks(tmp_path)

    return judge


@pytest.mark.parametrize("revision", OWN)
@pytest.mark.parametrize("server", installed_servers())
async def test_a_server_fails_only_what_asks_for_a_fixture_it_has_not(
    server: str, revision: str, direct: str, judged: Judge
) -> None:
    ran, found = await judged(f"{direct}/{server}/mcp", revision)

    assert (ran.code, ran.err) == (0, ""), ran.out[-3000:]
    assert {name: found.get(name) for name in OWN[revision]} == OWN[revision]
    assert sum(found.values(), Counter()) == TOTAL[revision]


@pytest.mark.parametrize("revision", OWN)
async def test_the_harness_sees_no_difference_when_another_process_passes_requests_on(
    revision: str, passed_on: str, judged: Judge
) -> None:
    ran, found = await judged(f"{passed_on}/erp/mcp", revision)

    assert (ran.code, ran.err) == (0, ""), ran.out[-3000:]
    assert sum(found.values(), Counter()) == TOTAL[revision]


@asynccontextmanager
async def _listening(app: ASGIApp) -> AsyncGenerator[str]:
    port = free_port()
    config = uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    serving = asyncio.create_task(server.serve())
    await until(lambda: _answers(server))
    try:
        yield f"http://localhost:{port}"
    finally:
        server.should_exit = True
        await serving


async def _answers(server: uvicorn.Server) -> bool:
    return server.started


def _checks(folder: Path) -> dict[str, Counter[str]]:
    return {
        _scenario(file): Counter(check["status"] for check in json.loads(file.read_text()))
        for file in folder.glob("*/checks.json")
    }


def _scenario(file: Path) -> str:
    """Return the scenario of `server-<scenario>-<time>/checks.json`."""
    return re.sub(r"^server-|-\d{4}-\d\d-\d\dT[-\dZ]+$", "", file.parent.name)
