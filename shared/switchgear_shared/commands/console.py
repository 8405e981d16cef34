"""What commands share: settings from options, one governed call, and how results are shown."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from switchgear_shared.calls.call import Request
from switchgear_shared.contracts.values import new_correlation_id
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.serving import hosting, run_to_the_end
from switchgear_shared.settings import Settings


def settings_with(
    *, data: Path | None = None, host: str | None = None, port: int | None = None
) -> Settings:
    """Return the settings, with what the options say in place of the environment's."""
    given = {"data": data, "host": host, "port": port}
    changes = {name: value for name, value in given.items() if value is not None}
    return Settings().model_copy(update=changes)


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a command's coroutine on uvloop; a foreseen failure ends with its message and code 1."""
    try:
        return run_to_the_end(work)
    except SwitchgearError as error:
        typer.echo(f"{error.code}: {error.message}", err=True)
        raise typer.Exit(1) from error


async def call_tool(
    settings: Settings,
    server: str,
    tool: str,
    arguments: Mapping[str, Any],
    *,
    acting: str,
    with_broker: bool = False,
) -> dict[str, Any]:
    """Call a tool as a registered party, under the same policy and audit as any agent.

    Raises:
        SwitchgearError: what the call is refused with.
    """
    async with hosting(settings, [server]) as (host, runtime):
        agent = await host.agents.get(acting)
        if with_broker:
            await runtime.start()
        outcome = await host.switchboard.dispatch(
            Request(
                server=server,
                tool=tool,
                arguments={k: v for k, v in arguments.items() if v is not None},
                principal=agent.principal,
                correlation_id=new_correlation_id(),
            )
        )
        return outcome.unwrap()


def show(value: Any, *, as_json: bool, columns: Sequence[str] = ()) -> None:
    """Print a list of records as a table, or anything as JSON."""
    if as_json or not isinstance(value, list):
        typer.echo(json.dumps(value, indent=None if as_json else 2, default=str))
        return
    table = Table(*columns, box=None, header_style="bold")
    for row in value:
        table.add_row(*(_cell(row.get(name)) for name in columns))
    Console().print(table if value else "none")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)
