"""W3C trace context: where in which trace we are, and how that is written down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import SystemRandom
from typing import Final

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED: Final = 0x01
_random = SystemRandom()


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A span's place in its trace; ids in lower-case hex."""

    trace_id: str
    span_id: str
    is_sampled: bool

    @property
    def traceparent(self) -> str:
        """The header, CloudEvents extension or `_meta` field that carries it on."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.is_sampled else '00'}"


def parse_traceparent(header: str) -> TraceContext | None:
    """Return what `header` says; None if it is malformed."""
    found = _TRACEPARENT.fullmatch(header)
    if found is None:
        return None
    version, trace_id, span_id, flags, rest = found.groups()
    if version == "ff" or (version == "00" and rest):
        return None
    if not int(trace_id, 16) or not int(span_id, 16):
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


def next_context(parent: TraceContext | None) -> TraceContext:
    """Return a fresh span under `parent`, or the first of an unsampled trace."""
    span_id = f"{_random.getrandbits(64) or 1:016x}"
    if parent is None:
        return TraceContext(f"{_random.getrandbits(128) or 1:032x}", span_id, is_sampled=False)
    return TraceContext(parent.trace_id, span_id, parent.is_sampled)
