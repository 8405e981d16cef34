"""Opening a process: what it is given is checked, and only one is open about one subject."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.schemas import closed_input_schema
from switchgear_shared.contracts.values import CorrelationId, TenantId, new_id, utc_now
from switchgear_shared.errors import ConflictError, InvalidRequestError
from switchgear_workflows.announcing import Cause, announce_kind
from switchgear_workflows.process import Kind
from switchgear_workflows.tables import ProcessRecord

_MOST_PROBLEMS = 5


def checked_input(kind: Kind, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the input as the kind's steps read it.

    Raises:
        InvalidRequestError: it is not of the kind's schema, or the kind takes none.
    """
    if kind.input is None:
        starts = ", ".join(kind.starts_with)
        raise InvalidRequestError(f"{kind.name} starts with {starts} only", field="process")
    wanted = {name: value for name, value in given.items() if value is not None}
    problems: list[str] = []
    first: str | None = None
    for error in _validator(kind.input).iter_errors(wanted):
        path = ".".join(("input", *(str(part) for part in error.instance_path)))
        first = first or path
        problems.append(f"{path}: {error.message}"[:200])
    if problems:
        raise InvalidRequestError("; ".join(problems[:_MOST_PROBLEMS]), field=first)
    try:
        return kind.input.model_validate(wanted).model_dump(mode="json", exclude_none=True)
    except ValidationError as refusal:
        problem = refusal.errors(include_url=False, include_input=False)[0]
        path = ".".join(("input", *(str(part) for part in problem["loc"])))
        raise InvalidRequestError(f"{path}: {problem['msg']}", field=path) from refusal


async def open_process(
    session: AsyncSession,
    kind: Kind,
    *,
    tenant: TenantId,
    given: Mapping[str, Any],
    document_id: str | None,
    requested_by: str,
    correlation_id: CorrelationId,
    cause: Cause,
) -> ProcessRecord:
    """Open a process in the caller's transaction and announce it.

    Raises:
        ConflictError: another one about the same subject is open; `details` names it.
    """
    open_key = f"{kind.name}:{kind.subject_of(given)}" if kind.subject_of and given else None
    if open_key is not None:
        await refuse_second(session, tenant, open_key)
    now = utc_now()
    record = ProcessRecord(
        tenant=tenant,
        id=new_id("prc"),
        process=kind.name,
        process_version=kind.version,
        state="running",
        document_id=document_id,
        open_key=open_key,
        input=dict(given),
        data={},
        attempts={},
        result={},
        requested_by=requested_by,
        correlation_id=correlation_id,
        started_at=now,
        updated_at=now,
        version=1,
    )
    session.add(record)
    await session.flush()
    await announce_kind(session, record, "workflows.process.started", cause)
    return record


async def refuse_second(session: AsyncSession, tenant: TenantId, open_key: str) -> None:
    """Raise ConflictError if a process with this key is open."""
    other = await session.scalar(
        select(ProcessRecord.id).where(
            ProcessRecord.tenant == tenant, ProcessRecord.open_key == open_key
        )
    )
    if other is not None:
        raise ConflictError(
            f"{open_key.replace(':', ' for ', 1)} is under way as {other}",
            details={"process_id": other},
        )


@cache
def _validator(model: type[Contract]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(closed_input_schema(model), validate_formats=True)
