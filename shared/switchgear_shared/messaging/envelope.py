"""An event as it travels: its bytes, and what the broker must know of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson

from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import TenantId
from switchgear_shared.messaging.subjects import CORRELATION_ID, EVENT_ID, TRACEPARENT, token


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event, written and addressed."""

    event_id: str
    tenant: TenantId
    type: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def of(cls, event: Event) -> Envelope:
        """Return the envelope of `event`."""
        return cls.of_body(event.id, event.tenant, event.type, event.to_cloudevent())

    @classmethod
    def of_body(cls, event_id: str, tenant: TenantId, event_type: str, body: bytes) -> Envelope:
        """Return the envelope of an event as written, even by another version of its type."""
        attributes = orjson.loads(body)
        headers = {
            EVENT_ID: event_id,
            CORRELATION_ID: str(attributes["correlationid"]),
            "content-type": "application/cloudevents+json",
        }
        if trace := attributes.get("traceparent"):
            headers[TRACEPARENT] = str(trace)
        return cls(event_id, tenant, event_type, body, headers)

    @property
    def subject(self) -> str:
        """Where the event is published."""
        return f"events.{token(self.tenant)}.{self.type}"

    @property
    def due_subject(self) -> str:
        """Where the event appears when it was a timer and its moment has come."""
        return f"due.{token(self.tenant)}.{self.type}"
