"""The one JSON spelling of a value, and the digest over it."""

import hashlib
import json
from typing import Any

import orjson


def canonical(value: Any) -> bytes:
    """Return `value` as JSON with sorted keys and no spaces.

    Integers over 64 bits and lone surrogates, which orjson refuses, are spelled by `json`.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()


def digest(*parts: Any) -> str:
    """Return the SHA-256 over the canonical spelling of `parts`, in hex."""
    return hashlib.sha256(canonical(list(parts))).hexdigest()
