"""`switchgear documents hold`, `release`, `holds`, `erase`, `retention`: who keeps the records."""

from typing import Annotated, Any

import typer

from switchgear_shared.commands.console import call_tool, run, settings_with, show
from switchgear_shared.commands.operations import AsJson, Data, documents

DocumentId = Annotated[str, typer.Argument(help="Its id.")]
Reason = Annotated[str, typer.Option("--reason", help="Kept for good: name nobody in it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")]
Acting = Annotated[str, typer.Option("--as", help="The registered party that acts.")]

_RECORDS = "records"
_MOST = 50


def register() -> None:
    """Add these commands to the group `documents`."""
    for command in (hold, release, holds, erase, retention):
        documents.command()(command)


def hold(
    document_id: DocumentId,
    reason: Reason,
    correlation: Annotated[
        bool, typer.Option("--correlation", help="On all documents under its correlation ID.")
    ] = False,
    dry_run: DryRun = False,
    acting: Acting = _RECORDS,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Put a document under legal hold: nothing erases it until the hold is released."""
    scope = "correlation" if correlation else "document"
    arguments = {"document_id": document_id, "reason": reason, "scope": scope, "dry_run": dry_run}
    show(_call(data, acting, "documents_place_hold", arguments), as_json=as_json)


def release(
    document_id: DocumentId,
    reason: Reason,
    hold_id: Annotated[
        str | None, typer.Option("--hold", help="Which, where several stand.")
    ] = None,
    dry_run: DryRun = False,
    acting: Acting = _RECORDS,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Release a legal hold."""
    named = {"document_id": document_id, "hold_id": hold_id}
    arguments = {**named, "reason": reason, "dry_run": dry_run}
    show(_call(data, acting, "documents_release_hold", arguments), as_json=as_json)


def holds(
    document_id: Annotated[str | None, typer.Argument(help="Only on this document.")] = None,
    released: Annotated[bool, typer.Option("--released", help="Those that are over.")] = False,
    acting: Acting = _RECORDS,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List legal holds, the newest first, fifty at most."""
    arguments = {"document_id": document_id, "released": released, "limit": _MOST}
    page = _call(data, acting, "documents_list_holds", arguments)
    columns = ("id", "document_id", "scope", "placed_by", "placed_at", "reason")
    show(page["items"], as_json=as_json, columns=columns)


def erase(
    document_id: DocumentId,
    reason: Reason,
    dry_run: DryRun = False,
    acting: Acting = _RECORDS,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Erase a document and what it brought, for good; another person has to approve it first.

    Repeat the command once it is approved. The suite that runs removes what lies outside the rows.
    """
    arguments = {"document_id": document_id, "reason": reason, "dry_run": dry_run}
    show(_call(data, acting, "documents_erase", arguments, with_broker=True), as_json=as_json)


def retention(
    document_id: Annotated[str | None, typer.Argument(help="Where this one stands.")] = None,
    acting: Acting = _RECORDS,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show how long documents of each type are kept, and how many are past their time."""
    answer = _call(data, acting, "documents_get_retention", {"document_id": document_id})
    if as_json or document_id is not None:
        show(answer if as_json else answer["document"], as_json=as_json)
        return
    columns = ("document_type", "period", "settled_count", "due_count")
    show(answer["items"], as_json=False, columns=columns)


def _call(
    data: Any, acting: str, tool: str, arguments: dict[str, Any], *, with_broker: bool = False
) -> dict[str, Any]:
    settings = settings_with(data=data)
    calling = call_tool(
        settings, "documents", tool, arguments, acting=acting, with_broker=with_broker
    )
    return run(calling)
