"""How events, timers, dead letters and requests are named on the broker."""

from urllib.parse import quote, unquote

from switchgear_shared.contracts.values import TenantId

EVENTS = "EVENTS"
TIMERS = "TIMERS"
DEAD = "DEAD"
EXHAUSTED = "EXHAUSTED"

GIVEN_UP = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.EVENTS.>"
"""Where the broker says that it delivered an event as often as it may."""

EVENT_ID = "event-id"
"""Our own header for an event's id: the broker drops its own from a timer that fires."""
CORRELATION_ID = "correlation-id"
TRACEPARENT = "traceparent"
REPLAY_FOR = "replay-for"
"""The one consumer that a replayed dead letter is meant for."""
DEAD_LETTER = "dead-letter"
"""Why the message is dead, as JSON."""

_TENANT_AT = 1


def token(text: str) -> str:
    """Return `text` as one token of a subject, reversibly."""
    return quote(text, safe="").replace(".", "%2E").replace("~", "%7E")


def timer_subject(tenant: TenantId, event_id: str) -> str:
    """Return where the schedule of a timer is kept; one subject, one timer."""
    return f"timers.{token(tenant)}.{token(event_id)}"


def dead_subject(tenant: str, consumer: str) -> str:
    """Return where the dead letters of a tenant and consumer are kept; either may be `*`."""
    return f"dead.{tenant}.{consumer}"


def tenant_token(subject: str) -> str:
    """Return the tenant's token in an event's subject, `unknown` where there is none."""
    parts = subject.split(".")
    return parts[_TENANT_AT] if len(parts) > _TENANT_AT else "unknown"


def tenant_of(subject: str) -> TenantId:
    """Return the tenant that `subject` belongs to."""
    return TenantId(unquote(tenant_token(subject)))


def own_headers(headers: dict[str, str] | None) -> dict[str, str]:
    """Return the headers without the broker's: it would obey them again."""
    return {
        name: value
        for name, value in (headers or {}).items()
        if not name.lower().startswith("nats-")
    }
