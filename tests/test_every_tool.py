"""One suite that holds every tool of every installed server to the same rules.

SWITCHGEAR_UPDATE_SNAPSHOTS=1 (`make snapshots`) writes the snapshots anew: review the change.
"""

import asyncio
import os
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest

from switchgear_shared.calls.description import ToolDescription, describe
from switchgear_shared.contracts.schemas import has_property
from switchgear_shared.governance.policy_source import check
from switchgear_shared.part import installed_servers
from switchgear_shared.runtime import new_host
from switchgear_shared.testing import settings_for
from switchgear_shared.toolset import WRITE_ARGUMENTS, Toolset

SNAPSHOTS = Path(__file__).parent / "snapshots"
MOST_TOOLS = 18
MOST_TOKENS_SEEN = 4_000
MOST_TOKENS_LISTED = 8_000
BYTES_A_TOKEN = 4
NAME = re.compile(r"[a-z]+(_[a-z]+){1,5}")
PERMISSION = re.compile(r"[a-z]+\.[a-z_]+\.[a-z_]+")
HINTS = ["destructiveHint", "idempotentHint", "openWorldHint", "readOnlyHint", "title"]
COMBINATORS = {"oneOf", "anyOf", "allOf", "not", "if", "then", "else", "enum", "const"}
NOWHERE = {"$ref", "$defs", "definitions", "allOf", "not", "if", "then", "else", "title"}
"""Keywords that some client chokes on: it follows no reference and merges no schemas."""


@cache
def toolsets() -> dict[str, Toolset[Any]]:
    """Return what each installed server offers when a host serves them all."""

    async def opened(data: Path) -> dict[str, Toolset[Any]]:
        host, _ = new_host(settings_for(data))
        await host.open(installed_servers())
        await host.close()
        return {name: server.pipeline.toolset for name, server in host.servers.items()}

    with TemporaryDirectory() as folder:
        return asyncio.run(opened(Path(folder) / "data"))


@cache
def described(server: str) -> list[ToolDescription]:
    return [describe(tool, server) for tool in toolsets()[server].listed()]


SERVERS = list(installed_servers())
TOOLS = [pytest.param(tool, id=tool.name) for server in SERVERS for tool in described(server)]
every_server = pytest.mark.parametrize("server", SERVERS)
every_tool = pytest.mark.parametrize("tool", TOOLS)


