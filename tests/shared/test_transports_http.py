"""The servers over HTTP: both protocol eras, SSE, and the plain path beside the SDK's."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from jars_suite import RENT
from mcp.client import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp_types import TextContent
from sqlalchemy import text

from switchgear_shared.testing import Running
from switchgear_shared.transports.results import CORRELATION_KEY, ERROR_KEY, UNTRUSTED_KEY

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRANSPORTS = ["legacy", "modern", "sse"]


@asynccontextmanager
async def connected(served: Running, how: str, party: str = "saver") -> AsyncGenerator[Client]:
    headers = {"Authorization": f"Bearer {await served.token(party)}"}
    if how == "sse":
        transport = sse_client(f"{served.url}/jars/sse", headers=headers)
        async with Client(transport, mode="legacy") as client:
            yield client
        return
    async with create_mcp_http_client(headers=headers) as http:
        transport = streamable_http_client(f"{served.url}/jars/mcp", http_client=http)
        async with Client(transport, mode=MODERN if how == "modern" else "legacy") as client:
            yield client


async def posted(
    served: Running,
    method: str,
    params: dict[str, Any],
    *,
    path: str = "/jars/mcp",
    headers: dict[str, str] | None = None,
    meta: dict[str, Any] | None = None,
    party: str = "saver",
) -> httpx2.Response:
    """Post one request of the modern era, written by hand."""
    own = {
        f"{META}protocolVersion": MODERN,
        f"{META}clientInfo": {"name": "by-hand", "version": "1"},
        f"{META}clientCapabilities": {},
        **(meta or {}),
    }
    named = {"Mcp-Name": params["name"]} if "name" in params else {}
    async with httpx2.AsyncClient(base_url=served.url, timeout=20) as http:
        return await http.post(
            path,
            json={"jsonrpc": "2.0", "id": 7, "method": method, "params": {**params, "_meta": own}},
            headers={
                "Authorization": f"Bearer {await served.token(party)}",
                "Accept": "application/json, text/event-stream",
                "MCP-Protocol-Version": MODERN,
                "Mcp-Method": method,
                **named,
                **(headers or {}),
            },
        )


@pytest.mark.parametrize("how", TRANSPORTS)
async def test_a_client_lists_the_tools_it_may_call(served: Running, how: str) -> None:
    async with connected(served, how, "child") as client:
        listed = await client.list_tools()

    assert [tool.name for tool in listed.tools] == ["jars_find_jars", "jars_get_jar", "jars_whoami"]


@pytest.mark.parametrize("how", TRANSPORTS)
async def test_a_client_reads_and_writes(served: Running, how: str) -> None:
    async with connected(served, how) as client:
        opened = await client.call_tool("jars_open_jar", {"name": f"for {how}"})
        assert opened.structured_content is not None
        jar_id = opened.structured_content["id"]
        await client.call_tool("jars_put_coins", {"jar_id": jar_id, "coins": 3})
        read = await client.call_tool("jars_get_jar", {"jar_id": jar_id})

    assert read.structured_content is not None
    freshness = read.structured_content.pop("freshness")
    assert read.structured_content == {
        "id": jar_id,
        "name": f"for {how}",
        "coins": 3,
        "version": "2",
    }
    assert (freshness["source"], freshness["stale"]) == ("live", False)


@pytest.mark.parametrize("how", TRANSPORTS)
async def test_a_failed_call_is_a_tool_error_that_begins_with_its_code(
    served: Running, how: str
) -> None:
    async with connected(served, how) as client:
        failed = await client.call_tool("jars_get_jar", {"jar_id": "jar_none"})

    assert failed.is_error
    (content,) = failed.content
    assert isinstance(content, TextContent)
    assert content.text.splitlines()[0] == "not_found: jar jar_none does not exist"
    assert failed.meta is not None
    assert failed.meta[ERROR_KEY]["correlation_id"] == failed.meta[CORRELATION_KEY]


@pytest.mark.parametrize("how", TRANSPORTS)
@pytest.mark.parametrize("coins", ["1_000", True, 1.5])
async def test_nothing_is_coerced_on_the_way(served: Running, how: str, coins: Any) -> None:
    async with connected(served, how) as client:
        failed = await client.call_tool("jars_put_coins", {"jar_id": RENT, "coins": coins})
        unknown = await client.call_tool("jars_get_jar", {"jar_id": RENT, "jarid": 1})

    assert failed.meta is not None
    assert unknown.meta is not None
    assert failed.meta[ERROR_KEY]["code"] == "invalid_request"
    assert unknown.meta[ERROR_KEY]["code"] == "invalid_request"


@pytest.mark.parametrize("how", TRANSPORTS)
async def test_resources_prompts_and_completions_are_served(served: Running, how: str) -> None:
    async with connected(served, how) as client:
        guide = await client.read_resource("switchgear://jars/guide")
        jar = await client.read_resource(f"jars://jars/{RENT}")
        resources = await client.list_resources()
        templates = await client.list_resource_templates()
        prompt = await client.get_prompt("save_up", {"goal": "a boat"})

    assert getattr(jar.contents[0], "text", None) == "rent: 100"
    assert "jars_get_jar" in getattr(guide.contents[0], "text", "")
    assert [r.uri for r in resources.resources] == ["switchgear://jars/guide"]
    assert [t.uri_template for t in templates.resource_templates] == ["jars://jars/{jar_id}"]
    assert getattr(prompt.messages[0].content, "text", None) == "Plan how to save for a boat."


async def test_others_text_is_marked_untrusted_on_the_wire(served: Running) -> None:
    found = (await posted(served, "tools/call", {"name": "jars_find_jars", "arguments": {}})).json()

    assert found["result"]["_meta"][UNTRUSTED_KEY] is True


CALLS = [
    pytest.param("jars_get_jar", {"jar_id": RENT}, id="answer"),
    pytest.param("jars_get_jar", {"jar_id": "jar_none"}, id="not found"),
    pytest.param("jars_get_jar", {"jar_id": 1}, id="not valid"),
    pytest.param("jars_find_jars", {"name": "zzz"}, id="untrusted"),
    pytest.param("jars_put_coins", {"jar_id": RENT, "coins": 1, "dry_run": True}, id="preview"),
    pytest.param("jars_none", {}, id="unknown tool"),
]


@pytest.mark.parametrize(("tool", "arguments"), CALLS)
async def test_the_plain_path_answers_as_the_sdk_does(
    served: Running, tool: str, arguments: dict[str, Any]
) -> None:
    """A progress token makes the plain path step aside."""
    params = {"name": tool, "arguments": arguments}
    meta = {CORRELATION_KEY: "cor_same"}

    plain = await posted(served, "tools/call", params, meta=meta)
    by_sdk = await posted(served, "tools/call", params, meta={**meta, "progressToken": "p"})

    assert (plain.status_code, comparable(plain)) == (by_sdk.status_code, comparable(by_sdk))


async def test_the_plain_list_is_the_list_of_the_sdk(served: Running) -> None:
    plain = await posted(served, "tools/list", {})
    by_sdk = await posted(served, "tools/list", {"cursor": None})

    assert comparable(plain) == comparable(by_sdk)
    assert len(plain.json()["result"]["tools"]) == 6


def comparable(response: httpx2.Response) -> dict[str, Any]:
    """Return an answer without its moments and fresh ids, which no two calls share."""
    body = response.json()
    result = body.get("result", {})
    result.pop("content", None)
    structured = result.get("structuredContent", {})
    structured.pop("freshness", None)
    for effect in (structured.get("preview") or {}).get("effects", ()):
        if effect["record"] == "drops":
            for name in ("id", "traceparent"):
                effect["after"].pop(name)
    return body


@pytest.mark.parametrize("where", ["meta", "header"])
@pytest.mark.parametrize("way", ["plain", "sdk"])
async def test_the_correlation_id_and_trace_of_the_caller_are_kept(
    served: Running, where: str, way: str
) -> None:
    mine = f"cor_{where}_{way}"
    in_meta = {CORRELATION_KEY: mine, "traceparent": TRACE} if where == "meta" else {}
    in_headers = {"X-Correlation-ID": mine, "traceparent": TRACE} if where == "header" else {}
    aside = {"progressToken": "p"} if way == "sdk" else {}

    answer = await posted(
        served,
        "tools/call",
        {"name": "jars_put_coins", "arguments": {"jar_id": RENT, "coins": 1}},
        meta={**in_meta, **aside},
        headers=in_headers,
        party="spouse",  # has read no stranger's text
    )

    assert answer.json()["result"]["_meta"][CORRELATION_KEY] == mine
    database = served.host.servers["jars"].part.database
    assert database is not None
    async with database.reading() as session:
        query = text("SELECT traceparent FROM drops WHERE correlation_id = :mine")
        assert str(await session.scalar(query, {"mine": mine}))[:36] == TRACE[:36]


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "é", "a\u2028b", 7, ["a"]])
async def test_a_correlation_id_that_is_not_plain_is_refused_and_nothing_done(
    served: Running, given: Any
) -> None:
    answer = await posted(
        served,
        "tools/call",
        {"name": "jars_open_jar", "arguments": {"name": "never"}},
        meta={CORRELATION_KEY: given},
    )

    result = answer.json()["result"]
    assert result["isError"] is True
    assert result["_meta"][ERROR_KEY]["code"] == "invalid_request"
    assert result["_meta"][CORRELATION_KEY].startswith("cor_")


async def test_without_a_correlation_id_each_call_gets_one_of_its_own(served: Running) -> None:
    params = {"name": "jars_get_jar", "arguments": {"jar_id": RENT}}
    first = (await posted(served, "tools/call", params)).json()["result"]["_meta"]
    other = (await posted(served, "tools/call", params)).json()["result"]["_meta"]

    assert first[CORRELATION_KEY] != other[CORRELATION_KEY]


async def test_the_registry_is_at_the_root_and_forwards_by_name(served: Running) -> None:
    params = {"name": "jars_get_jar", "arguments": {"jar_id": RENT}}
    direct = await posted(served, "tools/call", params, meta={CORRELATION_KEY: "cor_same"})
    through = await posted(
        served, "tools/call", params, path="/mcp", meta={CORRELATION_KEY: "cor_same"}
    )

    named = "io.modelcontextprotocol/serverInfo"
    one, other = comparable(direct), comparable(through)
    assert one["result"]["_meta"].pop(named)["name"] == "jars"
    assert other["result"]["_meta"].pop(named)["name"] == "registry"
    assert one == other
