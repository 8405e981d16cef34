"""How one of our services calls tools on other servers: as itself, for whoever asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from switchgear_shared.calls.call import Dispatcher, Request
from switchgear_shared.contracts.values import CorrelationId, TenantId
from switchgear_shared.governance.principal import Principal


@dataclass(frozen=True, slots=True)
class ToolClient:
    """Calls tools as one service; the caller's correlation ID and origin go along."""

    dispatcher: Dispatcher
    principal: Principal
    timeout_s: float

    async def call(
        self,
        tool: str,
        arguments: Mapping[str, Any],
        *,
        tenant: TenantId,
        requested_by: str,
        correlation_id: CorrelationId,
        idempotency_key: str | None = None,
        traceparent: str | None = None,
        taint: frozenset[str] = frozenset(),
        is_settling: bool = False,
    ) -> dict[str, Any]:
        """Return the tool's structured answer; raise the error it answered with.

        With `is_settling` a write is not done but asked for: see Request.
        """
        keyed = {"idempotency_key": idempotency_key} if idempotency_key else {}
        outcome = await self.dispatcher.dispatch(
            Request(
                server=tool.split("_", 1)[0],
                tool=tool,
                arguments={**arguments, **keyed},
                principal=replace(self.principal, tenant=tenant, requested_by=requested_by),
                correlation_id=correlation_id,
                timeout_s=self.timeout_s,
                traceparent=traceparent,
                taint=taint,
                is_settling=is_settling,
            )
        )
        return outcome.unwrap()
