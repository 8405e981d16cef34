"""The innermost step: the tool runs against its backend, protected, previewed or keyed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from switchgear_shared.calls.call import Call, Outcome
from switchgear_shared.calls.idempotency import Writes
from switchgear_shared.contracts.freshness import Freshness
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.resilience.protection import BackendProtection


class Execution:
    """Runs tools against one backend system; its protection is shared by all of its calls.

    `writes` does its writes once for a key, and previews them; without it they are just run.
    """

    def __init__(self, backend: Any, protection: BackendProtection, writes: Writes | None) -> None:
        self._backend = backend
        self._protection = protection
        self._writes = writes

    async def facts(self, call: Call) -> Mapping[str, Any]:
        """Return what policies should know of the records the call names."""
        look_up = call.tool.facts
        if look_up is None:
            return {}
        return await self._protection.run(
            lambda: look_up(self._backend, call.caller, call.arguments),
            deadline=call.deadline,
            may_repeat=True,
            may_have_effect=False,
            is_keyed=False,
            holder=call.principal.id,
        )

    async def __call__(self, call: Call) -> Outcome:
        """Run the call; see the port for what its backend raises."""
        if not call.tool.needs_backend:
            return await self._once(call)
        is_keyed = call.is_write and self._writes is not None
        may_have_effect = call.is_write or call.tool.effect == "forward"
        return await self._protection.run(
            lambda: self._once(call),
            deadline=call.deadline,
            may_repeat=not may_have_effect or call.tool.idempotent or is_keyed,
            may_have_effect=may_have_effect,
            is_keyed=is_keyed,
            holder=call.principal.id,
        )

    async def _once(self, call: Call) -> Outcome:
        async def run() -> BaseModel:
            return await call.tool.run(self._backend, call.caller, call.arguments)

        if call.tool.effect == "write":
            if self._writes is not None:
                if call.is_dry_run:
                    shown = await self._writes.preview(call, run)
                    return replace(shown, is_untrusted=call.tool.untrusted)
                if call.is_settling:
                    return await self._writes.settle(call, run)
                return await self._writes.run(call, run)
            if call.is_settling:
                raise InvalidRequestError(f"{call.tool.name} keeps no keys on this backend")
            if call.is_dry_run:
                raise InvalidRequestError(
                    f"{call.tool.name} cannot be previewed on this backend", field="dry_run"
                )
        started_at = utc_now()
        result = await run()
        return Outcome(
            call.correlation_id,
            structured=result.model_dump(mode="json"),
            freshness=Freshness(source="live", as_of=started_at, age_s=0.0, stale=False)
            if call.tool.effect == "read"
            else None,
            is_untrusted=call.tool.untrusted,
        )
