"""Commands that connect clients and look whether everything needed is there."""

from __future__ import annotations

import json
import platform
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from switchgear_shared.commands.console import run, settings_with, show
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.part import installed_servers
from switchgear_shared.serving import hosting

Client = Literal["claude-desktop", "vscode", "cursor"]


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    app.command()(connect)
    app.command()(doctor)


def connect(
    client: Annotated[Client, typer.Argument(help="Which client to connect.")],
    data: Annotated[Path | None, typer.Option("--data", help="Data directory.")] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Put it into the client's file; else only show it.")
    ] = False,
) -> None:
    """Show or write the entry by which a desktop client starts the registry over stdio."""
    settings = settings_with(data=data)
    command = shutil.which("switchgear") or str(Path(sys.executable).with_name("switchgear"))
    entry = {
        "command": command,
        "args": ["serve", "registry", "--transport", "stdio"],
        "env": {"SWITCHGEAR_DATA": str(settings.data.resolve())},
    }
    section = "servers" if client == "vscode" else "mcpServers"
    if not write:
        typer.echo(json.dumps({section: {"switchgear": entry}}, indent=2))
        return
    file = _config_file(client)
    known = _known(file)
    known[section] = {**known.get(section, {}), "switchgear": entry}
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_text(json.dumps(known, indent=2) + "\n")
    fresh.replace(file)
    typer.echo(f"wrote {file}; restart {client} to use it")


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    data: Annotated[Path | None, typer.Option("--data", help="Data directory.")] = None,
) -> None:
    """Check that databases open, the broker starts and every server builds."""
    settings = settings_with(data=data)

    async def check() -> list[dict[str, str]]:
        rows: list[dict[str, str]] = []
        try:
            async with hosting(settings, installed_servers()) as (host, runtime):
                rows.append({"check": "databases and servers", "result": "ok"})
                await runtime.start()
                where = "outside" if settings.nats_url else "embedded"
                rows.append({"check": f"broker ({where})", "result": "ok"})
                rows.extend(
                    {"check": f"server {name}", "result": f"{len(server.front.own_tools)} tools"}
                    for name, server in host.servers.items()
                )
                rows.extend(
                    {"check": what, "result": result}
                    for server in host.servers.values()
                    if server.part.findings is not None
                    for what, result in server.part.findings()
                )
        except SwitchgearError as error:
            rows.append({"check": "failed", "result": f"{error.code}: {error.message}"})
        return rows

    rows = run(check())
    show(rows, as_json=as_json, columns=("check", "result"))
    sys.exit(1 if any(row["check"] == "failed" for row in rows) else 0)


def _known(file: Path) -> dict[str, Any]:
    """Return what the client's file says; one that we cannot read is left as it is."""
    try:
        known = json.loads(file.read_text()) if file.exists() else {}
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"{file} is no JSON: {error}") from error
    if not isinstance(known, dict):
        raise typer.BadParameter(f"{file} holds no JSON object")
    return known


def _config_file(client: Client) -> Path:
    home = Path.home()
    if client == "cursor":
        return home / ".cursor" / "mcp.json"
    if client == "vscode":
        return Path.cwd() / ".vscode" / "mcp.json"
    folder = {
        "Darwin": home / "Library" / "Application Support" / "Claude",
        "Windows": home / "AppData" / "Roaming" / "Claude",
    }.get(platform.system(), home / ".config" / "Claude")
    return folder / "claude_desktop_config.json"
