"""The registry's tools over the wire: find a tool, read it, call it, see who is up."""

import json
from typing import Any

import pytest
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from switchgear_shared.calls.call import Outcome, Request
from switchgear_shared.contracts.values import DEFAULT_TENANT, CorrelationId, new_correlation_id
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.identity import Agent
from switchgear_shared.part import installed_servers
from switchgear_shared.testing import Running, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

RENT = "jar_of_rent"
OWN = [
    "registry_call_tool",
    "registry_check_health",
    "registry_describe_tool",
    "registry_list_servers",
    "registry_search_tools",
    "registry_whoami",
]


async def call(
    served: Running,
    tool: str,
    arguments: dict[str, Any],
    *,
    by: str = "saver",
    at: str = "registry",
    correlation_id: str | None = None,
    taint: frozenset[str] = frozenset(),
) -> Outcome:
    """Return the outcome of a call at a server's front, where transports enter."""
    return await served.host.servers[at].front.dispatch(
        Request(
            server=at,
            tool=tool,
            arguments=arguments,
            principal=(await served.host.agents.get(by)).principal,
            correlation_id=CorrelationId(correlation_id or new_correlation_id()),
            taint=taint,
        )
    )


async def answer(
    served: Running, tool: str, arguments: dict[str, Any], by: str = "saver"
) -> dict[str, Any]:
    return (await call(served, tool, arguments, by=by)).unwrap()


async def refusal(
    served: Running, tool: str, arguments: dict[str, Any], by: str = "saver"
) -> SwitchgearError:
    error = (await call(served, tool, arguments, by=by)).error
    assert error is not None
    return error


async def hits(served: Running, by: str = "saver", **query: Any) -> list[str]:
    found = await answer(served, "registry_search_tools", query, by)
    return [item["name"] for item in found["items"]]


async def test_a_search_in_ones_own_words_finds_the_tool(served: Running) -> None:
    found = await answer(served, "registry_search_tools", {"query": "put a coin in my jar"})

    best = found["items"][0]
    assert {name: best[name] for name in ("name", "server", "summary", "effect")} == {
        "name": "jars_put_coins",
        "server": "jars",
        "summary": "Put coins into a jar.",
        "effect": "write",
    }
    assert found["hint"] is None
    scores = [item["score"] for item in found["items"]]
    assert scores == sorted(scores, reverse=True)


async def test_a_search_that_nothing_fits_says_so(served: Running) -> None:
    found = await answer(served, "registry_search_tools", {"query": "zebra quicksand"})

    assert found == {
        "items": [],
        "hint": "No tool you may call fits. Say it in other words, or list the servers.",
    }


async def test_a_search_of_small_words_only_finds_nothing(served: Running) -> None:
    assert await hits(served, query="what is the") == []
    assert await hits(served, query="?!") == []


async def test_a_search_finds_only_what_the_caller_may_call(served: Running) -> None:
    assert "jars_put_coins" in await hits(served, query="coins jar", limit=20)
    seen = await hits(served, by="child", query="put coins into a jar", limit=20)
    assert sorted(seen) == ["jars_find_jars", "jars_get_jar", "jars_whoami"]


async def test_a_search_may_be_narrowed_to_a_server(served: Running) -> None:
    assert await hits(served, query="jar", server="crm") == []
    assert await hits(served, query="jar", server="jars", limit=1) != []


async def test_a_search_is_bounded(served: Running) -> None:
    assert len(await hits(served, query="jar coins", limit=2)) == 2
    error = await refusal(served, "registry_search_tools", {"query": "jar", "limit": 21})
    assert error.code == "invalid_request"


async def test_a_description_has_all_that_a_call_needs(served: Running) -> None:
    tool = served.host.servers["jars"].pipeline.toolset.tools["jars_put_coins"]

    assert await answer(served, "registry_describe_tool", {"name": "jars_put_coins"}) == {
        "name": "jars_put_coins",
        "server": "jars",
        "description": tool.description,
        "effect": "write",
        "input_schema": tool.input_schema,
    }


@pytest.mark.parametrize("tool", ["registry_describe_tool", "registry_call_tool"])
async def test_a_tool_that_is_not_permitted_is_as_unknown_as_one_that_does_not_exist(
    served: Running, tool: str
) -> None:
    extra = {"arguments": {}} if tool == "registry_call_tool" else {}
    there = await refusal(served, tool, {"name": "jars_put_coins", **extra}, by="child")
    gone = await refusal(served, tool, {"name": "jars_get_coins", **extra}, by="child")

    assert (there.code, gone.code) == ("not_found", "not_found")
    assert there.message.replace("put", "get") == gone.message


async def test_a_call_through_the_registry_answers_as_the_direct_one(served: Running) -> None:
    named = {"name": "jars_get_jar", "arguments": {"jar_id": RENT}}

    through = await call(served, "registry_call_tool", named, correlation_id="cor_1")
    by_name = await call(served, "jars_get_jar", {"jar_id": RENT}, correlation_id="cor_1")
    direct = await call(served, "jars_get_jar", {"jar_id": RENT}, at="jars", correlation_id="cor_1")

    assert through.structured == by_name.structured == direct.structured
    assert through.correlation_id == direct.correlation_id
    assert (through.freshness is None, through.is_untrusted) == (False, direct.is_untrusted)


async def test_a_call_through_the_registry_fails_as_the_direct_one(served: Running) -> None:
    for arguments in ({"jar_id": "jar_none"}, {"jar_id": 1}, {}):
        named = {"name": "jars_get_jar", "arguments": arguments}
        through = await refusal(served, "registry_call_tool", named)
        direct = (await call(served, "jars_get_jar", arguments, at="jars")).error

        assert direct is not None
        assert through.to_body() == direct.to_body()


