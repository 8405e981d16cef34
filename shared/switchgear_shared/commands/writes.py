"""`switchgear writes`: changes to systems outside of which nobody knows what came of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from switchgear_shared.calls.call import Request
from switchgear_shared.commands.console import call_tool, run, settings_with, show
from switchgear_shared.contracts.values import new_correlation_id
from switchgear_shared.part import installed_servers
from switchgear_shared.serving import hosting

Data = Annotated[Path | None, typer.Option("--data", help="Data directory.")]
AsJson = Annotated[bool, typer.Option("--json", help="For machines.")]
Acting = Annotated[str, typer.Option("--as", help="The registered party that acts.")]
Server = Annotated[str, typer.Argument(help="`server` from `writes list`.")]
WriteId = Annotated[str, typer.Argument(help="`id` from `writes list`.")]
Reason = Annotated[str, typer.Option("--reason", help="How you know; kept for good.")]
Unseen = Annotated[
    bool, typer.Option("--unseen", help="Take it though the system does not answer.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")]

_OPERATOR = "operator"
_MOST = 50

_writes = typer.Typer(no_args_is_help=True, help="Changes outside whose end nobody knows.")


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.add_typer(_writes, name="writes")


@_writes.command("list")
def list_writes(
    server: Annotated[str | None, typer.Option("--server", help="Only this one's.")] = None,
    acting: Acting = _OPERATOR,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """List them, the oldest first, fifty of each server at most."""
    names = installed_servers() if server is None else [server]

    async def work() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        async with hosting(settings_with(data=data), names) as (host, _):
            agent = await host.agents.get_enabled(acting)
            for name, one in host.servers.items():
                tool = f"{name}_list_unresolved_writes"
                if tool not in one.pipeline.toolset.tools:
                    continue
                request = Request(
                    server=name,
                    tool=tool,
                    arguments={"limit": _MOST},
                    principal=agent.principal,
                    correlation_id=new_correlation_id(),
                )
                page = (await host.switchboard.dispatch(request)).unwrap()
                found.extend({"server": name, **item} for item in page["items"])
        return found

    columns = ("server", "id", "tool", "requested_by", "begun_at", "looks_count", "why")
    show(run(work()), as_json=as_json, columns=columns)


@_writes.command("done")
def done(
    server: Server,
    write_id: WriteId,
    record: Annotated[str, typer.Option("--record", help="The id of what it made or changed.")],
    reason: Reason,
    unseen: Unseen = False,
    dry_run: DryRun = False,
    acting: Acting = _OPERATOR,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Say that it was done over there; who waits for it goes on, and it is never sent again."""
    arguments = {"done": True, "record_id": record, "reason": reason, "unseen": unseen}
    _resolve(data, acting, server, {**arguments, "write_id": write_id}, dry_run, as_json=as_json)


@_writes.command("not-done")
def not_done(
    server: Server,
    write_id: WriteId,
    reason: Reason,
    unseen: Unseen = False,
    dry_run: DryRun = False,
    acting: Acting = _OPERATOR,
    as_json: AsJson = False,
    data: Data = None,
) -> None:
    """Say that it was not done and will not be any more; who repeats it sends it again."""
    arguments = {"done": False, "reason": reason, "unseen": unseen}
    _resolve(data, acting, server, {**arguments, "write_id": write_id}, dry_run, as_json=as_json)


def _resolve(
    data: Path | None,
    acting: str,
    server: str,
    arguments: dict[str, Any],
    dry_run: bool,
    *,
    as_json: bool,
) -> None:
    tool = f"{server}_resolve_write"
    asked = {**arguments, "dry_run": dry_run}
    calling = call_tool(settings_with(data=data), server, tool, asked, acting=acting)
    show(run(calling), as_json=as_json)
