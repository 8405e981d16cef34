"""What keeps secrets and control characters out of logs and spans, whatever a value holds."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import PurePath
from typing import Any, Final
from uuid import UUID

MASK: Final = "[masked]"

_MOST_CHARS: Final = 8_000
_MOST_CHARS_READ: Final = 65_536
_MOST_VALUES: Final = 1_000
_MOST_DEPTH: Final = 8
_LONGEST_NAME: Final = 128
_INT64: Final = 2**63

_SECRET_NAME = re.compile(
    r"authorization|password|passwd|passphrase|secret|apikey|privatekey|cookie|credential|token"
)
_SECRETS = re.compile(
    r"""
      (?P<scheme>\b(?:Bearer|Basic|DPoP)\s+)[A-Za-z0-9._~+/=-]{8,}
    | mcpk_[A-Za-z0-9_-]+
    | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?
    | \bS[ACNOU][A-Z2-7]{56}\b
    | -----BEGIN[ ][A-Z ]{0,32}PRIVATE[ ]KEY-----(?s:.*?)(?:-----END[ ][A-Z ]{0,32}-----|\Z)
    | (?P<user>://[^\s/:@]{0,128}:)[^\s/@]{1,256}(?=@)
    | (?P<name>(?:password|passwd|secret|api[_-]?key|(?:access|refresh|id)[_-]?token|authorization)
        ["']?\s{0,2}[=:]\s{0,2}["']?|\btoken=)(?:(?:Bearer|Basic|DPoP)\s+)?[^\s"',;&}]+
    """,
    re.VERBOSE | re.IGNORECASE,
)
_HINT = re.compile(
    r"bearer|basic|dpop|mcpk_|eyj|-----begin|://|passw|secret|api|token|authorization"
)
_NKEY_SEED_CHARS: Final = 58
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    r"\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_SAFE_REPR = reprlib.Repr()  # survives a __repr__ that raises
_SAFE_REPR.maxother = _MOST_CHARS_READ


def mask_text(text: str) -> str:
    """Return `text` without bearer tokens, keys, JWTs, passwords in URLs and the like.

    What is left of a very long text is its beginning and its end.
    """
    if len(text) < _NKEY_SEED_CHARS and _HINT.search(text.lower()) is None:
        return text  # no pattern can match: so with most values, at a tenth of the cost
    masked = _SECRETS.sub(_keep_what_names_it, text[:_MOST_CHARS_READ])
    cut_count = len(masked) + max(0, len(text) - _MOST_CHARS_READ) - _MOST_CHARS
    if cut_count <= 0:
        return masked
    half = _MOST_CHARS // 2
    return f"{masked[:half]} [{cut_count} characters cut] {masked[-half:]}"


def escape_unprintable(text: str, *, keep: str = "") -> str:
    r"""Return `text` with control, bidirectional and invisible characters as `\uXXXX`.

    The result is one line on any terminal, and valid inside a JSON string if `text` was.
    """
    if text.isascii() and text.isprintable():
        return text
    return _UNPRINTABLE.sub(lambda m: m[0] if m[0] in keep else _escape(m[0]), text)


def mask_values(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return `values` as plain JSON values with secrets masked, bounded in size and depth."""
    return _Masking().mapping(values, 0)


class _Masking:
    """One walk through nested values, with a limit on how many it looks at in all."""

    def __init__(self) -> None:
        self._left_count = _MOST_VALUES

    def mapping(self, values: Mapping[Any, Any], depth: int) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for key, value in values.items():
            if self._left_count <= 0:
                plain["…"] = f"[{len(values) - len(plain)} more]"
                break
            self._left_count -= 1
            name = str.__str__(key) if isinstance(key, str) else _SAFE_REPR.repr(key)
            name, is_secret = _known_name(name[:_LONGEST_NAME])
            plain[name] = MASK if is_secret and _hides(name, value) else self._value(value, depth)
        return plain

    def _items(self, values: Sequence[Any] | AbstractSet[Any], depth: int) -> list[Any]:
        plain: list[Any] = []
        for value in values:
            if self._left_count <= 0:
                plain.append(f"[{len(values) - len(plain)} more]")
                break
            self._left_count -= 1
            plain.append(self._value(value, depth))
        return plain

    def _value(self, value: Any, depth: int) -> Any:  # noqa: PLR0911 - one for each kind
        if isinstance(value, str):
            return mask_text(str.__str__(value))
        if value is None or isinstance(value, (bool, float)):
            return value
        if isinstance(value, int):
            is_small = -_INT64 <= value < _INT64
            return int(value) if is_small else f"[integer of {value.bit_length()} bits]"
        if isinstance(value, (bytes, bytearray, memoryview)):
            return f"[{len(value)} bytes]"
        if isinstance(value, (Mapping, Sequence, AbstractSet)):
            return self._container(value, depth + 1)
        if isinstance(value, (datetime, date, time)):
            return value.isoformat()
        if isinstance(value, (Decimal, UUID, PurePath, timedelta)):
            return mask_text(str(value))
        return mask_text(_SAFE_REPR.repr(value))

    def _container(self, value: Any, depth: int) -> Any:
        if depth > _MOST_DEPTH:
            return f"[{type(value).__name__} of {len(value)}]"
        if isinstance(value, Mapping):
            return self.mapping(value, depth)
        return self._items(value, depth)


def _hides(name: str, value: Any) -> bool:
    # `tokens_left` is a count: a number under a token's name is no token.
    is_count = isinstance(value, (bool, int, float)) and "token" in name.lower()
    return value is not None and not is_count


@lru_cache(maxsize=2048)
def _known_name(name: str) -> tuple[str, bool]:
    """Return `name` fit to be written, and whether it names a secret; few names come often."""
    letters = re.sub(r"[^a-z]", "", name.lower())
    return mask_text(name), _SECRET_NAME.search(letters) is not None


def _keep_what_names_it(found: re.Match[str]) -> str:
    return f"{found['scheme'] or found['user'] or found['name'] or ''}{MASK}"


def _escape(char: str) -> str:
    code = ord(char)
    if code <= 0xFFFF:  # noqa: PLR2004 - the last code point of one UTF-16 unit
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
