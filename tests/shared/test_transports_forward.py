"""Calls over the bus: the same pipeline at the other end, in bodies that the contract describes."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from nats.aio.msg import Msg

from shared.jars_suite import RENT, JarsSuite, prepare, serving_jars
from switchgear_shared.calls.call import Outcome, Request
from switchgear_shared.contracts.asyncapi import asyncapi
from switchgear_shared.contracts.values import CorrelationId
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.requests import request
from switchgear_shared.transports.forward import BusForward, BusService

pytestmark = pytest.mark.usefixtures("jars_installed", "suite")
CORRELATION = CorrelationId("cor_over_the_bus")


@pytest.fixture
async def suite(tmp_path: Path, bus: Bus) -> AsyncIterator[JarsSuite]:
    """The jars, answering on the bus."""
    await prepare(tmp_path / "jars")
    async with serving_jars(tmp_path / "jars") as jars:
        service = BusService(jars.host.servers["jars"].front, bus, jars.host.tokens)
        await service.start()
        yield jars
        await service.stop()


async def over_the_bus(
    suite: JarsSuite, bus: Bus, tool: str, arguments: dict[str, Any], by: str = "saver"
) -> Outcome:
    return await BusForward(bus, suite.host.tokens).dispatch(
        Request(
            server="jars",
            tool=tool,
            arguments=arguments,
            principal=await suite.principal(by),
            correlation_id=CORRELATION,
            timeout_s=5,
        )
    )


async def test_a_call_over_the_bus_is_answered_and_its_correlation_is_in_the_audit_trail(
    suite: JarsSuite, bus: Bus
) -> None:
    outcome = await over_the_bus(suite, bus, "jars_get_jar", {"jar_id": RENT})

    assert outcome.unwrap() == await suite.answer("jars_get_jar", {"jar_id": RENT})
    trail = await suite.trail(CORRELATION)
    assert [(row["tool"], row["principal"], row["outcome"]) for row in trail] == [
        ("jars_get_jar", "saver", "ok")
    ]


async def test_policy_holds_over_the_bus_for_who_asks(suite: JarsSuite, bus: Bus) -> None:
    outcome = await over_the_bus(suite, bus, "jars_get_jar", {"jar_id": RENT}, by="stranger")

    assert outcome.error is not None
    assert outcome.error.code == "policy_denied"


async def test_an_assertion_that_was_not_signed_here_is_refused(bus: Bus) -> None:
    body = call_body(assertion="somebody.elses.signature")

    reply = orjson.loads(await request(bus, "jars", body, timeout_s=5))

    assert reply["error"]["code"] == "unauthenticated"
    assert reply["error"]["correlation_id"] == CORRELATION


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'{"describe": false}',
        orjson.dumps({"tool": "jars_get_jar"}),
        pytest.param(b'{"describe": true, "tool": "jars_get_jar"}', id="both"),
    ],
)
async def test_a_body_that_is_no_request_is_refused_and_the_next_is_answered(
    suite: JarsSuite, bus: Bus, body: bytes
) -> None:
    with pytest.raises(SwitchgearError, match=r"not one that docs/asyncapi\.json has") as caught:
        await request(bus, "jars", body, timeout_s=5)

    assert caught.value.code == "invalid_request"
    assert (await over_the_bus(suite, bus, "jars_get_jar", {"jar_id": RENT})).error is None


@pytest.mark.parametrize("timeout_s", [0, -1])
async def test_a_call_without_time_left_is_no_request(bus: Bus, timeout_s: float) -> None:
    with pytest.raises(SwitchgearError) as caught:
        await request(bus, "jars", call_body(timeout_s=timeout_s), timeout_s=5)

    assert caught.value.code == "invalid_request"


async def test_what_is_on_the_wire_is_what_asyncapi_says(suite: JarsSuite, bus: Bus) -> None:
    heard: asyncio.Queue[Msg] = asyncio.Queue()

    async def listen(message: Msg) -> None:
        await heard.put(message)

    await bus.client.subscribe("rpc.jars", cb=listen)
    await bus.client.subscribe("_INBOX.>", cb=listen)
    await bus.client.flush()

    await over_the_bus(suite, bus, "jars_get_jar", {"jar_id": RENT})
    await over_the_bus(suite, bus, "jars_get_jar", {"jar_id": "jar_of_nothing"})
    await BusForward(bus, suite.host.tokens).describe("jars")
    with pytest.raises(SwitchgearError):
        await request(bus, "jars", b"{}", timeout_s=5, correlation_id=CORRELATION)

    messages = [await asyncio.wait_for(heard.get(), 5) for _ in range(8)]
    asked = [m for m in messages if m.subject == "rpc.jars"]
    answered = [m for m in messages if m.subject != "rpc.jars"]
    for message, name in zip(asked, ("call", "call", "describe"), strict=False):
        conform(f"rpc.request.{name}", orjson.loads(message.data), message.headers)
    replies = sorted(answered, key=lambda m: [a.reply for a in asked].index(m.subject))
    for message, name in zip(replies, ("call", "call", "describe"), strict=False):
        conform(f"rpc.reply.{name}", orjson.loads(message.data), message.headers)
    conform("rpc.reply.call", None, replies[3].headers)
    error = json.loads((replies[3].headers or {})["error"])
    assert (error["code"], error["correlation_id"]) == ("invalid_request", CORRELATION)


def call_body(**changes: Any) -> bytes:
    """Return the body of a call, as far as it is not changed."""
    whole = {
        "tool": "jars_get_jar",
        "arguments": {"jar_id": RENT},
        "assertion": "",
        "correlation_id": CORRELATION,
        "timeout_s": 5,
        "traceparent": None,
        "taint": [],
    }
    return orjson.dumps({**whole, **changes})


def conform(message: str, body: object, headers: dict[str, str] | None) -> None:
    """Hold a message to its schemas in the AsyncAPI document."""
    described = asyncapi()["components"]["messages"][message]
    if body is not None:
        jsonschema_rs.validator_for(described["payload"]).validate(body)
    jsonschema_rs.validator_for(described["headers"]).validate(headers or {})
