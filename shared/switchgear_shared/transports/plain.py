"""The stateless 2026-07-28 `tools/call` and `tools/list` as plain ASGI, the SDK not in the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from mcp.server.transport_security import DEFAULT_MAX_REQUEST_BODY_SIZE
from mcp.shared.inbound import (
    InboundModernRoute,
    classify_inbound_request,
    find_duplicated_routing_header,
    validate_mcp_param_headers,
)
from mcp_types import SERVER_INFO_META_KEY
from mcp_types.methods import validate_client_request
from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from switchgear_shared.calls.call import Outcome
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.principal import Principal
from switchgear_shared.transports.authentication import principal_of
from switchgear_shared.transports.front import Front
from switchgear_shared.transports.requests import correlation_of, request_of
from switchgear_shared.transports.results import to_tool_result

MODERN = "2026-07-28"
LIST_TTL_MS = 60_000
_METHODS = ("tools/call", "tools/list")


class PlainPath:
    """ASGI app that answers what it fully understands and hands all else, unread, to the SDK.

    A request is taken only if it would pass every check of the SDK's own entry; a doubtful one
    is replayed to `otherwise`, so refusals always have the SDK's wording.
    """

    def __init__(self, front: Front, otherwise: ASGIApp) -> None:
        self._front = front
        self._otherwise = otherwise
        self._lists: dict[tuple[str, ...], bytes] = {}
        self._server_info = {
            SERVER_INFO_META_KEY: {
                "name": front.name,
                "version": front.version,
                "title": front.title,
            }
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        headers = Headers(scope=scope)
        if not _is_candidate(scope, headers):
            await self._otherwise(scope, receive, send)
            return
        body = await _read(receive)
        message = _parsed(body)
        if body is None or message is None or not self._is_plain(message, headers):
            await self._otherwise(scope, _replay(body, receive), send)
            return
        principal = principal_of(HTTPConnection(scope))
        if message["method"] == "tools/list":
            result = await self._list(principal)
        else:
            result = orjson.dumps(await self._call(message["params"], headers, principal))
        identifier = orjson.dumps(message["id"])
        await _answer(send, b'{"jsonrpc":"2.0","id":' + identifier + b',"result":' + result + b"}")

    def _is_plain(self, message: Mapping[str, Any], headers: Headers) -> bool:
        if not (_is_request(message) and _is_agreed(message, headers)):
            return False
        params = message["params"]
        if message["method"] == "tools/list":
            return params.keys() == {"_meta"}
        arguments = params.get("arguments", {})
        is_known = not params.keys() - {"name", "arguments", "_meta"}
        if not is_known or not isinstance(arguments, dict) or "progressToken" in params["_meta"]:
            return False
        schema = self._front.input_schema(params["name"])
        return schema is not None and (
            validate_mcp_param_headers(schema, arguments, headers) is None
        )

    async def _call(
        self, params: Mapping[str, Any], headers: Headers, principal: Principal
    ) -> dict[str, Any]:
        try:
            request = request_of(
                server=self._front.name,
                tool=params["name"],
                arguments=params.get("arguments"),
                meta=params["_meta"],
                headers=headers,
                principal=principal,
                transport="http",
            )
        except SwitchgearError as error:
            outcome = Outcome(correlation_of(None), error=error)
        else:
            outcome = await self._front.dispatch(request)
        result = to_tool_result(outcome)
        result["_meta"] |= self._server_info
        result["resultType"] = "complete"
        return result

    async def _list(self, principal: Principal) -> bytes:
        tools = await self._front.tools(principal)
        key = tuple(tool.pin for tool in tools)
        if (known := self._lists.get(key)) is not None:
            return known
        result = orjson.dumps(
            {
                "tools": [tool.to_mcp() for tool in tools],
                "ttlMs": LIST_TTL_MS,
                "cacheScope": "private",
                "resultType": "complete",
                "_meta": self._server_info,
            }
        )
        return self._lists.setdefault(key, result)


def _is_candidate(scope: Scope, headers: Headers) -> bool:
    accept = headers.get("accept", "")
    return (
        scope["method"] == "POST"
        and headers.get("mcp-protocol-version") == MODERN
        and headers.get("mcp-method") in _METHODS
        and headers.get("content-type", "").split(";")[0].strip() == "application/json"
        and "application/json" in accept
        and "text/event-stream" in accept
        and "content-encoding" not in headers
        and int(headers.get("content-length", "0") or 0) <= DEFAULT_MAX_REQUEST_BODY_SIZE
    )


def _is_request(message: Mapping[str, Any]) -> bool:
    identifier = message.get("id")
    return (
        message.get("jsonrpc") == "2.0"
        and isinstance(identifier, str | int)
        and not isinstance(identifier, bool)
        and message.get("method") in _METHODS
        and isinstance(message.get("params"), dict)
        and not message.keys() - {"jsonrpc", "id", "method", "params"}
    )


def _is_agreed(message: Mapping[str, Any], headers: Headers) -> bool:
    """Say whether headers and body agree, and the SDK's own model accepts the parameters."""
    if find_duplicated_routing_header(headers.items()) is not None:
        return False
    if not isinstance(classify_inbound_request(message, headers=dict(headers)), InboundModernRoute):
        return False
    try:
        validate_client_request(message["method"], MODERN, message["params"])
    except ValidationError:
        return False
    return True


async def _read(receive: Receive) -> bytes | None:
    """Return the whole body, or None when it grows over the limit or the client left."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        chunk = message.get("body", b"")
        size += len(chunk)
        chunks.append(chunk)
        if not message.get("more_body", False) or size > DEFAULT_MAX_REQUEST_BODY_SIZE:
            return b"".join(chunks)


def _parsed(body: bytes | None) -> dict[str, Any] | None:
    if body is None or len(body) > DEFAULT_MAX_REQUEST_BODY_SIZE:
        return None
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return message if isinstance(message, dict) else None


def _replay(body: bytes | None, receive: Receive) -> Receive:
    """Return a `receive` that gives the body once more."""
    pending: list[Message] = (
        [{"type": "http.disconnect"}]
        if body is None
        else [{"type": "http.request", "body": body, "more_body": False}]
    )

    async def again() -> Message:
        return pending.pop(0) if pending else await receive()

    return again


async def _answer(send: Send, body: bytes) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})
