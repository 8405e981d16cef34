"""The account as a resource, and the completion of what is typed."""

from typing import Annotated

from pydantic import Field

from switchgear_crm.backend import CrmBackend
from switchgear_crm.models import STAGES, AccountId
from switchgear_crm.tools.arguments import crm
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.toolset import ResourceBody

_MOST_VALUES = 20


@crm.resource(
    "crm://accounts/{id}",
    permission="crm.account.read",
    mime_type="application/json",
    name="crm_account_resource",
)
async def account_resource(
    backend: CrmBackend,
    caller: Caller,
    *,
    id: Annotated[str, Field(min_length=1, max_length=64)],  # noqa: A002 - the URI's own word
) -> ResourceBody:
    """An account with its contacts, opportunities and latest activities."""
    account = await backend.get_account(
        caller.tenant,
        account_id=AccountId(id),
        include=("contacts", "opportunities", "activities"),
    )
    return ResourceBody(text=account.model_dump_json(), mime_type="application/json")


@crm.complete("account_id")
async def complete_account(backend: CrmBackend, caller: Caller, typed: str) -> list[str]:
    """Complete account ids from the id or the name."""
    if not _is_text(typed):
        return []
    return [*await backend.account_ids(caller.tenant, prefix=typed, limit=_MOST_VALUES)]


@crm.complete("id")
async def complete_id(backend: CrmBackend, caller: Caller, typed: str) -> list[str]:
    """Complete the account's id in the resource's URI."""
    return await complete_account(backend, caller, typed)


@crm.complete("opportunity_id")
async def complete_opportunity(backend: CrmBackend, caller: Caller, typed: str) -> list[str]:
    """Complete opportunity ids from the id, the number or the name."""
    if not _is_text(typed):
        return []
    return [*await backend.opportunity_ids(caller.tenant, prefix=typed, limit=_MOST_VALUES)]


@crm.complete("owner")
async def complete_owner(backend: CrmBackend, caller: Caller, typed: str) -> list[str]:
    """Complete the e-mail addresses of who owns accounts or opportunities."""
    if not _is_text(typed):
        return []
    return await backend.owner_emails(caller.tenant, prefix=typed, limit=_MOST_VALUES)


@crm.complete("stage")
async def complete_stage(_backend: CrmBackend, _caller: Caller, typed: str) -> list[str]:
    """Complete the stages of the pipeline."""
    return [stage for stage in STAGES if stage.startswith(typed.lower())]


@crm.complete("to_stage")
async def complete_to_stage(backend: CrmBackend, caller: Caller, typed: str) -> list[str]:
    """Complete the stage to move to."""
    return await complete_stage(backend, caller, typed)


def _is_text(typed: str) -> bool:
    """Say whether any system can store `typed`: completions pass no validation."""
    return "\0" not in typed and typed.isprintable()
