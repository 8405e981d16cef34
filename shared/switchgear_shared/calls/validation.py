"""Strict validation: what policy and backend see is exactly what the closed schema accepts."""

import math
import unicodedata
from collections.abc import Mapping
from typing import Any

from switchgear_shared.calls.call import Call, Next, Outcome
from switchgear_shared.calls.idempotency import key_of
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.toolset import WRITE_ARGUMENTS, Tool

MAX_DEPTH = 32
MAX_VALUES = 20_000
MAX_PROBLEMS = 5


class Validation:
    """The stage that refuses arguments outside the tool's schema, and never coerces any."""

    async def __call__(self, call: Call, proceed: Next) -> Outcome:
        """Raise InvalidRequestError naming the first offending fields."""
        _check_text(call.arguments)
        arguments = _settled(call.tool.input_schema, call.arguments)
        _check_schema(call.tool, arguments)
        own = {key: value for key, value in arguments.items() if key not in WRITE_ARGUMENTS}
        call.tool.check(own)
        call.notes["arguments"] = own
        if call.tool.effect != "write":
            return await proceed(call.with_(arguments=own))
        checked = call.with_(
            arguments=own,
            idempotency_key=arguments.get("idempotency_key"),
            is_dry_run=bool(arguments.get("dry_run", False)),
            preview_digest=arguments.get("preview_digest"),
        )
        call.notes["is_dry_run"] = checked.is_dry_run
        call.notes["idempotency_key"] = key_of(checked) if checked.is_write else None
        return await proceed(checked)


def _settled(schema: Mapping[str, Any], value: Any) -> Any:
    """Return `value` in the one spelling that policies and tools see.

    A null for what may be left out is left out; JSON Schema's integer 1.0 is the integer 1.
    """
    if isinstance(value, float):
        return int(value) if schema.get("type") == "integer" and value.is_integer() else value
    if isinstance(value, list):
        items = schema.get("items", {})
        return [_settled(items, item) for item in value]
    if not isinstance(value, Mapping) or "properties" not in schema:
        return value
    known, required = schema["properties"], schema.get("required", ())
    return {
        key: _settled(known.get(key, {}), item)
        for key, item in value.items()
        if item is not None or key in required or key not in known
    }


def _check_schema(tool: Tool, arguments: dict[str, Any]) -> None:
    if tool.validator.is_valid(arguments):
        return
    problems: list[str] = []
    first_field: str | None = None
    for error in tool.validator.iter_errors(arguments):
        path = ".".join(str(part) for part in error.instance_path)
        first_field = first_field or path or None
        problems.append(_short(f"{path}: {error.message}" if path else error.message))
        if len(problems) == MAX_PROBLEMS:
            break
    raise InvalidRequestError("; ".join(problems), field=first_field and _short(first_field))


def _short(message: str) -> str:
    return message if len(message) <= 200 else message[:197] + "..."  # noqa: PLR2004 - one line


def _check_text(arguments: Any) -> None:
    """Refuse text that no system stores alike: NUL, lone surrogates, control characters in keys."""
    stack: list[tuple[Any, int, str]] = [(arguments, 0, "")]
    seen = 0
    while stack:
        value, depth, path = stack.pop()
        seen += 1
        if seen > MAX_VALUES:
            raise InvalidRequestError(f"more than {MAX_VALUES} values in the arguments")
        if depth > MAX_DEPTH:
            raise InvalidRequestError(
                f"arguments nested deeper than {MAX_DEPTH}", field=_short(path)
            )
        if isinstance(value, str):
            _check_string(value, path)
        elif isinstance(value, float) and not math.isfinite(value):
            raise InvalidRequestError("a number is not finite", field=_short(path))
        elif isinstance(value, Mapping):
            for key, item in value.items():
                _check_string(key, path)
                stack.append((item, depth + 1, f"{path}.{key}" if path else key))
        elif isinstance(value, list | tuple):
            stack.extend((item, depth + 1, f"{path}.{i}") for i, item in enumerate(value))


def is_storable(text: str) -> bool:
    """Say whether every system can store the text: no NUL, no lone surrogate."""
    if text.isascii():
        return "\0" not in text
    return "\0" not in text and all(unicodedata.category(c) != "Cs" for c in text)


def _check_string(text: str, path: str) -> None:
    if is_storable(text):
        return
    if text.isascii():
        raise InvalidRequestError("text holds a NUL character", field=_short(path) or None)
    raise InvalidRequestError("text holds a NUL or a lone surrogate", field=_short(path) or None)
