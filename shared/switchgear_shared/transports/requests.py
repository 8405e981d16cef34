"""Turn what a wire carries into a Request: caller, correlation ID, trace, time left."""

import re
from collections.abc import Mapping
from typing import Any

from switchgear_shared.calls.call import Request, Transport
from switchgear_shared.contracts.values import CorrelationId, new_correlation_id
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.governance.principal import Principal
from switchgear_shared.transports.results import CORRELATION_KEY

_CORRELATION = re.compile(r"[A-Za-z0-9._:\-]{1,64}")


def correlation_of(given: object) -> CorrelationId:
    """Return the caller's correlation ID, or a new one where none is given.

    Raises:
        InvalidRequestError: it is not 1 to 64 letters, digits, dots, colons, dashes, underscores.
    """
    if given is None:
        return new_correlation_id()
    if not isinstance(given, str) or not _CORRELATION.fullmatch(given):
        raise InvalidRequestError("the correlation ID is not 1 to 64 plain characters")
    return CorrelationId(given)


def request_of(
    *,
    server: str,
    tool: str,
    arguments: Mapping[str, Any] | None,
    meta: Mapping[str, Any] | None,
    headers: Mapping[str, str] | None,
    principal: Principal,
    transport: Transport,
) -> Request:
    """Return the request; `_meta` wins over headers where both say something."""
    meta = meta or {}
    headers = headers or {}
    traceparent = meta.get("traceparent") or headers.get("traceparent")
    return Request(
        server=server,
        tool=tool,
        arguments=arguments or {},
        principal=principal,
        correlation_id=correlation_of(meta.get(CORRELATION_KEY, headers.get("x-correlation-id"))),
        transport=transport,
        traceparent=traceparent if isinstance(traceparent, str) else None,
    )
