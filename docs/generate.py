"""Write what the documentation says of the code: tables between markers, and the AsyncAPI file."""
# ruff: noqa: INP001 - a script: no package

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic.fields import FieldInfo

from switchgear_shared import errors
from switchgear_shared.calls.authorization import ToolPins
from switchgear_shared.contracts.asyncapi import asyncapi
from switchgear_shared.contracts.event_data import EVENT_DATA
from switchgear_shared.errors import SwitchgearError
from switchgear_shared.governance.identity import DEFAULT_AGENTS
from switchgear_shared.governance.policy import Policies
from switchgear_shared.server import Server
from switchgear_shared.serving import hosting
from switchgear_shared.settings import Settings
from switchgear_shared.toolset import Tool

ROOT = Path(__file__).resolve().parent.parent
SERVERS = ("crm", "documents", "erp", "inventory", "registry", "workflows")
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


@dataclass(frozen=True, slots=True)
class Suite:
    """The servers of this repository as they are composed, and the policies over them."""

    servers: Mapping[str, Server]
    policies: Policies


async def suite() -> Suite:
    """Compose every server on a data directory of its own, whatever the environment says."""
    with tempfile.TemporaryDirectory(prefix="switchgear-docs-") as folder:
        settings = Settings.model_construct(data=Path(folder))
        async with hosting(settings, SERVERS) as (host, _):
            return Suite(dict(host.servers), host.policies)


def documents(found: Suite) -> dict[Path, str]:
    """Return every generated file with the text it should have."""
    tables = {
        ROOT / "docs/settings.md": {"settings": settings_table()},
        ROOT / "docs/errors.md": {"errors": errors_table()},
        ROOT / "docs/events.md": {"events": events_table(found)},
        ROOT / "docs/permissions.md": {
            "parties": parties_table(),
            "permissions": permissions_table(found),
        },
    }
    for name, server in found.servers.items():
        tables[ROOT / "servers" / name / "README.md"] = {"tools": tools_section(server)}
    written = {path: _filled(path, parts) for path, parts in tables.items()}
    schema = json.dumps(asyncapi(), indent=2, ensure_ascii=False) + "\n"
    return {**written, ROOT / "docs/asyncapi.json": schema}


def settings_table() -> str:
    """Return every setting with its default, what it may be, and its meaning."""
    rows = [
        (
            f"`SWITCHGEAR_{name.upper()}`",
            _default(field.default),
            _allowed(field),
            field.description or "",
        )
        for name, field in Settings.model_fields.items()
    ]
    return _table(("setting", "default", "value", "meaning"), rows)


def errors_table() -> str:
    """Return every error code; `SwitchgearError` itself is never raised."""
    rows = [
        (f"`{kind.code}`", "yes" if kind.retryable else "no", _first_line(kind), f"`{name}`")
        for name, kind in sorted(_errors().items(), key=lambda item: item[1].code)
    ]
    return _table(("code", "retryable", "meaning", "class"), rows)


def events_table(found: Suite) -> str:
    """Return every type of event, its data, and who handles it."""
    consumers = [c for server in found.servers.values() for c in server.part.consumers]
    rows = [
        (
            f"`{event_type}`",
            _first_line(model),
            ", ".join(f"`{name}`" for name in model.model_fields),
            ", ".join(f"`{c.name}`" for c in consumers if c.event_type == event_type) or "nobody",
        )
        for event_type, model in sorted(EVENT_DATA.items())
    ]
    return _table(("type", "says", "data", "handled by"), rows)


def parties_table() -> str:
    """Return the parties that every installation begins with."""
    rows = [
        (f"`{agent.id}`", agent.kind, _codes(agent.roles), _codes(agent.scopes))
        for agent in DEFAULT_AGENTS
    ]
    return _table(("party", "kind", "role", "scopes"), rows)


