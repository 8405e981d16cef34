"""The AsyncAPI 3.0 document of every event and of calls, generated from their models."""

from typing import Any

from switchgear_shared.contracts.asyncapi_calls import (
    call_channels,
    call_messages,
    call_operations,
)
from switchgear_shared.contracts.event_data import EVENT_DATA
from switchgear_shared.contracts.events import Event, dataschema_of
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.schemas import output_schema


def asyncapi(*, version: str = "0.1.0") -> dict[str, Any]:
    """Return the document: one channel, message and pair of operations for each type."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Switchgear on the bus",
            "version": version,
            "description": "Events: CloudEvents 1.0, structured JSON, over NATS JetStream. "
            "Tool calls between processes: request and reply over core NATS.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {
            **{event_type: _channel(event_type) for event_type in sorted(EVENT_DATA)},
            **call_channels(),
        },
        "operations": {**_operations(), **call_operations()},
        "components": {
            "messages": {
                **{
                    event_type: _message(event_type, model)
                    for event_type, model in sorted(EVENT_DATA.items())
                },
                **call_messages(),
            }
        },
    }


def _operations() -> dict[str, Any]:
    return {
        f"{action}.{event_type}": {
            "action": action,
            "channel": {"$ref": f"#/channels/{event_type}"},
            "messages": [{"$ref": f"#/channels/{event_type}/messages/event"}],
        }
        for event_type in sorted(EVENT_DATA)
        for action in ("send", "receive")
    }


def _channel(event_type: str) -> dict[str, Any]:
    return {
        "address": f"events.{{tenant}}.{event_type}",
        "parameters": {"tenant": {"description": "The tenant whose record the fact is about."}},
        "messages": {"event": {"$ref": f"#/components/messages/{event_type}"}},
    }


def _message(event_type: str, model: type[Contract]) -> dict[str, Any]:
    return {
        "name": event_type,
        "summary": (model.__doc__ or "").strip(),
        "contentType": "application/cloudevents+json",
        "correlationId": {"location": "$message.payload#/correlationid"},
        "payload": _envelope(event_type, model),
    }


def _envelope(event_type: str, model: type[Contract]) -> dict[str, Any]:
    fields = Event.model_json_schema(mode="serialization")["properties"]
    text = {"type": "string"}
    return {
        "type": "object",
        "required": [
            "specversion",
            "id",
            "type",
            "source",
            "subject",
            "time",
            "dataschema",
            "correlationid",
            "tenant",
            "data",
        ],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**text, "maxLength": fields["id"]["maxLength"]},
            "type": {"const": event_type},
            "source": {**text, "description": "The server that states the fact."},
            "subject": {**text, "description": "The id of the record that the fact is about."},
            "time": {**text, "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "dataschema": {"const": dataschema_of(event_type)},
            "correlationid": text,
            "causationid": {**text, "description": "The event or call that led to this one."},
            "tenant": text,
            "traceparent": {**text, "description": "W3C trace context."},
            "data": output_schema(model),
        },
    }
