"""Arguments as the audit trail and the logs may keep them: no secrets, little personal data."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase|code)|secret|(^|_)token$|api_?key|authorization|credential|private_?key|"
    r"cookie|(^|_)pin$|(^|_)cvv|(^|_)otp$",
    re.IGNORECASE,
)
_PERSONAL_NAME = re.compile(
    r"iban|account_?number|card_?number|phone|mobile|tax_?id|vat_?id|social_security|birth",
    re.IGNORECASE,
)
_SECRET_TEXT = re.compile(
    r"mcpk_[0-9a-f]+_[\w-]+|eyJ[\w-]+\.[\w-]+\.[\w-]*|bearer\s+\S+|"
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)|"
    r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_EMAIL = re.compile(r"\b([\w.+-])[\w.+-]*(@[\w-]+(?:\.[\w-]+)+)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{256,}={0,2}")
_MASK = "[redacted]"
_KEPT_CHARS = 256
_SHOWN_CHARS = 64
_KEPT_ITEMS = 50
_LINE_CHARS = 4096
_MAX_DEPTH = 8


def redact(values: Mapping[str, Any], *, is_personal_masked: bool = True) -> dict[str, Any]:
    """Return a JSON copy without secrets, with long text and files as their digests.

    Personal data (bank accounts, telephone numbers, e-mail addresses) is partly masked, unless the
    reader is a person who decides on it.
    """
    return _Redaction(is_personal_masked=is_personal_masked).record(values, 0)


def redact_text(text: str) -> str:
    """Return the first 4096 characters of a text, without secrets, personal data masked."""
    return _Redaction(is_personal_masked=True).masked(text[:_LINE_CHARS])


class _Redaction:
    def __init__(self, *, is_personal_masked: bool) -> None:
        self._is_personal_masked = is_personal_masked

    def record(self, values: Mapping[str, Any], depth: int) -> dict[str, Any]:
        return {
            _printable(str(name)): self._named(str(name), value, depth)
            for name, value in values.items()
        }

    def masked(self, text: str) -> str:
        text = _SECRET_TEXT.sub(_MASK, text)
        if self._is_personal_masked:
            text = _IBAN.sub(lambda found: _partly(found[0]), text)
            text = _EMAIL.sub(r"\1…\2", text)
        return text

    def _named(self, name: str, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if _SECRET_NAME.search(name):
            return _MASK
        if self._is_personal_masked and _PERSONAL_NAME.search(name):
            return _partly(str(value)) if isinstance(value, str | int) else _MASK
        return self._value(value, depth)

    def _value(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, bytes):
            return _digested(value)
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            return self._collection(value, depth)
        return self._text(_printable(str(value)))

    def _collection(self, value: Any, depth: int) -> Any:
        if depth >= _MAX_DEPTH:
            return "[nested too deep]"
        if isinstance(value, Mapping):
            return self.record(cast("Mapping[str, Any]", value), depth + 1)
        items = list(cast("Sequence[Any]", value))
        kept = [self._value(item, depth + 1) for item in items[:_KEPT_ITEMS]]
        left = len(items) - len(kept)
        return [*kept, f"[{left} more]"] if left else kept

    def _text(self, text: str) -> Any:
        if len(text) <= _KEPT_CHARS:
            return self.masked(text)
        if (content := _decoded(text)) is not None:
            return _digested(content)
        digest = hashlib.sha256(text.encode()).hexdigest()
        start = self.masked(text[: _KEPT_CHARS + _SHOWN_CHARS])[:_SHOWN_CHARS]
        return {"starts": start, "chars": len(text), "sha256": digest}


def _printable(text: str) -> str:
    """Return `text` without lone surrogates, which no JSON can carry."""
    return text.encode("utf-8", "replace").decode()


def _partly(text: str) -> str:
    tight = text.replace(" ", "")
    return f"{tight[:4]}…{tight[-4:]}" if len(tight) > len("DE89") * 3 else "…" + tight[-2:]


def _decoded(text: str) -> bytes | None:
    if not _BASE64.fullmatch(text):
        return None
    try:
        return base64.b64decode(
            text + "=" * (-len(text) % 4), altchars=b"-_" if "-" in text else None
        )
    except binascii.Error:
        return None


def _digested(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
