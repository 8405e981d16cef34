"""Every server under the protocol's own conformance harness, in both protocol eras."""

import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from switchgear_shared.application import Application
from switchgear_shared.part import installed_servers
from switchgear_shared.testing import Running, listening

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="session")]

HERE = Path(__file__).parent

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
async def open_port(whole_suite: Running) -> AsyncIterator[int]:
    """A port of loopback on which the suite takes every request for the operator's."""
    app = Application(whole_suite.host, whole_suite.runtime, {}).asgi()
    bearing = _Bearing(app, await whole_suite.token("operator"))
    async with listening(bearing) as port:
        yield port
