"""How answers describe themselves to a model: in few words, since every list of tools has them."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import ConfigDict, WithJsonSchema

from switchgear_shared.contracts.model import Contract
from switchgear_shared.contracts.pages import Page
from switchgear_shared.contracts.results import WriteResult
from switchgear_shared.contracts.values import Money


def _shortened(schema: dict[str, Any]) -> None:
    """Leave out what an answer always keeps to: every field is there."""
    schema.pop("required", None)


class Answer(Contract):
    """An answer, or a part of one."""

    model_config = ConfigDict(json_schema_extra=_shortened)


Amount = Annotated[
    Money,
    WithJsonSchema(
        {
            "type": "object",
            "properties": {"amount": {"type": "string"}, "currency": {"type": "string"}},
        },
        mode="serialization",
    ),
]
"""Money in an answer."""


def word() -> WithJsonSchema:
    """Return the schema of a word from a list that the tools' arguments have."""
    return WithJsonSchema({"type": "string"}, mode="serialization")


def fields_of(*fields: str) -> WithJsonSchema:
    """Return the schema of an object with these fields."""
    return WithJsonSchema(_named(fields), mode="serialization")


def rows_of(*fields: str) -> WithJsonSchema:
    """Return the schema of rows of these fields."""
    return WithJsonSchema({"type": "array", "items": _named(fields)}, mode="serialization")


def part_of(*fields: str) -> WithJsonSchema:
    """Return the schema of a part of an answer: null, or rows of these fields."""
    rows = {"type": "array", "items": _named(fields)}
    return WithJsonSchema({"anyOf": [rows, {"type": "null"}]}, mode="serialization")


def _named(fields: Iterable[str]) -> dict[str, Any]:
    return {"type": "object", "description": ", ".join(fields)}


def _without_words(schema: dict[str, Any]) -> None:
    _shortened(schema)
    for name in ("next_cursor", "total", "truncated"):
        schema["properties"][name].pop("description", None)


class Listing(Page):
    """One page of a list of the ERP."""

    model_config = ConfigDict(json_schema_extra=_without_words)


def _without_rows(schema: dict[str, Any]) -> None:
    _shortened(schema)
    for name in ("ref", "replayed"):
        schema["properties"][name].pop("description", None)
    schema["properties"]["preview"] = {
        "anyOf": [
            _named(("preview_digest", "effects")),
            {"type": "null"},
        ]
    }


class Written(WriteResult):
    """What a write of the ERP did."""

    model_config = ConfigDict(json_schema_extra=_without_rows)

    @classmethod
    def of(cls, result: WriteResult) -> "Written":
        """Return the result of any backend as the tools answer it."""
        return cls(**dict(result))