def subschemas(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield every schema within a schema, itself first; names of properties are no keywords."""
    if isinstance(schema, list):
        for item in schema:
            yield from subschemas(item)
    elif isinstance(schema, dict):
        yield schema
        for keyword, value in schema.items():
            if keyword == "properties":
                yield from subschemas(list(value.values()))
            elif keyword not in ("default", "enum", "const", "examples", "required"):
                yield from subschemas(value)


def tokens(value: Any) -> float:
    return len(orjson.dumps(value)) / BYTES_A_TOKEN


@every_tool
def test_a_name_says_server_verb_and_noun(tool: ToolDescription) -> None:
    assert NAME.fullmatch(tool.name)
    assert len(tool.name) <= 64
    assert tool.name.startswith(f"{tool.server}_")


@every_tool
def test_a_description_says_what_when_and_how_it_fails(tool: ToolDescription) -> None:
    first, blank, *rest = tool.description.split("\n")

    assert len(first) <= 80
    assert first.endswith(".")
    assert blank == ""
    text = " ".join(rest)
    found = re.search(r"\b(Fails with|[Nn]ever fails)\b", text)
    assert found is not None
    assert found.start() > len("Use it.")
    assert tool.description == tool.description.strip()


@every_tool
def test_a_description_holds_no_hidden_characters(tool: ToolDescription) -> None:
    text = orjson.dumps(tool.to_mcp()).decode()

    assert text.isascii() or all(c.isprintable() for c in text)


@every_tool
def test_all_four_hints_are_present(tool: ToolDescription) -> None:
    hints = tool.to_mcp()["annotations"]

    assert sorted(hints) == HINTS
    assert all(isinstance(hints[name], bool) for name in HINTS[:4])
    assert hints["title"] != ""
    if hints["readOnlyHint"]:
        assert (hints["destructiveHint"], hints["idempotentHint"]) == (False, True)


@every_tool
def test_the_output_is_an_object_that_is_described(tool: ToolDescription) -> None:
    assert tool.output_schema["type"] == "object"
    if tool.effect != "forward":  # its answer is that of another tool
        assert tool.output_schema["properties"] != {}
    assert not COMBINATORS & tool.output_schema.keys()
    for schema in subschemas(tool.output_schema):
        assert not {"$ref", "$defs", "definitions"} & schema.keys()
        assert not isinstance(schema.get("type"), list)
    if tool.effect == "read":
        assert "freshness" in tool.output_schema["properties"]


@every_tool
def test_the_input_is_a_closed_object_in_the_subset_of_every_client(tool: ToolDescription) -> None:
    schema = tool.input_schema

    assert (schema["type"], schema["additionalProperties"]) == ("object", False)
    assert not COMBINATORS & schema.keys()
    for part in subschemas(schema):
        assert not NOWHERE & part.keys()
        if "properties" in part:
            assert part["additionalProperties"] is False
            assert set(part.get("required", ())) <= part["properties"].keys()


@every_tool
def test_every_parameter_is_described(tool: ToolDescription) -> None:
    lacking = [
        name
        for name, schema in tool.input_schema["properties"].items()
        if not schema.get("description", "").strip()
    ]

    assert lacking == []


@every_tool
def test_a_list_is_bounded_and_leads_on(tool: ToolDescription) -> None:
    properties = tool.input_schema["properties"]
    if "limit" in properties:
        assert properties["limit"]["minimum"] == 1
        assert properties["limit"]["maximum"] <= 50
        assert properties["limit"]["default"] <= 10
    if "cursor" in properties:
        assert {"items", "next_cursor"} <= tool.output_schema["properties"].keys()


@every_tool
def test_a_write_takes_the_arguments_of_every_write_and_nothing_else_does(
    tool: ToolDescription,
) -> None:
    given = set(WRITE_ARGUMENTS) & tool.input_schema["properties"].keys()

    assert given == (set(WRITE_ARGUMENTS) if tool.effect == "write" else set())
    assert not given & set(tool.input_schema.get("required", ()))
    if tool.effect == "write":
        wanted = {"id", "ref", "state", "version", "changed", "replayed", "preview"}
        assert wanted <= tool.output_schema["properties"].keys()


@every_tool
def test_a_permission_is_of_the_tools_own_server(tool: ToolDescription) -> None:
    assert PERMISSION.fullmatch(tool.permission)
    assert tool.permission.startswith(f"{tool.server}.")
    assert tool.permission.endswith(".read") == (tool.effect == "read")


@every_server
def test_a_server_has_few_tools_and_tells_who_one_is(server: str) -> None:
    names = [tool.name for tool in described(server)]

    assert len(names) <= MOST_TOOLS
    assert f"{server}_whoami" in names
    assert names == sorted(set(names))


@every_server
def test_what_a_model_sees_of_a_server_stays_within_the_budget(server: str) -> None:
    seen = {
        tool.name: tokens(
            {
                "name": tool.name,
                "description": tool.description,
                "inputSchema": tool.input_schema,
            }
        )
        for tool in described(server)
    }

    assert sum(seen.values()) <= MOST_TOKENS_SEEN, sorted(seen.items(), key=lambda item: -item[1])


@every_server
def test_the_whole_list_of_a_server_stays_within_the_budget(server: str) -> None:
    listed = {tool.name: tokens(tool.to_mcp()) for tool in described(server)}

    assert sum(listed.values()) <= MOST_TOKENS_LISTED, sorted(
        listed.items(), key=lambda item: -item[1]
    )


@every_server
def test_resources_prompts_and_completions_are_described(server: str) -> None:
    toolset = toolsets()[server]
    schemas = [tool.input_schema for tool in toolset.tools.values()]
    unasked = [name for name in toolset.completions if not has_property(schemas, name)]

    assert [r.uri for r in toolset.resources if not r.description.strip()] == []
    assert [p.name for p in toolset.prompts.values() if not p.description.strip()] == []
    assert [b for p in toolset.prompts.values() for b in p.arguments if not b.description] == []
    assert unasked == []  # it would always be empty: only who may call a tool with it gets any
    for resource in toolset.resources:
        variables = set(re.findall(r"\{(\w+)\}", resource.uri))
        assert variables == resource.tool.input_schema["properties"].keys(), resource.uri


@every_server
def test_the_tools_are_those_of_the_snapshot(server: str) -> None:
    file = SNAPSHOTS / f"{server}.json"
    now = orjson.dumps(
        [{**tool.to_mcp(), "permission": tool.permission} for tool in described(server)],
        option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE,
    )
    if os.environ.get("SWITCHGEAR_UPDATE_SNAPSHOTS") == "1":
        file.write_bytes(now)

    assert file.exists(), f"no snapshot of {server}: run make snapshots"
    assert orjson.loads(file.read_bytes()) == orjson.loads(now)


def test_no_snapshot_is_of_a_server_that_is_gone() -> None:
    assert sorted(file.stem for file in SNAPSHOTS.glob("*.json")) == SERVERS


def test_no_two_servers_have_a_tool_of_one_name() -> None:
    names = [tool.name for server in SERVERS for tool in described(server)]

    assert len(names) == len(set(names))


def test_the_shipped_policies_speak_only_of_arguments_that_tools_have() -> None:
    schemas = [tool.input_schema for server in SERVERS for tool in described(server)]

    assert check(None, schemas) == []


def test_the_tools_that_the_shipped_policies_name_exist() -> None:
    shipped = Path(str(import_module("switchgear_shared.governance").__file__)).parent / "policies"
    text = (shipped / "default.cedar").read_text(encoding="utf-8")
    named = set(re.findall(r'Tool::"([a-z_]+)"', text))

    served = {name for server in SERVERS for name in toolsets()[server].tools}
    assert named - served == set()
