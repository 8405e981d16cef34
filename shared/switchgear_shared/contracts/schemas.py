"""JSON Schemas in the subset that every known client accepts: no references, no titles."""

from typing import Any

from pydantic import BaseModel

_LIMITS = (
    "default",
    "maximum",
    "maxItems",
    "maxLength",
    "minimum",
    "minItems",
    "minLength",
    "pattern",
)


def closed_input_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a tool's arguments: one closed object, references inlined.

    An optional argument is one that may be left out; null for it means the same and is taken
    out before validation, so null need not appear in the schema.
    """
    schema = _tidy(model.model_json_schema(mode="validation"), nullable=False)
    schema.pop("description", None)
    schema.setdefault("properties", {})
    schema["additionalProperties"] = False
    return schema


def output_schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return the schema of a tool's answer, references inlined, nulls kept.

    What bounds a value or closes an object is left out: an answer keeps to it, a model has no use
    for it, and a client need not refuse what a later version adds.
    A nullable value is an `anyOf` of two single types: a list under `type` is legal, but clients
    that map schemas onto a dialect with one type drop it.
    """
    schema = _tidy(model.model_json_schema(mode="serialization"), nullable=True)
    schema.pop("description", None)
    return schema


def has_property(schema: Any, name: str) -> bool:
    """Say whether an object anywhere in an inlined schema has a property of this name."""
    if isinstance(schema, list):
        return any(has_property(item, name) for item in schema)
    if not isinstance(schema, dict):
        return False
    return name in schema.get("properties", ()) or any(
        has_property(value, name) for value in schema.values()
    )


def _tidy(schema: dict[str, Any], *, nullable: bool) -> dict[str, Any]:
    definitions = schema.pop("$defs", {})
    return _inlined(schema, definitions, nullable=nullable, inside=())


def _inlined(
    node: Any, definitions: dict[str, Any], *, nullable: bool, inside: tuple[str, ...]
) -> Any:
    if isinstance(node, list):
        return [_inlined(item, definitions, nullable=nullable, inside=inside) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[1]
        if name in inside:
            raise TypeError(f"{name} refers to itself: a client cannot be given its schema")
        target = {**definitions[name], **{k: v for k, v in node.items() if k != "$ref"}}
        target.pop("title", None)
        if "description" not in node:
            target.pop("description", None)
        return _inlined(target, definitions, nullable=nullable, inside=(*inside, name))
    result: dict[str, Any] = {}
    for key, value in node.items():
        if key == "properties":
            result[key] = {
                name: _inlined(sub, definitions, nullable=nullable, inside=inside)
                for name, sub in value.items()
            }
        elif _is_dropped(key, value, nullable=nullable):
            continue
        elif key in ("enum", "const", "default", "required", "examples"):
            result[key] = value
        else:
            result[key] = _inlined(value, definitions, nullable=nullable, inside=inside)
    return result if nullable else _without_null_choice(result)


def _is_dropped(key: str, value: Any, *, nullable: bool) -> bool:
    if nullable:
        return key in ("title", "additionalProperties") or key in _LIMITS
    return key == "title" or (key == "default" and value is None)


def _without_null_choice(node: dict[str, Any]) -> dict[str, Any]:
    choices = node.get("anyOf")
    if not choices or {"type": "null"} not in choices:
        return node
    rest = [choice for choice in choices if choice != {"type": "null"}]
    outer = {key: value for key, value in node.items() if key != "anyOf"}
    return {**outer, "anyOf": rest} if len(rest) > 1 else {**rest[0], **outer}
