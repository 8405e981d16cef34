"""Calls that leave the process: over the bus, to whoever has the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from switchgear_shared.calls.call import Outcome, Request
from switchgear_shared.calls.description import ToolDescription
from switchgear_shared.contracts.bus_call import CallRequest, DescribeRequest
from switchgear_shared.contracts.freshness import Freshness
from switchgear_shared.contracts.values import CorrelationId
from switchgear_shared.errors import InvalidRequestError, SwitchgearError, error_from_body
from switchgear_shared.governance.identity import INTERNAL_AUDIENCE, Tokens
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.requests import Responder
from switchgear_shared.messaging.requests import request as ask
from switchgear_shared.transports.front import Front

_REQUEST = TypeAdapter[CallRequest | DescribeRequest](CallRequest | DescribeRequest)
_REPLY_MARGIN_S = 0.5
_DEFAULT_TIMEOUT_S = 30.0


class BusForward:
    """Dispatches to a server in another process of this suite, by request and reply on the bus.

    The caller travels as a short-lived signed assertion; the agent's own token never does.
    """

    def __init__(self, bus: Bus, tokens: Tokens) -> None:
        self._bus = bus
        self._tokens = tokens

    async def dispatch(self, request: Request) -> Outcome:
        """Return the outcome; no one there is `not_done`, no answer in time is `unknown`."""
        timeout_s = request.timeout_s or _DEFAULT_TIMEOUT_S
        body = orjson.dumps(
            {
                "tool": request.tool,
                "arguments": dict(request.arguments),
                "assertion": self._tokens.assertion(request.principal),
                "correlation_id": request.correlation_id,
                "timeout_s": timeout_s,
                "traceparent": request.traceparent,
                "taint": sorted(request.taint),
                "is_settling": request.is_settling,
            }
        )
        try:
            reply = await ask(
                self._bus, request.server, body, timeout_s=timeout_s + _REPLY_MARGIN_S
            )
        except SwitchgearError as error:
            return Outcome(request.correlation_id, error=error)
        return _outcome_of(orjson.loads(reply), request.correlation_id)

    async def describe(self, server: str, timeout_s: float = 2.0) -> Sequence[ToolDescription]:
        """Return every tool of `server` as its own process declares it."""
        reply = await ask(self._bus, server, orjson.dumps({"describe": True}), timeout_s=timeout_s)
        return [ToolDescription.model_validate(item) for item in orjson.loads(reply)["tools"]]


class BusService:
    """Answers requests from the bus with one Front's pipeline."""

    def __init__(self, front: Front, bus: Bus, tokens: Tokens) -> None:
        self._front = front
        self._tokens = tokens
        self._responder = Responder(bus, front.name, self._answer)

    async def start(self) -> None:
        """Begin to answer."""
        await self._responder.start()

    async def stop(self) -> None:
        """Stop answering, after what is under way."""
        await self._responder.stop()

    async def _answer(self, body: bytes) -> bytes:
        asked = _asked(body)
        if isinstance(asked, DescribeRequest):
            tools = [tool.model_dump(mode="json") for tool in self._front.own_tools]
            return orjson.dumps({"tools": tools})
        correlation_id = CorrelationId(asked.correlation_id)
        try:
            principal = self._tokens.verify(asked.assertion, INTERNAL_AUDIENCE)
        except SwitchgearError as error:
            return orjson.dumps(_wire(Outcome(correlation_id, error=error)))
        outcome = await self._front.pipeline.dispatch(
            Request(
                server=self._front.name,
                tool=asked.tool,
                arguments=asked.arguments,
                principal=principal,
                correlation_id=correlation_id,
                transport="bus",
                timeout_s=asked.timeout_s,
                traceparent=asked.traceparent,
                taint=frozenset(asked.taint),
                is_settling=asked.is_settling,
            )
        )
        return orjson.dumps(_wire(outcome))


def _asked(body: bytes) -> CallRequest | DescribeRequest:
    try:
        return _REQUEST.validate_json(body)
    except ValidationError as error:
        raise InvalidRequestError("the request is not one that docs/asyncapi.json has") from error


def _wire(outcome: Outcome) -> dict[str, Any]:
    return {
        "structured": outcome.structured,
        "error": outcome.error.to_body(outcome.correlation_id) if outcome.error else None,
        "freshness": outcome.freshness.model_dump(mode="json") if outcome.freshness else None,
        "untrusted": outcome.is_untrusted,
    }


def _outcome_of(reply: dict[str, Any], correlation_id: CorrelationId) -> Outcome:
    if reply["error"] is not None:
        return Outcome(correlation_id, error=error_from_body(reply["error"]))
    freshness = reply["freshness"]
    return Outcome(
        correlation_id,
        structured=reply["structured"],
        freshness=Freshness.model_validate(freshness, strict=False) if freshness else None,
        is_untrusted=reply["untrusted"],
    )
