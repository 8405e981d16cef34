"""What the plain path answers, held against the SDK's answer to the very same bytes."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import ASGIApp, Receive, Scope, Send

from switchgear_shared.part import AUDIENCE
from switchgear_shared.serving import hosting
from switchgear_shared.testing import settings_for
from switchgear_shared.transports.authentication import Authentication
from switchgear_shared.transports.http import HostGuard, allowed
from switchgear_shared.transports.plain import PlainPath
from switchgear_shared.transports.sdk import SdkAdapter

pytestmark = pytest.mark.asyncio(loop_scope="module")

URL = "http://127.0.0.1/mcp"
BOTH = "application/json, text/event-stream"
ONLY_JSON = "application/json"
ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "x", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.switchgear/correlation-id": "cor_given",
}
PASSING = re.compile(
    r'cor_[0-9a-f]{32}|\d{4}-\d\d-\d\dT[\d:.]+Z|(?<=age_s\\":)[\d.e-]+|(?<=latency_ms\\":)[\d.e-]+'
)
WHOAMI = {"name": "registry_whoami", "arguments": {}}


@dataclass
class Wire:
    """A registry and an ERP behind the plain path, and a count of what went past it."""

    client: httpx2.AsyncClient
    front: dict[str, str]
    past: int = 0

    async def post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str, Any]:
        """Return status, content type and body, without what differs from call to call."""
        answer = await self.client.post(URL, content=body, headers=self.front | headers)
        text = PASSING.sub("…", json.dumps(_settled(_body(answer))))
        return answer.status_code, answer.headers.get("content-type", ""), json.loads(text)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wire(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wire]:
    settings = settings_for(tmp_path_factory.mktemp("wire"))
    security = allowed("http://127.0.0.1", ())
    async with hosting(settings, ["registry", "erp"], demo_data=True) as (host, _):
        front = host.servers["registry"].front
        agent = await host.agents.get("operator")
        token = host.tokens.issue(agent.principal, AUDIENCE).token
        await front.tools(agent.principal)  # the plain path knows the tools of others once listed
        manager = StreamableHTTPSessionManager(
            SdkAdapter(front).server, json_response=True, security_settings=security
        )
        app: ASGIApp = Authentication(
            PlainPath(front, _counted(manager.handle_request, lambda: wired)),
            host.authenticator(AUDIENCE),
            public_url="http://127.0.0.1",
            resource_path="/mcp",
        )
        is_running, is_done = asyncio.Event(), asyncio.Event()
        serving = asyncio.create_task(_run(manager, is_running, is_done))
        await is_running.wait()
        transport = httpx2.ASGITransport(HostGuard(app, security))
        async with httpx2.AsyncClient(transport=transport) as client:
            wired = Wire(client, {"Authorization": f"Bearer {token}"})
            yield wired
        is_done.set()
        await serving


async def _run(
    manager: StreamableHTTPSessionManager, is_running: asyncio.Event, is_done: asyncio.Event
) -> None:
    """Keep the manager's task group in one task: a fixture's two halves run in different ones."""
    async with manager.run():
        is_running.set()
        await is_done.wait()


def _counted(app: ASGIApp, wired: Any) -> ASGIApp:
    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        wired().past += 1
        await app(scope, receive, send)

    return counting


def _body(answer: httpx2.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text


def _settled(body: Any) -> Any:
    """Take the moments out of structured content; the text beside it keeps its shape."""
    if isinstance(body, list):
        return [_settled(item) for item in body]
    if not isinstance(body, dict):
        return body
    return {
        key: "…" if key in ("as_of", "age_s", "latency_ms") else _settled(value)
        for key, value in body.items()
    }


def call(name: Any, meta: dict[str, Any] | None = None, /, **arguments: Any) -> dict[str, Any]:
    return request("tools/call", {"name": name, "arguments": arguments}, meta)


def request(
    method: str, params: dict[str, Any] | None = None, meta: dict[str, Any] | None = None
) -> dict[str, Any]:
    envelope = {**ENVELOPE, **(meta or {})}
    return {
        "jsonrpc": "2.0",
        "id": 1,
        "method": method,
        "params": {**(params or {}), "_meta": envelope},
    }


def headers_for(message: dict[str, Any]) -> dict[str, str]:
    name = message["params"].get("name")
    routing = {"Mcp-Name": name} if isinstance(name, str) else {}
    return {
        "Content-Type": "application/json",
        "MCP-Protocol-Version": "2026-07-28",
        "Mcp-Method": message["method"],
        **routing,
    }


def swapped(old: str, new: str) -> bytes:
    """Return a search as bytes, with some of them replaced."""
    text = json.dumps(call("registry_search_tools", query="order"))
    assert old in text
    return text.replace(old, new).encode()


TAKEN: dict[str, dict[str, Any]] = {
    "tools/list": request("tools/list"),
    "tools/list with a progress token": request("tools/list", meta={"progressToken": 1}),
    "an answer": call("registry_whoami"),
    "no arguments": request("tools/call", {"name": "registry_whoami"}),
    "an answer with nulls": call("registry_search_tools", query="order", server=None),
    "an answer with umlauts": call("registry_search_tools", query="Zürich \u2028 €"),
    "an answer of another server": call("erp_find_party", query="Weidner"),
    "a forwarded call": call(
        "registry_call_tool", name="erp_find_party", arguments={"query": "Weidner"}
    ),
    "an unknown argument": call("registry_whoami", colour="red"),
    "a number of the wrong kind": call("registry_search_tools", query="a", limit=2.5),
    "a whole number with a point": call("registry_search_tools", query="a", limit=2.0),
    "a number beyond 64 bits": call("registry_search_tools", query="a", limit=2**70),
    "a refusal": call("erp_get_invoice", invoice_id="nope"),
    "an id of letters": {**call("registry_whoami"), "id": "äöü\u2028"},
    "no id to speak of": {**call("registry_whoami"), "id": ""},
    "the largest id of 64 bits": {**call("registry_whoami"), "id": 2**63 - 1},
    "client capabilities": call(
        "registry_whoami", {"io.modelcontextprotocol/clientCapabilities": {"sampling": {}}}
    ),
    "a correlation ID with a space": call(
        "registry_whoami", {"io.switchgear/correlation-id": "a b"}
    ),
    "a trace that is none": call("registry_whoami", {"traceparent": 5}),
}
LEFT: dict[str, dict[str, Any] | bytes] = {
    "a progress token": call("registry_whoami", {"progressToken": 7}),
    "an unknown tool": call("nobody_knows"),
    "a cursor": request("tools/list", {"cursor": "x"}),
    "no jsonrpc": {k: v for k, v in call("registry_whoami").items() if k != "jsonrpc"},
    "jsonrpc 1.0": {**call("registry_whoami"), "jsonrpc": "1.0"},
    "an id with a point": {**call("registry_whoami"), "id": 1.5},
    "an id that is null": {**call("registry_whoami"), "id": None},
    "an id that is true": {**call("registry_whoami"), "id": True},
    "an id beyond 64 bits": {**call("registry_whoami"), "id": 2**64},
    "no name": request("tools/call", {"arguments": {}}),
    "a name that is null": request("tools/call", {"name": None}),
    "a name that is a list": request("tools/call", {"name": ["a"]}),
    "arguments that are null": request("tools/call", {**WHOAMI, "arguments": None}),
    "arguments that are a list": request("tools/call", {**WHOAMI, "arguments": []}),
    "a parameter beside": request("tools/call", {**WHOAMI, "task": {"ttl": 1}}),
    "a member beside": {**call("registry_whoami"), "extra": 1},
    "capabilities that are text": call(
        "registry_whoami", {"io.modelcontextprotocol/clientCapabilities": "x"}
    ),
    "a capability that is a number": call(
        "registry_whoami", {"io.modelcontextprotocol/clientCapabilities": {"sampling": 5}}
    ),
    "client info that is text": call(
        "registry_whoami", {"io.modelcontextprotocol/clientInfo": "x"}
    ),
    "a log level that is none": call(
        "registry_whoami", {"io.modelcontextprotocol/logLevel": "loud"}
    ),
    "another revision": call(
        "registry_whoami", {"io.modelcontextprotocol/protocolVersion": "2027-01-01"}
    ),
    "NaN": swapped('"order"', '"order", "limit": NaN'),
    "a lone surrogate": swapped('"order"', '"\\ud800"'),
    "Latin-1": swapped('"order"', '"ü"').decode().encode("latin-1"),
    "UTF-16": swapped('"order"', '"order"').decode().encode("utf-16"),
    "a depth of two thousand": swapped('"order"', "[" * 2000 + "]" * 2000),
    "a batch": b"[" + swapped('"order"', '"order"') + b"]",
    "nothing": b"",
}


@pytest.mark.parametrize("name", TAKEN)
async def test_what_the_plain_path_takes_it_answers_as_the_sdk(name: str, wire: Wire) -> None:
    message = TAKEN[name]
    body, headers = json.dumps(message).encode(), headers_for(message)

    past = wire.past
    plain = await wire.post(body, {**headers, "Accept": BOTH})
    assert wire.past == past
    by_sdk = await wire.post(body, {**headers, "Accept": ONLY_JSON})
    assert wire.past == past + 1

    assert plain == by_sdk
    assert plain[:2] == (200, "application/json")


@pytest.mark.parametrize("name", LEFT)
async def test_what_is_not_plain_is_the_sdks_to_answer(name: str, wire: Wire) -> None:
    given = LEFT[name]
    message = given if isinstance(given, dict) else call("registry_search_tools", query="order")
    body = json.dumps(given).encode() if isinstance(given, dict) else given
    headers = headers_for(message)

    past = wire.past
    offered = await wire.post(body, {**headers, "Accept": BOTH})
    assert wire.past == past + 1

    assert offered == await wire.post(body, {**headers, "Accept": ONLY_JSON})


async def test_a_progress_token_changes_the_path_and_not_the_answer(wire: Wire) -> None:
    plain, watched = (
        call("erp_find_party", meta, query="Weidner") for meta in (None, {"progressToken": 7})
    )

    first = await wire.post(json.dumps(plain).encode(), {**headers_for(plain), "Accept": BOTH})
    second = await wire.post(json.dumps(watched).encode(), {**headers_for(plain), "Accept": BOTH})

    assert first == second


async def test_whitespace_around_a_header_is_no_part_of_it(wire: Wire) -> None:
    message = call("registry_whoami")
    headers = {**headers_for(message), "Accept": BOTH}
    body = json.dumps(message).encode()

    padded = {name: f" {value}\t " for name, value in headers.items()}

    assert await wire.post(body, padded) == await wire.post(body, headers)
