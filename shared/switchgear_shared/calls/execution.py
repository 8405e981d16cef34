"""The innermost step: the tool runs against its backend, protected, previewed or keyed."""

from collections.abc import Mapping
from typing import Any, NoReturn

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.calls.call import Call, Outcome
from switchgear_shared.calls.idempotency import KeyedWrites
from switchgear_shared.calls.preview import Effects, recorded
from switchgear_shared.contracts.freshness import Freshness
from switchgear_shared.contracts.results import Preview
from switchgear_shared.contracts.values import utc_now
from switchgear_shared.errors import ConflictError, InvalidRequestError
from switchgear_shared.resilience.protection import BackendProtection
from switchgear_shared.storage.database import Database, DuplicateKeyError


class Execution:
    """Runs tools against one backend system; its protection is shared by all of its calls.

    Where the backend keeps its rows in `writes.database`, a write, its key and its outcome commit
    together, and a preview is the same write rolled back.
    """

    def __init__(
        self, backend: Any, protection: BackendProtection, writes: KeyedWrites | None
    ) -> None:
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
        )

    async def _once(self, call: Call) -> Outcome:
        if call.is_dry_run:
            return await self._preview(call)
        if call.is_write and self._writes is not None:
            return await self._writes.run(call, lambda session: self._write(call, session))
        started_at = utc_now()
        structured = _dumped(await call.tool.run(self._backend, call.caller, call.arguments))
        return Outcome(
            call.correlation_id,
            structured=structured,
            freshness=Freshness(source="live", as_of=started_at, age_s=0.0, stale=False)
            if call.tool.effect == "read"
            else None,
            is_untrusted=call.tool.untrusted,
        )

    async def _write(self, call: Call, session: AsyncSession) -> dict[str, Any]:
        if call.preview_digest is None:
            return _dumped(await call.tool.run(self._backend, call.caller, call.arguments))
        with recorded(session) as effects:
            result = await call.tool.run(self._backend, call.caller, call.arguments)
            await session.flush()
        if effects.digest(call) != call.preview_digest:
            raise ConflictError(
                "this would not do what was previewed: the records moved, or the call is another",
                field="preview_digest",
            )
        return _dumped(result)

    async def _preview(self, call: Call) -> Outcome:
        if self._writes is None:
            raise InvalidRequestError(
                f"{call.tool.name} cannot be previewed on this backend", field="dry_run"
            )
        try:
            await self._roll_back(call, self._writes.database)
        except DuplicateKeyError as error:
            raise ConflictError("another record already has this unique value") from error
        except _RollBackError as done:
            preview = Preview(
                preview_digest=done.effects.digest(call),
                effects=done.effects.items(),
            )
            body = {**_dumped(done.result), "preview": preview.model_dump(mode="json")}
            return Outcome(call.correlation_id, structured=body)

    async def _roll_back(self, call: Call, database: Database) -> NoReturn:
        async with database.unit_of_work() as session:
            with recorded(session) as effects:
                result = await call.tool.run(self._backend, call.caller, call.arguments)
                await session.flush()
            raise _RollBackError(result, effects)


class _RollBackError(Exception):
    """Carries a preview out of the transaction that must not commit."""

    def __init__(self, result: BaseModel, effects: Effects) -> None:
        super().__init__()
        self.result = result
        self.effects = effects


def _dumped(result: BaseModel) -> dict[str, Any]:
    return result.model_dump(mode="json")
