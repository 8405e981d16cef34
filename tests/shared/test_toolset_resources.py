"""Declaring resources and prompts, and what they become for clients."""

from typing import Annotated, Any

import pytest
from pydantic import Field

from switchgear_shared.toolset import ResourceBody, Toolset

Text = Annotated[str, Field(description="Words.")]


def with_resource() -> Toolset[Any]:
    tools = Toolset[Any]()

    @tools.resource(
        "demo://things/{thing_id}/text",
        permission="demo.thing.read",
        mime_type="text/plain",
        name="demo_thing_text",
    )
    async def text(backend: Any, thing_id: Text) -> ResourceBody:
        """Read a thing."""
        return ResourceBody(text=f"{backend} {thing_id}")

    del text
    return tools


@pytest.mark.parametrize(
    ("uri", "variables"),
    [
        ("demo://things/t-1/text", {"thing_id": "t-1"}),
        ("demo://things/%2e%2e/text", {"thing_id": "%2e%2e"}),
        ("demo://things//text", None),
        ("demo://things/a/b/text", None),
        ("demo://things/t-1/text/", None),
        ("demo://things/t-1/texts", None),
        ("xdemo://things/t-1/text", None),
        ("demo://things/" + "x" * 201 + "/text", None),
    ],
)
def test_a_resource_is_told_by_its_whole_uri(uri: str, variables: dict[str, str] | None) -> None:
    (resource,) = with_resource().resources

    assert resource.match(uri) == variables


def test_a_resource_is_read_as_a_tool_that_is_not_listed() -> None:
    tools = with_resource()

    assert (tools.listed(), tools.tools["demo_thing_text"].effect) == ([], "read")


def test_declaring_a_resource_again_replaces_it() -> None:
    tools = with_resource()
    again = with_resource().resources[0]
    tools.resource(again.uri, permission="demo.other.read", mime_type="text/plain", name="demo_o")(
        again.tool.function  # type: ignore[arg-type]
    )

    assert [resource.tool.permission for resource in tools.resources] == ["demo.other.read"]


def test_a_copy_stays_as_it_is() -> None:
    tools = with_resource()
    copy = tools.copy()

    @tools.prompt("plan")
    def plan(goal: Text, style: Annotated[str, Field(description="How.")] = "short") -> str:
        """Plan for a goal."""
        return f"{goal} {style}"

    assert (plan("a"), list(copy.prompts), list(tools.prompts)) == ("a short", [], ["plan"])
    assert [(b.name, b.description, b.required) for b in tools.prompts["plan"].arguments] == [
        ("goal", "Words.", True),
        ("style", "How.", False),
    ]
