"""What commands share: settings from options, one governed call, and how results are shown."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from switchgear_shared.calls.call import Request
from switchgear_shared.contracts.values import new_correlation_id
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.serving import hosting, run_to_the_end
from switchgear_shared.settings import Settings

_FOLDED_WIDTH = 40


def settings_with(
    *, data: Path | None = None, host: str | None = None, port: int | None = None
) -> Settings:
    """Return the settings, with what the options say in place of the environment's.

    Raises:
        typer.BadParameter: a setting or an option has no value that can be used.
    """
    given: dict[str, Any] = {"data": data, "host": host, "port": port}
    changes = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(**changes)
    except ValidationError as error:
        problems = [
            f"{_named(problem['loc'], changes)}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        ]
        raise typer.BadParameter("; ".join(problems)) from error


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
        agent = await host.agents.get_enabled(acting)
        if with_broker:
            await runtime.start(with_background=False)
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
    """Print a list of records as a table, or anything as JSON.

    Only the last column is folded; ids and times stand whole, however narrow the terminal.
    """
    if as_json or not isinstance(value, list):
        typer.echo(json.dumps(value, indent=None if as_json else 2, default=str))
        return
    rows = [[_cell(row.get(name)) for name in columns] for row in value]
    widths = [max(map(len, column)) for column in zip(columns, *rows, strict=True)]
    table = Table(box=None, header_style="bold")
    for name, width in zip(columns[:-1], widths, strict=False):
        table.add_column(name, no_wrap=True, min_width=width)
    table.add_column(columns[-1], min_width=min(widths[-1], _FOLDED_WIDTH))
    for row in rows:
        table.add_row(*row)
    console = Console(highlight=False)
    least = sum(widths[:-1]) + min(widths[-1], _FOLDED_WIDTH) + 2 * len(columns)
    console.width = max(console.width, least)
    console.print(table if value else "none")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


def _named(location: tuple[int | str, ...], options: Mapping[str, Any]) -> str:
    name = str(location[0]) if location else "settings"
    return f"--{name}" if name in options else f"SWITCHGEAR_{name.upper()}"
