"""The AsyncAPI description of requests and replies between the processes of a suite."""

from typing import Any

from switchgear_shared.contracts.bus_call import (
    CallReply,
    CallRequest,
    DescribeReply,
    DescribeRequest,
    ErrorBody,
)
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.schemas import output_schema

_JSON = "application/json"
_CORRELATION = {
    "type": "object",
    "properties": {"correlation-id": {"type": "string", "maxLength": 64}},
}
_FAILED = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "string",
            "contentMediaType": _JSON,
            "contentSchema": output_schema(ErrorBody),
            "description": "The request reached no tool: the error, as JSON.",
        }
    },
}
_DONE = {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}}


def call_channels() -> dict[str, Any]:
    """Return the channel of requests and the one of replies, which each request names itself."""
    return {
        "rpc.request": {
            "address": "rpc.{server}",
            "description": "Core NATS, one queue group a server: one of its processes answers.",
            "parameters": {"server": {"description": "The server that is to answer."}},
            "messages": {name: _pointer(f"rpc.request.{name}") for name in ("call", "describe")},
        },
        "rpc.reply": {
            "address": None,
            "description": "The inbox that the request carries as its NATS reply subject.",
            "messages": {name: _pointer(f"rpc.reply.{name}") for name in ("call", "describe")},
        },
    }


def call_operations() -> dict[str, Any]:
    """Return the two ends of a call and of a description."""
    return {
        f"{action}.rpc.{name}": {
            "action": action,
            "channel": {"$ref": "#/channels/rpc.request"},
            "messages": [{"$ref": f"#/channels/rpc.request/messages/{name}"}],
            "reply": {
                "channel": {"$ref": "#/channels/rpc.reply"},
                "messages": [{"$ref": f"#/channels/rpc.reply/messages/{name}"}],
            },
        }
        for name in ("call", "describe")
        for action in ("send", "receive")
    }


def call_messages() -> dict[str, Any]:
    """Return the messages of requests and replies, by name."""
    asked = {"headers": _CORRELATION}
    answered = {"headers": {"oneOf": [_DONE, _FAILED]}}
    return {
        "rpc.request.call": _message(CallRequest, CallRequest.model_json_schema(), asked)
        | {"correlationId": {"location": "$message.payload#/correlation_id"}},
        "rpc.request.describe": _message(
            DescribeRequest, DescribeRequest.model_json_schema(), asked
        ),
        "rpc.reply.call": _message(CallReply, output_schema(CallReply), answered),
        "rpc.reply.describe": _message(DescribeReply, output_schema(DescribeReply), answered),
    }


def _message(
    model: type[Contract], payload: dict[str, Any], headers: dict[str, Any]
) -> dict[str, Any]:
    summary = (model.__doc__ or "").strip()
    return {"summary": summary, "contentType": _JSON, "payload": payload, **headers}


def _pointer(message: str) -> dict[str, str]:
    return {"$ref": f"#/components/messages/{message}"}
