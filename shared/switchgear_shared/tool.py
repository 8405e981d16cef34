"""One tool, resource or prompt as its server declares it."""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast, get_origin, get_type_hints

import jsonschema_rs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.freshness import Freshness
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.schemas import closed_input_schema, output_schema
from switchgear_shared.errors import InvalidRequestError

Effect = Literal["read", "write", "forward"]
Cost = Literal["light", "normal", "heavy"]
Facts = Callable[[Any, Caller, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
"""Looks up what a policy needs to know of the records that the arguments name."""

IdempotencyKey = Annotated[
    str,
    Field(
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
        description="The same again answers the first result.",
    ),
]
DryRun = Annotated[bool, Field(description="Only show effects and preview_digest.")]
PreviewDigest = Annotated[
    str, Field(pattern="^[0-9a-f]{64}$", description="From a dry run: conflict if records moved.")
]

WRITE_ARGUMENTS = ("idempotency_key", "dry_run", "preview_digest")
"""The arguments every write takes; the pipeline reads them, the tool never sees them."""


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool as its server declares it."""

    name: str
    description: str
    permission: str
    effect: Effect
    idempotent: bool
    destructive: bool
    cost: Cost
    untrusted: bool
    listed: bool
    arguments: type[BaseModel]
    result: type[BaseModel]
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    validator: jsonschema_rs.Validator
    function: Callable[..., Awaitable[BaseModel]]
    wants_caller: str | None
    needs_backend: bool
    """False for a function that names its first parameter `_backend`: it runs unprotected."""
    facts: Facts | None

    @property
    def title(self) -> str:
        """The name as people read it: `Find accounts`."""
        return " ".join(self.name.split("_")[1:]).capitalize()

    def check(self, arguments: Mapping[str, Any]) -> None:
        """Raise InvalidRequestError for what a schema cannot say, such as an unknown currency."""
        try:
            self.arguments.model_validate(dict(arguments))
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            path = ".".join(str(part) for part in problem["loc"])
            raise InvalidRequestError(f"{path}: {problem['msg']}", field=path) from error

    async def run(self, backend: Any, caller: Caller, arguments: Mapping[str, Any]) -> BaseModel:
        """Call the function with arguments that `validator` has accepted."""
        kept = {key: value for key, value in arguments.items() if key not in WRITE_ARGUMENTS}
        model = self.arguments.model_validate(kept)
        values = {name: getattr(model, name) for name in model.model_fields_set}
        if self.wants_caller is not None:
            values[self.wants_caller] = caller
        return await self.function(backend, **values)


@dataclass(frozen=True, slots=True)
class ResourceTemplate:
    """A resource that a client reads by URI; `tool` governs the read like any call."""

    uri: str
    title: str
    description: str
    mime_type: str
    tool: Tool

    @property
    def is_template(self) -> bool:
        """Whether the URI has parts to fill in."""
        return "{" in self.uri

    def match(self, uri: str) -> dict[str, str] | None:
        """Return the template's variables in `uri`, or None where it is another resource."""
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]{1,200})", re.escape(self.uri))
        found = re.fullmatch(pattern, uri)
        return found.groupdict() if found else None


class ResourceBody(BaseModel):
    """What reading a resource gives: text, or bytes in base64."""

    text: str | None = None
    blob: str | None = None
    mime_type: str | None = None


@dataclass(frozen=True, slots=True)
class PromptArgument:
    """One blank of a prompt."""

    name: str
    description: str
    required: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """A task that people ask for, ready to be handed to a model."""

    name: str
    description: str
    arguments: tuple[PromptArgument, ...]
    render: Callable[..., str]


def tool_of(
    function: Callable[..., Awaitable[BaseModel]],
    *,
    name: str,
    permission: str,
    effect: Effect,
    idempotent: bool,
    destructive: bool,
    cost: Cost,
    untrusted: bool,
    listed: bool,
    facts: Facts | None,
) -> Tool:
    """Build a tool from its function: schemas from the signature, the prompt from the docstring."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    wants_caller = None
    backend, *own = inspect.signature(function).parameters.values()
    for parameter in own:
        if hints[parameter.name] is Caller:
            wants_caller = parameter.name
            continue
        required = parameter.default is inspect.Parameter.empty
        fields[parameter.name] = (hints[parameter.name], ... if required else parameter.default)
    arguments = create_model(f"{name}_arguments", __base__=_Arguments, **fields)
    shown = arguments
    if effect == "write":
        shown = create_model(
            f"{name}_write_arguments",
            __base__=arguments,
            idempotency_key=(IdempotencyKey | None, None),
            dry_run=(DryRun | None, None),
            preview_digest=(PreviewDigest | None, None),
        )
    result = cast("type[BaseModel]", hints["return"])
    if effect == "write" and not issubclass(result, WriteResult):
        raise TypeError(f"{name} is a write, so it answers a WriteResult")
    schema = closed_input_schema(shown)
    return Tool(
        name=name,
        description=docstring(function),
        permission=permission,
        effect=effect,
        idempotent=idempotent,
        destructive=destructive,
        cost=cost,
        untrusted=untrusted,
        listed=listed,
        arguments=arguments,
        result=result,
        input_schema=schema,
        output_schema=_answer_schema(result, effect=effect),
        validator=jsonschema_rs.validator_for(schema, validate_formats=True),
        function=function,
        wants_caller=wants_caller,
        needs_backend=not backend.name.startswith("_"),
        facts=facts,
    )


def _answer_schema(result: type[BaseModel], *, effect: Effect) -> dict[str, Any]:
    schema = output_schema(result)
    if effect == "read":
        names = ", ".join(Freshness.model_fields)  # every read repeats it: as short as can be
        schema["properties"]["freshness"] = {"type": "object", "description": f"{names}."}
    return schema


def docstring(function: Callable[..., Any]) -> str:
    """Return what a model will read; a programmer who left it out is told so."""
    text = inspect.getdoc(function)
    if not text:
        raise TypeError(f"{function!r} needs a docstring: it is what the model reads")
    return text


def described(hint: Any) -> str:
    """Return the description in an Annotated type, empty where there is none."""
    if get_origin(hint) is Annotated:
        for extra in hint.__metadata__:
            if isinstance(extra, str):
                return extra
            if description := getattr(extra, "description", None):
                return description
    return ""