def permissions_table(found: Suite) -> str:
    """Return every permission, what it opens, and which of the shipped parties have it."""
    opened: dict[str, list[tuple[str, Tool]]] = {}
    for name, server in found.servers.items():
        for tool in server.pipeline.toolset.tools.values():
            opened.setdefault(tool.permission, []).append((name, tool))
    rows: list[tuple[str, ...]] = []
    for permission, tools in sorted(opened.items()):
        holders = [
            agent.id
            for agent in DEFAULT_AGENTS
            if any(
                found.policies.permits_listing(agent.principal, ToolPins(name).facts(tool))
                for name, tool in tools
            )
        ]
        effects = sorted({tool.effect for _, tool in tools})
        rows.append(
            (
                f"`{permission}`",
                ", ".join(effects),
                _codes(sorted(_shown(name, tool, found) for name, tool in tools)),
                ", ".join(holders),
            )
        )
    return _table(("permission", "effect", "opens", "shipped parties"), rows)


def tools_section(server: Server) -> str:
    """Return a server's tools, and in a line each its resources, prompts and completions."""
    toolset = server.pipeline.toolset
    rows = [
        (f"`{tool.name}`", tool.description.splitlines()[0], f"`{tool.permission}`", _effect(tool))
        for tool in toolset.listed()
    ]
    lines = [_table(("tool", "does", "permission", "effect"), rows)]
    lines.append(f"Resources: {_codes(sorted(r.uri for r in toolset.resources))}.")
    if toolset.prompts:
        prompts = [
            f"{name}({', '.join(a.name for a in prompt.arguments)})"
            for name, prompt in sorted(toolset.prompts.items())
        ]
        lines.append(f"Prompts: {_codes(prompts)}.")
    if toolset.completions:
        lines.append(f"Completions: {_codes(sorted(toolset.completions))}.")
    return "\n\n".join(lines)


def _errors() -> dict[str, type[SwitchgearError]]:
    """Return the classes of errors.py; what a server derives from them has their codes."""
    return {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type)
        and issubclass(kind, SwitchgearError)
        and kind is not SwitchgearError
    }


def _shown(server: str, tool: Tool, found: Suite) -> str:
    """Return a tool's name, or the URI of the resource that it stands for."""
    resources = found.servers[server].pipeline.toolset.resources
    return next((r.uri for r in resources if r.tool is tool), tool.name)


def _effect(tool: Tool) -> str:
    notes = [tool.effect]
    if tool.effect == "write" and tool.idempotent:
        notes.append("idempotent")
    if tool.effect == "write" and tool.destructive:
        notes.append("destructive")
    return ", ".join(notes)


def _default(value: Any) -> str:
    if value is None or value in ((), {}):
        return "none"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _allowed(field: FieldInfo) -> str:
    annotation = field.annotation
    if get_origin(annotation) is dict:
        return "JSON object of numbers"
    choices = get_args(annotation)
    if choices and all(isinstance(choice, str) for choice in choices):
        return _codes(choices)
    names = [
        {
            "Path": "path",
            "str": "text",
            "int": "integer",
            "float": "number",
            "Decimal": "number",
            "bool": "true or false",
            "SecretStr": "secret",
        }[getattr(part, "__name__", "str")]
        for part in (choices or (annotation,))
        if part is not type(None) and part is not Ellipsis
    ]
    kind = "JSON list of text" if annotation == tuple[str, ...] else " or ".join(names)
    bounds = [
        f"{words} {getattr(constraint, bound):g}"
        for constraint in field.metadata
        for bound, words in _BOUNDS.items()
        if getattr(constraint, bound, None) is not None
    ]
    return ", ".join([kind, *bounds])


def _first_line(thing: type) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]


def _codes(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _filled(path: Path, parts: Mapping[str, str]) -> str:
    """Return the file's text with each part between its own pair of markers."""
    text = path.read_text(encoding="utf-8")
    for name, part in parts.items():
        start, end = f"<!-- generated: {name} -->", "<!-- end -->"
        pattern = re.compile(re.escape(start) + r".*?" + re.escape(end), re.DOTALL)
        if len(pattern.findall(text)) != 1:
            raise ValueError(f"{path} needs one pair of markers {start} … {end}")
        text = pattern.sub(lambda _: f"{start}\n\n{part}\n\n{end}", text)  # noqa: B023 - used at once
    return text


def main() -> None:
    """Bring every generated file up to date."""
    for path, text in documents(asyncio.run(suite())).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
