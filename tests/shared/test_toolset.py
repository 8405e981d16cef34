"""Declaring tools: what a signature becomes for clients, validation and policy."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any

import jsonschema_rs
import pytest
from pydantic import Field

from switchgear_shared.calls.authorization import pin_of
from switchgear_shared.calls.description import describe
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import CorrelationId, Money, TenantId
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.toolset import WRITE_ARGUMENTS, Tool, Toolset

CALLER = Caller(
    tenant=TenantId("default"),
    principal_id="saver",
    requested_by="saver",
    correlation_id=CorrelationId("cor_1"),
)
MONEY = {
    "type": "object",
    "properties": {
        "amount": {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"},
        "currency": {
            "type": "string",
            "pattern": "^[A-Z]{3}$",
            "description": "ISO 4217 code, such as EUR.",
        },
    },
    "required": ["amount", "currency"],
    "additionalProperties": False,
}


class Color(StrEnum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


class Line(Contract):
    """A record within."""

    title: str
    price: Money | None = None


class Answer(Contract):
    """What tools answer."""

    text: str
    parent: Line | None = None


class Endless(Contract):
    """A record that refers to itself."""

    child: "Endless | None" = None


Text = Annotated[str, Field(description="Words.")]


def declared(toolset: Toolset[Any]) -> Tool:
    (tool,) = toolset.tools.values()
    return tool


def a_read() -> Tool:
    tools = Toolset[Any]()

    @tools.read(permission="demo.thing.read")
    async def demo_find_things(
        backend: Any,
        caller: Caller,
        title: Text,
        color: Annotated[Color | None, Field(description="Which.")] = None,
        since: Annotated[date | None, Field(description="From when.")] = None,
        lines: Annotated[tuple[Line, ...], Field(description="Rows.")] = (),
        limit: Annotated[int, Field(ge=1, le=50, description="Most.")] = 10,
    ) -> Answer:
        """Find things.

        Use it. Never fails.
        """
        told = (backend, caller.principal_id, title, color, since, len(lines), limit)
        return Answer(text=repr(told))

    del demo_find_things
    return declared(tools)


def a_write(*, destructive: bool = False, idempotent: bool = False) -> Tool:
    tools = Toolset[Any]()

    @tools.write(permission="demo.thing.change", idempotent=idempotent, destructive=destructive)
    async def demo_change_thing(_backend: Any, title: Text) -> WriteResult:
        """Change a thing.

        Use it. Never fails.
        """
        return WriteResult(id="t-1", state=title, version="1")

    del demo_change_thing
    return declared(tools)


def test_a_signature_becomes_a_closed_schema_without_references() -> None:
    """The backend and the caller are not the model's to give."""
    assert a_read().input_schema == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "Words."},
            "color": {"type": "string", "enum": ["red", "blue"], "description": "Which."},
            "since": {"type": "string", "format": "date", "description": "From when."},
            "lines": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"title": {"type": "string"}, "price": MONEY},
                    "required": ["title"],
                    "additionalProperties": False,
                },
                "default": [],
                "description": "Rows.",
            },
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": 50,
                "default": 10,
                "description": "Most.",
            },
        },
        "required": ["title"],
        "additionalProperties": False,
    }


def test_the_output_schema_takes_the_answer_as_it_is_written() -> None:
    schema = a_read().output_schema
    written = Answer(text="a", parent=Line(title="b")).model_dump(mode="json")
    label = {"source": "live", "as_of": "2026-11-23T12:00:00Z", "age_s": 0.0, "stale": False}

    jsonschema_rs.validator_for(schema).validate({**written, "freshness": label})
    assert sorted(schema["properties"]) == ["freshness", "parent", "text"]


async def test_a_tool_gets_its_arguments_as_their_types_and_its_own_defaults() -> None:
    arguments = {"title": "a", "since": "2026-11-23", "lines": [{"title": "b"}]}

    answer = await a_read().run("backend", CALLER, arguments)

    told = ("backend", "saver", "a", None, date(2026, 11, 23), 1, 10)
    assert answer == Answer(text=repr(told))


async def test_a_write_never_sees_the_arguments_of_every_write() -> None:
    tool = a_write()
    arguments = {"title": "new", "idempotency_key": "k", "dry_run": True, "preview_digest": "0"}

    assert await tool.run(None, CALLER, arguments) == WriteResult(
        id="t-1", state="new", version="1"
    )
    assert set(WRITE_ARGUMENTS) <= tool.input_schema["properties"].keys()
    assert tool.input_schema["required"] == ["title"]


def test_what_only_the_model_of_the_arguments_refuses_names_the_field() -> None:
    price = {"amount": "1", "currency": "QQQ"}

    with pytest.raises(InvalidRequestError, match=r"lines\.0\.price\.currency: .*QQQ") as refused:
        a_read().check({"title": "a", "lines": [{"title": "b", "price": price}]})

    assert refused.value.field == "lines.0.price.currency"


@pytest.mark.parametrize(
    ("tool", "hints"),
    [
        (a_read(), (True, False, True, False)),
        (a_write(), (False, False, False, False)),
        (a_write(destructive=True, idempotent=True), (False, True, True, False)),
    ],
)
def test_the_hints_follow_from_the_declaration(tool: Tool, hints: tuple[bool, ...]) -> None:
    shown = describe(tool, "demo").hints
    names = ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint")

    assert tuple(shown[name] for name in names) == hints


def test_a_pin_changes_with_whatever_a_client_decides_by() -> None:
    pins = {
        pin_of(tool)
        for tool in (a_write(), a_write(destructive=True), a_write(idempotent=True), a_read())
    }

    assert len(pins) == 4
    assert pin_of(a_write()) == pin_of(a_write())


def test_a_first_parameter_that_is_not_used_says_that_no_backend_is_needed() -> None:
    assert (a_read().needs_backend, a_write().needs_backend) == (True, False)


def test_a_tool_without_a_docstring_is_a_mistake() -> None:
    tools = Toolset[Any]()

    async def demo_get_thing(backend: Any) -> Answer:
        return Answer(text=str(backend))

    with pytest.raises(TypeError, match="needs a docstring"):
        tools.read(permission="demo.thing.read")(demo_get_thing)


def test_a_write_that_answers_anything_else_is_a_mistake() -> None:
    tools = Toolset[Any]()

    async def demo_change_thing(backend: Any) -> Answer:
        """Change a thing."""
        return Answer(text=str(backend))

    with pytest.raises(TypeError, match="answers a WriteResult"):
        tools.write(permission="demo.thing.change", idempotent=True)(demo_change_thing)


def test_an_answer_that_refers_to_itself_is_a_mistake() -> None:
    tools = Toolset[Any]()

    async def demo_get_tree(backend: Any) -> Endless:
        """Get a tree."""
        del backend
        return Endless()

    with pytest.raises(TypeError, match="refers to itself"):
        tools.read(permission="demo.tree.read")(demo_get_tree)
