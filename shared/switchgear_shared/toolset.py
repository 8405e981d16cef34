"""Declare a tool once: contract, permission, annotations, cost; nothing of it is repeated."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast, get_type_hints

from pydantic import BaseModel

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.tool import (
    WRITE_ARGUMENTS,
    Cost,
    Effect,
    Facts,
    Prompt,
    PromptArgument,
    ResourceBody,
    ResourceTemplate,
    Tool,
    described,
    docstring,
    tool_of,
)

__all__ = [
    "WRITE_ARGUMENTS",
    "Effect",
    "Facts",
    "Prompt",
    "ResourceBody",
    "ResourceTemplate",
    "Tool",
    "Toolset",
]

BackendT = TypeVar("BackendT")

Complete = Callable[[BackendT, Caller, str], Awaitable[list[str]]]
"""Given what was typed so far, the values that continue it, best first."""


@dataclass
class Toolset(Generic[BackendT]):
    """All that one server offers; its tools' first parameter is the port they speak to."""

    tools: dict[str, Tool] = field(default_factory=dict)
    resources: list[ResourceTemplate] = field(default_factory=list)
    prompts: dict[str, Prompt] = field(default_factory=dict)
    completions: dict[str, Complete[Any]] = field(default_factory=dict)

    def copy(self) -> "Toolset[BackendT]":
        """Return a set that later declarations on this one leave as it is."""
        return Toolset(
            dict(self.tools), list(self.resources), dict(self.prompts), dict(self.completions)
        )

    def read(
        self,
        *,
        permission: str,
        cost: Cost = "normal",
        untrusted: bool = False,
        facts: Facts | None = None,
        listed: bool = True,
    ) -> Callable[[Callable[..., Awaitable[BaseModel]]], Callable[..., Awaitable[BaseModel]]]:
        """Declare a tool that changes nothing.

        `untrusted`: the answer carries others' text. For `listed` see `write`.
        """
        return self._declare(
            permission=permission,
            effect="read",
            idempotent=True,
            destructive=False,
            cost=cost,
            untrusted=untrusted,
            facts=facts,
            listed=listed,
        )

    def write(
        self,
        *,
        permission: str,
        idempotent: bool,
        destructive: bool = False,
        cost: Cost = "normal",
        untrusted: bool = False,
        facts: Facts | None = None,
        listed: bool = True,
    ) -> Callable[[Callable[..., Awaitable[BaseModel]]], Callable[..., Awaitable[BaseModel]]]:
        """Declare a tool that changes records.

        Args:
            permission: `server.noun.verb`.
            idempotent: whether a second identical call changes nothing more, key or no key.
            destructive: whether it undoes or removes what cannot be had back by another call.
            cost: its weight in the rate limit.
            untrusted: whether a preview shows records that carry others' text.
            facts: looks up what policies should know of the records named.
            listed: False for one that REST and commands call, and that models never see.
        """
        return self._declare(
            permission=permission,
            effect="write",
            idempotent=idempotent,
            destructive=destructive,
            cost=cost,
            untrusted=untrusted,
            facts=facts,
            listed=listed,
        )

    def forward(
        self, *, permission: str
    ) -> Callable[[Callable[..., Awaitable[BaseModel]]], Callable[..., Awaitable[BaseModel]]]:
        """Declare a tool that calls another one, whose own server governs the call."""
        return self._declare(
            permission=permission,
            effect="forward",
            idempotent=False,
            destructive=True,
            cost="light",
            untrusted=False,
            facts=None,
            listed=True,
        )

    def resource(
        self, uri: str, *, permission: str, mime_type: str, name: str, untrusted: bool = False
    ) -> Callable[[Callable[..., Awaitable[ResourceBody]]], Callable[..., Awaitable[ResourceBody]]]:
        """Declare a resource under `uri`; its docstring describes it, `name` audits it.

        `untrusted`: its contents are others' text.
        """

        def declare(
            function: Callable[..., Awaitable[ResourceBody]],
        ) -> Callable[..., Awaitable[ResourceBody]]:
            tool = tool_of(
                function,
                name=name,
                permission=permission,
                effect="read",
                idempotent=True,
                destructive=False,
                cost="normal",
                untrusted=untrusted,
                listed=False,
                facts=None,
            )
            self.tools[name] = tool
            self.resources[:] = [known for known in self.resources if known.uri != uri]
            title = name.split("_", 1)[1].replace("_", " ").capitalize()
            self.resources.append(ResourceTemplate(uri, title, tool.description, mime_type, tool))
            return function

        return declare

    def prompt(self, name: str) -> Callable[[Callable[..., str]], Callable[..., str]]:
        """Declare a prompt: a function from its blanks (strings) to the text for the model."""

        def declare(function: Callable[..., str]) -> Callable[..., str]:
            hints = get_type_hints(function, include_extras=True)
            arguments = tuple(
                PromptArgument(
                    parameter.name,
                    described(hints[parameter.name]),
                    required=parameter.default is inspect.Parameter.empty,
                )
                for parameter in inspect.signature(function).parameters.values()
            )
            self.prompts[name] = Prompt(name, docstring(function), arguments, function)
            return function

        return declare

    def complete(self, argument: str) -> Callable[[Complete[BackendT]], Complete[BackendT]]:
        """Declare how an argument of prompts and resource templates is completed."""

        def declare(function: Complete[BackendT]) -> Complete[BackendT]:
            self.completions[argument] = function
            return function

        return declare

    def listed(self) -> list[Tool]:
        """Return the tools that clients see, by name."""
        return sorted((t for t in self.tools.values() if t.listed), key=lambda tool: tool.name)

    def _declare(
        self,
        *,
        permission: str,
        effect: Effect,
        idempotent: bool,
        destructive: bool,
        cost: Cost,
        untrusted: bool,
        facts: Facts | None,
        listed: bool,
    ) -> Callable[[Callable[..., Awaitable[BaseModel]]], Callable[..., Awaitable[BaseModel]]]:
        def declare(
            function: Callable[..., Awaitable[BaseModel]],
        ) -> Callable[..., Awaitable[BaseModel]]:
            name = cast("Any", function).__name__
            self.tools[name] = tool_of(
                function,
                name=name,
                permission=permission,
                effect=effect,
                idempotent=idempotent,
                destructive=destructive,
                cost=cost,
                untrusted=untrusted,
                listed=listed,
                facts=facts,
            )
            return function

        return declare
