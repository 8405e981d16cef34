"""Events as CloudEvents 1.0: facts about records, validated where they are made and where read."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

import orjson
from pydantic import AwareDatetime, Field, ValidationError, model_validator

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.event_data import EVENT_DATA
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.values import (
    DEFAULT_TENANT,
    CorrelationId,
    TenantId,
    new_correlation_id,
    new_id,
    utc_now,
)
from switchgear_shared.errors import InvalidRequestError

__all__ = ["EVENT_DATA", "MAX_EVENT_BYTES", "Event", "dataschema_of", "new_event"]

MAX_EVENT_BYTES = 64 * 1024
"""The largest event as written; documents and other bulk go by reference."""

_EXTENSIONS = {
    "correlation_id": "correlationid",
    "causation_id": "causationid",
    "tenant": "tenant",
    "traceparent": "traceparent",
}
_ATTRIBUTES = ("id", "type", "source", "subject", "time", "data")


class Event(Contract):
    """A past fact about one record; `subject` is that record's id and the key of order."""

    id: str = Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")
    type: str
    source: str = Field(min_length=1, max_length=64)
    subject: str = Field(min_length=1, max_length=256)
    time: AwareDatetime
    tenant: TenantId = Field(min_length=1, max_length=64)
    correlation_id: CorrelationId = Field(min_length=1, max_length=128)
    causation_id: str | None = Field(default=None, max_length=128)
    traceparent: str | None = Field(default=None, max_length=128)
    data: dict[str, Any]

    @model_validator(mode="after")
    def _data_is_of_the_type(self) -> Self:
        model = EVENT_DATA.get(self.type)
        if model is None:
            raise ValueError(f"{self.type} is not a registered type of event")
        model.model_validate_json(orjson.dumps(self.data), strict=True)
        return self

    def to_cloudevent(self) -> bytes:
        """Return the event in CloudEvents' structured JSON."""
        extensions = {
            name: value
            for field, name in _EXTENSIONS.items()
            if (value := getattr(self, field)) is not None
        }
        return orjson.dumps(
            {
                "specversion": "1.0",
                "id": self.id,
                "type": self.type,
                "source": self.source,
                "subject": self.subject,
                "time": self.time.isoformat().replace("+00:00", "Z"),
                "datacontenttype": "application/json",
                "dataschema": dataschema_of(self.type),
                **extensions,
                "data": self.data,
            }
        )

    @classmethod
    def from_cloudevent(cls, body: bytes) -> Event:
        """Return the event that `to_cloudevent` wrote; extensions of others are passed over.

        Raises:
            InvalidRequestError: the body is no such event, its type is unknown or its data wrong.
        """
        try:
            raw = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise InvalidRequestError("the event is not JSON") from error
        if not isinstance(raw, dict) or raw.get("specversion") != "1.0":
            raise InvalidRequestError("the event is not a CloudEvent 1.0")
        schema = dataschema_of(str(raw.get("type")))
        if raw.get("dataschema", schema) != schema:
            raise InvalidRequestError(f"the event's dataschema is not {schema}")
        fields = {name: raw[name] for name in _ATTRIBUTES if name in raw}
        fields |= {field: raw[name] for field, name in _EXTENSIONS.items() if name in raw}
        return _checked(orjson.dumps(fields))


def dataschema_of(event_type: str) -> str:
    """Return the URI of the present version of the type's data."""
    return f"urn:switchgear:events:{event_type}:v1"


def new_event(
    type: str,  # noqa: A002 - the attribute's name in CloudEvents
    *,
    source: str,
    subject: str,
    data: Contract | dict[str, Any],
    caller: Caller | None = None,
    cause: Event | None = None,
    time: datetime | None = None,
) -> Event:
    """Return a new event that carries on the tenant, correlation and trace of what led to it.

    Both `cause` and `caller` may be given: the chain is the cause's, the caller fills the rest.

    Raises:
        InvalidRequestError: the type is not registered, the data is not of its model, or the
            event is larger than MAX_EVENT_BYTES.
    """
    values = data.model_dump(mode="json") if isinstance(data, Contract) else data
    before = cause or caller
    event = _checked(
        orjson.dumps(
            {
                "id": new_id("evt"),
                "type": type,
                "source": source,
                "subject": subject,
                "time": (time or utc_now()).isoformat(),
                "tenant": before.tenant if before else DEFAULT_TENANT,
                "correlation_id": before.correlation_id if before else new_correlation_id(),
                "causation_id": cause.id if cause else None,
                "traceparent": (cause.traceparent if cause else None)
                or (caller.traceparent if caller else None),
                "data": values,
            }
        )
    )
    if (size := len(event.to_cloudevent())) > MAX_EVENT_BYTES:
        raise InvalidRequestError(f"event {type} has {size} bytes, more than {MAX_EVENT_BYTES}")
    return event


def _checked(fields: bytes) -> Event:
    try:
        return Event.model_validate_json(fields, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidRequestError(f"the event is not valid: {place} {first['msg']}") from error
