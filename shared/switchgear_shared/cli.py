"""The `switchgear` command: run the suite, and operate it."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Literal

import typer

from switchgear_shared import serving
from switchgear_shared.commands import governance, operations, running, setup, writes
from switchgear_shared.commands.console import run, settings_with
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.observability import logs, traces
from switchgear_shared.part import installed_servers

app = typer.Typer(
    name="switchgear", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
governance.register(app)
operations.register(app)
writes.register(app)
setup.register(app)
try:
    for _point in entry_points(group="switchgear.commands"):
        _point.load()(app)
except SwitchgearError as _error:  # an installed package that cannot be used
    sys.exit(f"{_error.code}: {_error.message}")


@app.callback()
def before() -> None:
    """Run the suite, and operate it."""
    logs.configure("warning")


Data = Annotated[Path | None, typer.Option("--data", help="Data directory.")]
Port = Annotated[int | None, typer.Option("--port", help="Port; 0 takes any.")]
DemoData = Annotated[bool, typer.Option("--demo-data", help="Fill empty databases.")]


@app.command()
def up(
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Port = None,
    data: Data = None,
    isolate: Annotated[
        bool, typer.Option("--isolate", help="A process of its own for each server.")
    ] = False,
    demo_data: DemoData = False,
) -> None:
    """Run every installed server behind the registry."""
    settings = settings_with(data=data, host=host, port=port)
    _configure(settings.log_level, settings.otlp_endpoint)
    run(running.up(settings, isolate=isolate, demo_data=demo_data))


@app.command()
def serve(
    name: Annotated[str, typer.Argument(help="crm, erp, inventory, documents, …")],
    transport: Annotated[
        Literal["stdio", "sse", "http"],
        typer.Option("--transport", help="http serves Streamable HTTP and SSE alike."),
    ] = "stdio",
    port: Port = None,
    data: Data = None,
    demo_data: DemoData = False,
) -> None:
    """Run one server alone."""
    settings = settings_with(data=data, port=port)
    _configure(settings.log_level, settings.otlp_endpoint)
    if transport == "stdio":
        run(serving.serve_stdio(settings, name, demo_data=demo_data))
    else:
        run(serving.serve_http(settings, [name], demo_data=demo_data))


@app.command()
def worker(data: Data = None) -> None:
    """Handle events only."""
    settings = settings_with(data=data)
    _configure(settings.log_level, settings.otlp_endpoint)
    run(serving.work(settings, installed_servers()))


@app.command()
def demo(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object at the end.")] = False,
) -> None:
    """Run the story of the README on its own state, and check every claim in it."""
    from switchgear_shared.demo import story  # noqa: PLC0415 - brings a client and more

    logs.configure("error")
    raise typer.Exit(run(story.run(as_json=as_json)))


def _configure(level: logs.LogLevel, otlp_endpoint: str | None) -> None:
    logs.configure(level)
    traces.configure(otlp_endpoint, "switchgear")


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
