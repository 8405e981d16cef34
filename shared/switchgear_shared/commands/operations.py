"""Commands of people who run the pipeline: documents and dead letters."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from switchgear_shared.commands.console import call_tool, run, settings_with, show

Data = Annotated[Path | None, typer.Option("--data", help="Data directory.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
Acting = Annotated[str, typer.Option("--as", help="The registered party that acts.")]
Letter = Annotated[str | None, typer.Argument(help="Its id; or give --group.")]
Group = Annotated[str | None, typer.Option("--group", help="Those of this failure_group.")]
GroupLimit = Annotated[int, typer.Option("--limit", min=1, max=50, help="Most of a group.")]

_MOST = 50

_END_STATES = ("filed", "rejected", "in_review")
_POLL_S = 0.25
_TO_THE_SECOND = len("2026-01-01T00:00:00")

documents = typer.Typer(no_args_is_help=True, help="Hand documents in and follow them.")
_dead_letters = typer.Typer(no_args_is_help=True, help="Events that failed for good.")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(documents, name="documents")
    app.add_typer(_dead_letters, name="dead-letters")


@documents.command("submit")
def submit(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)],
    wait: Annotated[bool, typer.Option("--wait", help="Until each is done or needs you.")] = False,
    timeout_s: Annotated[float, typer.Option("--timeout", help="Seconds to wait.")] = 120,
    acting: Annotated[str, typer.Option("--as", help="Who hands in.")] = "clerk",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Hand in files; the suite that runs on the same data directory takes them on."""

    async def work() -> list[dict[str, Any]]:
        settings = settings_with(data=data)
        results: list[dict[str, Any]] = []
        for file in files:
            arguments = {
                "name": file.name,
                "content": base64.b64encode(file.read_bytes()).decode(),
            }
            results.append(
                await call_tool(
                    settings,
                    "documents",
                    "documents_submit",
                    arguments,
                    acting=acting,
                    with_broker=True,
                )
            )
        if wait:
            async with asyncio.timeout(timeout_s):
                for result in results:
                    result.update(await _ended(result["id"], acting, data))
        return results

    try:
        rows = run(work())
    except TimeoutError as error:
        typer.echo(f"not done after {timeout_s:g} s", err=True)
        raise typer.Exit(1) from error
    show(rows, as_json=as_json, columns=("id", "state", "correlation_id", "record_uri"))


@documents.command("trace")
def trace(
    correlation_id: Annotated[str, typer.Argument()],
    acting: Annotated[str, typer.Option("--as", help="Who asks.")] = "clerk",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Show every step under a correlation ID."""
    answer = run(
        call_tool(
            settings_with(data=data),
            "documents",
            "documents_trace",
            {"correlation_id": correlation_id},
            acting=acting,
        )
    )
    if as_json:
        show(answer, as_json=True)
    else:
        steps = [{**step, "at": step["at"][:_TO_THE_SECOND]} for step in answer["steps"]]
        show(steps, as_json=False, columns=("at", "server", "what", "by", "outcome"))


@_dead_letters.command("list")
def list_dead_letters(
    group: Group = None,
    consumer: Annotated[str | None, typer.Option("--consumer", help="Only of this one.")] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="Only this type.")] = None,
    acting: Acting = "operator",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List dead letters, oldest first, fifty at most."""
    filters = {"failure_group": group, "consumer": consumer, "event_type": event_type}
    page = _call(data, acting, "documents_list_dead_letters", {**filters, "limit": _MOST})
    columns = ("id", "consumer", "event_type", "failure_group", "attempts", "error_code")
    show(page["items"], as_json=as_json, columns=columns)


@_dead_letters.command("show")
def show_dead_letter(
    letter_id: Annotated[str, typer.Argument()], acting: Acting = "operator", data: Data = None
) -> None:
    """Show one dead letter whole, with its body; of one that is gone, who decided and why."""
    answer = _call(data, acting, "documents_dead_letter", {"dead_letter_id": letter_id})
    show(json.loads(answer["text"]), as_json=False)


@_dead_letters.command("replay")
def replay(
    letter_id: Letter = None,
    group: Group = None,
    edits: Annotated[str | None, typer.Option("--edits", help="JSON object of new data.")] = None,
    limit: GroupLimit = _MOST,
    acting: Acting = "operator",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Hand a dead letter, or the oldest of a group, to its handler again."""
    try:
        edited = json.loads(edits) if edits else None
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"no JSON: {error}", param_hint="--edits") from error
    arguments = {"id": letter_id, "failure_group": group, "edits": edited, "limit": limit}
    show(_call(data, acting, "documents_replay_dead_letter", arguments), as_json=as_json)


@_dead_letters.command("discard")
def discard(
    reason: Annotated[str, typer.Option("--reason", help="Kept, and shown by the trace.")],
    letter_id: Letter = None,
    group: Group = None,
    limit: GroupLimit = _MOST,
    acting: Acting = "operator",
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Remove a dead letter, or the oldest of a group, for good."""
    arguments = {"id": letter_id, "failure_group": group, "reason": reason, "limit": limit}
    show(_call(data, acting, "documents_discard_dead_letter", arguments), as_json=as_json)


def _call(data: Path | None, acting: str, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    return run(
        call_tool(
            settings_with(data=data),
            "documents",
            tool,
            arguments,
            acting=acting,
            with_broker=True,
        )
    )


async def _ended(document_id: str, acting: str, data: Path | None) -> dict[str, Any]:
    while True:
        status = await call_tool(
            settings_with(data=data),
            "documents",
            "documents_get_status",
            {"document_id": document_id},
            acting=acting,
        )
        if status["state"] in _END_STATES:
            return status
        await asyncio.sleep(_POLL_S)
