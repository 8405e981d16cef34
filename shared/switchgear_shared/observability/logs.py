"""Logs: one JSON object a line on stderr, with the call they belong to and without secrets."""

from __future__ import annotations

import importlib
import json
import logging
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO

import orjson

from switchgear_shared.observability.masking import escape_unprintable, mask_values

LogLevel = Literal["debug", "info", "warning", "error"]


def _structlog_without_rich() -> ModuleType:
    """Import structlog, which imports rich where it is installed: 0.2 s that every start pays."""
    if "rich" in sys.modules:
        return importlib.import_module("structlog")
    sys.modules["rich"] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("structlog")
    finally:
        del sys.modules["rich"]


if TYPE_CHECKING:
    import structlog
    from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger
else:
    structlog = _structlog_without_rich()

_FIRST: Final = ("timestamp", "level", "logger", "event")
_NEVER_BELOW_WARNING: Final = (
    # These log SQL parameters, message bodies or URLs at info or debug.
    "aiosqlite",
    "httpcore",
    "httpx",
    "httpx2",
    "sqlalchemy",
    "uvicorn.access",
)
_OWN_HANDLERS: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "mcp", "nats", "sqlalchemy")


class _Stderr:
    """The end of every log line: whole lines, one at a time."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    @property
    def is_terminal(self) -> bool:
        stream = self._stream or sys.stderr
        return stream is not None and stream.isatty()  # pyright: ignore[reportUnnecessaryComparison]

    def write(self, line: str) -> None:
        # A log that cannot be written must not fail the call it tells about.
        with self._lock, suppress(OSError, ValueError, AttributeError):
            stream = self._stream or sys.stderr
            stream.write(f"{line}\n")
            stream.flush()


class _Named:
    """What structlog writes a rendered line to: one module's way to stderr."""

    def __init__(self, stderr: _Stderr, name: str) -> None:
        self.name = name
        self.debug = self.info = self.warning = self.error = self.critical = stderr.write


class _StdlibHandler(logging.Handler):
    """Takes the lines of libraries that log with the standard library the same way."""

    def __init__(self, chain: _Chain, stderr: _Stderr) -> None:
        super().__init__()
        self._chain = chain
        self._stderr = stderr

    def emit(self, record: logging.LogRecord) -> None:
        line: EventDict = {"event": _message(record), "logger": record.name}
        if record.exc_info:
            line["exc_info"] = record.exc_info
        if record.stack_info:
            line["stack"] = record.stack_info
        self._stderr.write(self._chain.render(record.levelname.lower(), line))


class _Chain:
    """The processors that every line goes through, whoever wrote it."""

    def __init__(self, *, is_terminal: bool) -> None:
        self.processors = [
            _add_logger_name,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _mask,
            _for_a_terminal() if is_terminal else _to_json,
        ]

    def render(self, method: str, line: EventDict) -> str:
        rendered: Any = line
        for processor in self.processors:
            rendered = processor(None, method, rendered)
        return str(rendered)


def configure(level: LogLevel = "info", stream: TextIO | None = None) -> None:
    """Send every log line of this process to `stream`, or to whatever sys.stderr is by then.

    A terminal gets readable lines, everything else JSON. Calling it again replaces the first.
    """
    number = getattr(logging, level.upper())
    stderr = _Stderr(stream)
    chain = _Chain(is_terminal=stderr.is_terminal)
    structlog.configure(
        processors=chain.processors,
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda name="": _Named(stderr, name),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, _StdlibHandler) or _writes_to_terminals(handler):
            root.removeHandler(handler)
    root.addHandler(_StdlibHandler(chain, stderr))
    root.setLevel(number)
    for name in _OWN_HANDLERS:
        library = logging.getLogger(name)
        library.handlers.clear()
        library.propagate = True
    for name in _NEVER_BELOW_WARNING:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


def logger(name: str) -> FilteringBoundLogger:
    """Return the logger of a module; it never writes to stdout, which a stdio server speaks on."""
    if not structlog.is_configured():
        configure()
    return structlog.get_logger(name)


@contextmanager
def bound(**values: Any) -> Generator[None]:
    """Put `values`, such as correlation_id, principal, tool and server, on every line inside."""
    with structlog.contextvars.bound_contextvars(**values):
        yield


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # arguments that do not fit the format
        return f"{record.msg} {record.args}"


def _writes_to_terminals(handler: logging.Handler) -> bool:
    """Say whether it is a plain stream handler or rich's: those would write each line again."""
    return type(handler).__module__ in {"logging", "rich.logging"}


def _add_logger_name(logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    if logger is not None:
        line["logger"] = logger.name
    return line


def _mask(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    ordered = {key: line[key] for key in _FIRST if key in line}
    return mask_values({**ordered, **line})


def _to_json(_logger: WrappedLogger, _method: str, line: EventDict) -> str:
    try:
        text = orjson.dumps(line).decode()
    except TypeError:  # a lone surrogate
        text = json.dumps(line)
    return escape_unprintable(text)


def _for_a_terminal() -> Any:
    render = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)

    def render_harmless(logger: WrappedLogger, method: str, line: EventDict) -> str:
        """No value may move the cursor, change colours or begin a line; a traceback has lines."""
        harmless = {
            escape_unprintable(key): escape_unprintable(
                value, keep="\n\t" if key in {"exception", "stack"} else ""
            )
            if isinstance(value, str)
            else value
            for key, value in line.items()
        }
        return render(logger, method, harmless)

    return render_harmless
