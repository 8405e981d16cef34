"""Python's values as Tryton writes them in JSON, both ways."""

import base64
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any


def encode(value: Any) -> bytes:
    """Return the JSON; an aware datetime goes as UTC, a naive one as it is."""
    return json.dumps(value, default=_typed, separators=(",", ":"), allow_nan=False).encode()


def encode_base64(value: Any) -> str:
    """Return the JSON as it travels in an address or a header."""
    return base64.urlsafe_b64encode(encode(value)).decode("ascii")


def decode(item: dict[str, Any]) -> Any:
    """Return what a JSON object stands for: for `object_hook`; datetimes are aware, in UTC.

    Floats stay floats, so that what Tryton proposed can be sent back as it came.
    """
    read = _READERS.get(item.get("__class__", ""))
    return read(item) if read else item


def _parts(value: date | time, *names: str) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


_DAY = ("year", "month", "day")
_CLOCK = ("hour", "minute", "second", "microsecond")
_READERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "Decimal": lambda item: Decimal(item["decimal"]),
    "date": lambda item: date(*(item[part] for part in _DAY)),
    "datetime": lambda item: datetime(**{part: item[part] for part in _DAY + _CLOCK}, tzinfo=UTC),
    "time": lambda item: time(*(item[part] for part in _CLOCK)),
    "timedelta": lambda item: timedelta(seconds=item["seconds"]),
    "bytes": lambda item: base64.b64decode(item["base64"]),
}
_WRITERS: dict[type, Callable[[Any], dict[str, Any]]] = {
    Decimal: lambda value: {"decimal": str(value)},
    date: lambda value: _parts(value, *_DAY),
    datetime: lambda value: _parts(
        value.astimezone(UTC) if value.tzinfo else value, *_DAY, *_CLOCK
    ),
    time: lambda value: _parts(value, *_CLOCK),
    timedelta: lambda value: {"seconds": value.total_seconds()},
    bytes: lambda value: {"base64": base64.b64encode(value).decode("ascii")},
}


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    write = _WRITERS.get(type(value))
    if write is None:
        raise TypeError(f"{type(value).__name__} has no form in Tryton's JSON")
    return {"__class__": type(value).__name__, **write(value)}