async def test_a_call_is_decided_and_audited_once_at_its_own_server(served: Running) -> None:
    named = {
        "name": "jars_put_coins",
        "arguments": {"jar_id": RENT, "coins": 1, "idempotency_key": "once"},
    }
    await call(served, "registry_call_tool", named, correlation_id="cor_audited")
    await served.host.audit.flush()

    rows = await served.host.trail.find(DEFAULT_TENANT, "cor_audited")
    assert [(r.event["server"], r.event["tool"], r.event["kind"]) for r in rows] == [
        ("jars", "jars_put_coins", "intent"),
        ("jars", "jars_put_coins", "outcome"),
    ]


async def test_what_is_hidden_from_a_caller_is_still_audited_as_denied(served: Running) -> None:
    named = {"name": "jars_put_coins", "arguments": {"jar_id": RENT, "coins": 1}}
    await call(served, "registry_call_tool", named, by="child", correlation_id="cor_hidden")
    await served.host.audit.flush()

    rows = await served.host.trail.find(DEFAULT_TENANT, "cor_hidden")
    assert [(r.event["principal"], r.event["kind"]) for r in rows] == [("child", "denied")]


async def test_approval_passes_through(served: Running) -> None:
    named = {
        "name": "jars_put_coins",
        "arguments": {"jar_id": RENT, "coins": 7, "idempotency_key": "approved"},
    }
    tainted = frozenset({"documents"})
    asked = await call(served, "registry_call_tool", named, taint=tainted)
    assert asked.error is not None
    finance = (await served.host.agents.get("finance")).principal
    await served.host.approvals.decide(asked.error.details["approval_id"], "approve", finance)

    done = await call(served, "registry_call_tool", named, taint=tainted)

    assert asked.error.code == "approval_required"
    assert done.unwrap()["replayed"] is False


async def test_a_call_that_is_not_valid_is_refused_by_the_registry(served: Running) -> None:
    for arguments in ({}, {"name": "jars_get_jar"}, {"name": 1, "arguments": {}}, {"x": 1}):
        assert (await refusal(served, "registry_call_tool", arguments)).code == "invalid_request"


async def test_calling_by_name_needs_the_right_to_it(served: Running) -> None:
    """A policy or a scope that forbids registry_call_tool holds whatever it would call."""
    narrow = Agent("narrow", "agent", (), ("jars.*", "registry.tool.read"))
    if await served.host.agents.find("narrow") is None:
        await served.host.agents.add(narrow)
    named = {"name": "jars_get_jar", "arguments": {"jar_id": RENT}}

    assert (await refusal(served, "registry_call_tool", named, by="narrow")).code == (
        "policy_denied"
    )
    direct = await call(served, "jars_get_jar", {"jar_id": RENT}, by="narrow")
    assert direct.error is None


async def test_the_registry_does_not_call_itself(served: Running) -> None:
    named = {"name": "registry_call_tool", "arguments": {"name": "jars_whoami", "arguments": {}}}

    assert (await refusal(served, "registry_call_tool", named)).code == "not_found"


async def test_the_servers_are_listed_with_what_the_caller_may_call(served: Running) -> None:
    listed = await answer(served, "registry_list_servers", {}, by="child")

    by_name = {item["name"]: item for item in listed["items"]}
    assert sorted(by_name) == sorted(installed_servers().keys() - {"registry"})
    assert by_name["jars"] == {
        "name": "jars",
        "title": "Switchgear jars",
        "tools": 3,
        "is_up": True,
    }
    assert (by_name["crm"]["tools"], by_name["crm"]["is_up"]) == (0, False)


async def test_a_server_that_is_down_is_named_by_the_health_check(served: Running) -> None:
    health = await answer(served, "registry_check_health", {})

    by_name = {item["name"]: item for item in health["items"]}
    assert health["is_healthy"] is False
    assert (by_name["jars"]["is_up"], by_name["jars"]["detail"]) == (True, None)
    assert by_name["jars"]["latency_ms"] >= 0
    assert by_name["crm"] == {
        "name": "crm",
        "is_up": False,
        "latency_ms": None,
        "detail": "no process answers for crm",
    }


async def test_a_small_suite_lists_every_permitted_tool_directly(served: Running) -> None:
    headers = {"Authorization": f"Bearer {await served.token('child')}"}
    async with (
        create_mcp_http_client(headers=headers) as http,
        Client(streamable_http_client(f"{served.url}/mcp", http_client=http)) as client,
    ):
        listed = await client.list_tools()
        called = await client.call_tool("jars_get_jar", {"jar_id": RENT})

    assert [t.name for t in listed.tools] == [
        *OWN,
        "jars_find_jars",
        "jars_get_jar",
        "jars_whoami",
    ]
    assert called.structured_content is not None
    assert called.structured_content["id"] == RENT


async def test_the_end_of_the_audit_chain_is_read_as_a_resource(served: Running) -> None:
    await answer(served, "registry_list_servers", {})
    await until(lambda: _has_rows(served))
    before = await answer(served, "registry_audit", {})
    headers = {"Authorization": f"Bearer {await served.token('saver')}"}
    async with (
        create_mcp_http_client(headers=headers) as http,
        Client(streamable_http_client(f"{served.url}/mcp", http_client=http)) as client,
    ):
        (content,) = (await client.read_resource("registry://audit")).contents

    end = json.loads(getattr(content, "text", ""))
    assert end["rows"] >= json.loads(before["text"])["rows"] > 0
    assert end["problem"] is None


async def _has_rows(served: Running) -> bool:
    """Reads join the trail with the next group, a moment later."""
    return await served.host.trail.find_recent(DEFAULT_TENANT, limit=1) != ()
