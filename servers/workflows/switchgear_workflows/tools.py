"""The tools that follow processes and decide approvals: one function, one backend call."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.toolset import ResourceBody, Toolset
from switchgear_workflows.backend import WorkflowsBackend
from switchgear_workflows.models import (
    ApprovalDecision,
    ApprovalPage,
    ApprovalState,
    Process,
    ProcessKinds,
    ProcessPage,
    Started,
    State,
)

workflows = Toolset[WorkflowsBackend]()

Cursor = Annotated[str, Field(max_length=500, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Field(ge=1, le=50, description="Most rows to return.")]
Id = Annotated[str, Field(max_length=64, description="`id` from workflows_list.")]


@workflows.read(permission="workflows.process.read")
async def workflows_get(
    backend: WorkflowsBackend,
    caller: Caller,
    id: Annotated[  # noqa: A002 - the catalogue's name
        str | None, Field(max_length=64, description="`id` from workflows_list.")
    ] = None,
    correlation_id: Annotated[
        str | None,
        Field(max_length=64, description="From documents_submit or workflows_start."),
    ] = None,
) -> Process:
    """Get one process: its steps so far, what it waits for, what it made or undid.

    Give one of the two ids. `receipt` tells of each step whether its effect stands or was undone.
    Fails with not_found, and invalid_request without an id.
    """
    if id is None and correlation_id is None:
        raise InvalidRequestError("give id or correlation_id", field="id")
    return await backend.get_process(caller.tenant, process_id=id, correlation_id=correlation_id)


@workflows.read(permission="workflows.process.read")
async def workflows_list(
    backend: WorkflowsBackend,
    caller: Caller,
    process: Annotated[
        str | None, Field(max_length=64, description="Only this kind, from workflows_describe.")
    ] = None,
    state: Annotated[State | None, Field(description="Only this state.")] = None,
    since: Annotated[datetime | None, Field(description="Started at or after, ISO 8601.")] = None,
    cursor: Cursor | None = None,
    limit: Limit = 10,
) -> ProcessPage:
    """List processes, most recently started first.

    Use to see what runs, waits or ended. No items means none match.
    Fails with invalid_request for a foreign cursor.
    """
    return await backend.list_processes(
        caller.tenant, process=process, state=state, since=since, cursor=cursor, limit=limit
    )


@workflows.read(permission="workflows.process.read", cost="light")
async def workflows_describe(backend: WorkflowsBackend) -> ProcessKinds:
    """Describe every kind of process: what starts it, its steps, what it may wait for.

    Use before workflows_start: it has the schema of `input`. Never fails.
    """
    return await backend.describe()


async def _start_facts(
    _backend: WorkflowsBackend, _caller: Caller, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    return {"process": arguments["process"]}


@workflows.write(permission="workflows.process.start", idempotent=False, facts=_start_facts)
async def workflows_start(
    backend: WorkflowsBackend,
    caller: Caller,
    process: Annotated[str, Field(max_length=64, description="From workflows_describe.")],
    input: Annotated[  # noqa: A002 - the catalogue's name
        dict[str, Any], Field(description="As its `input_schema` there says.")
    ],
) -> Started:
    """Start a process across systems; what it did is undone if it cannot be finished.

    Answers at once: follow it with workflows_get. Fails with not_found for an unknown process,
    invalid_request for a wrong input, conflict if one about the same is under way.
    """
    return await backend.start(caller, process=process, given=input)


@workflows.write(permission="workflows.process.cancel", idempotent=True, destructive=True)
async def workflows_cancel(
    backend: WorkflowsBackend,
    caller: Caller,
    id: Id,  # noqa: A002 - the catalogue's name
    reason: Annotated[str, Field(min_length=1, max_length=500, description="For the record.")],
) -> WriteResult:
    """Cancel a process: its steps are undone, the last one first.

    Then `receipt` of workflows_get says what could not be undone. Fails with not_found, and
    conflict if it is over.
    """
    return await backend.cancel(caller, id, reason=reason)


@workflows.write(permission="workflows.process.retry", idempotent=False)
async def workflows_retry(
    backend: WorkflowsBackend,
    caller: Caller,
    id: Id,  # noqa: A002 - the catalogue's name
    from_step: Annotated[
        str | None, Field(max_length=64, description="Default: its first step.")
    ] = None,
) -> WriteResult:
    """Take up a failed process again once its `reason` is mended.

    What is still done is not done twice; what was undone is done anew. Fails with not_found,
    conflict if it ended otherwise, invalid_request if a step before `from_step` was undone.
    """
    return await backend.retry(caller, id, from_step=from_step)


@workflows.read(permission="workflows.approval.read")
async def workflows_list_approvals(
    backend: WorkflowsBackend,
    caller: Caller,
    state: Annotated[ApprovalState, Field(description="Which to list.")] = "open",
    cursor: Cursor | None = None,
    limit: Limit = 10,
) -> ApprovalPage:
    """List calls that wait for a person's approval, newest first.

    `summary` holds the exact arguments that would run. No items means nothing waits.
    Fails with invalid_request for a foreign cursor.
    """
    return await backend.list_approvals(caller.tenant, state=state, cursor=cursor, limit=limit)


async def _approval_facts(
    backend: WorkflowsBackend, caller: Caller, arguments: Mapping[str, Any]
) -> Mapping[str, Any]:
    return {"requested_by": await backend.requester_of(caller.tenant, arguments["id"])}


@workflows.write(permission="workflows.approval.decide", idempotent=True, facts=_approval_facts)
async def workflows_decide_approval(
    backend: WorkflowsBackend,
    caller: Caller,
    id: Annotated[  # noqa: A002 - the catalogue's name
        str, Field(max_length=64, description="`id` from workflows_list_approvals.")
    ],
    decision: Annotated[
        ApprovalDecision, Field(description="The person's word; withdraw is who asked's.")
    ],
    reason: Annotated[str | None, Field(max_length=500, description="For the record.")] = None,
) -> WriteResult:
    """Approve or deny a waiting call; what waits for it goes on by itself.

    Only on the word of a person other than the requester (else policy_denied); who asked may
    withdraw. Fails with conflict if it was decided the other way or has expired, and not_found.
    """
    return await backend.decide_approval(caller, id, decision=decision, reason=reason)


@workflows.resource(
    "workflows://processes/{id}",
    permission="workflows.process.read",
    mime_type="application/json",
    name="workflows_process",
)
async def read_process(
    backend: WorkflowsBackend,
    caller: Caller,
    id: str,  # noqa: A002 - the URI's variable
) -> ResourceBody:
    """Give one process with its steps, as JSON."""
    process = await backend.get_process(caller.tenant, process_id=id, correlation_id=None)
    return ResourceBody(text=process.model_dump_json())


@workflows.resource(
    "workflows://approvals/{id}",
    permission="workflows.approval.read",
    mime_type="application/json",
    name="workflows_approval",
    untrusted=True,
)
async def read_approval(
    backend: WorkflowsBackend,
    caller: Caller,
    id: str,  # noqa: A002 - the URI's variable
) -> ResourceBody:
    """Give one approval whole: the exact call that would run, who asked, and any decision."""
    approval = await backend.get_approval(caller.tenant, id)
    return ResourceBody(text=approval.model_dump_json())


@workflows.prompt("review_approvals")
def review_approvals() -> str:
    """Prepare the approvals that wait, for a person to decide."""
    return (
        "List what waits with workflows_list_approvals. For each, read the process with "
        "workflows_get by its correlation_id and documents_trace, and say in three lines what "
        "would be posted, for whom, and what speaks against it. Decide nothing yourself: call "
        "workflows_decide_approval only with the person's decision."
    )


@workflows.complete("id")
async def complete_process(backend: WorkflowsBackend, caller: Caller, typed: str) -> list[str]:
    """Complete a process's id from the most recent ones."""
    page = await backend.list_processes(
        caller.tenant, process=None, state=None, since=None, cursor=None, limit=50
    )
    return [row.id for row in page.items if row.id.startswith(typed)]
