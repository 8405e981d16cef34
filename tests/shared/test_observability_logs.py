import asyncio
import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from switchgear_shared.observability import logs


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def out() -> io.StringIO:
    stream = io.StringIO()
    logs.configure("info", stream)
    return stream


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    """Every line, as JSON, without its moment."""
    text = out.getvalue()
    parsed = [json.loads(line) for line in text.splitlines()]
    assert len(parsed) == text.count("\n")
    for line in parsed:
        assert line.pop("timestamp").endswith("Z")
    return parsed


def test_a_line_is_one_json_object_with_the_call_it_belongs_to(out: io.StringIO) -> None:
    log = logs.logger("switchgear_crm.server")

    with logs.bound(correlation_id="cor_1", principal="agent-1", tool="crm_search", server="crm"):
        log.info("call answered", duration_s=0.25)
    log.warning("later")

    assert lines(out) == [
        {
            "level": "info",
            "logger": "switchgear_crm.server",
            "event": "call answered",
            "correlation_id": "cor_1",
            "principal": "agent-1",
            "tool": "crm_search",
            "server": "crm",
            "duration_s": 0.25,
        },
        {"level": "warning", "logger": "switchgear_crm.server", "event": "later"},
    ]


async def test_concurrent_calls_do_not_mix_what_is_bound(out: io.StringIO) -> None:
    log = logs.logger("x")

    async def call(number: int) -> None:
        with logs.bound(correlation_id=f"cor_{number}"):
            await asyncio.sleep(0)
            log.info("step", number=number)

    await asyncio.gather(*(call(n) for n in range(10)))

    assert [(line["correlation_id"], line["number"]) for line in lines(out)] == [
        (f"cor_{n}", n) for n in range(10)
    ]


@pytest.mark.parametrize("name", ["uvicorn", "uvicorn.error", "mcp.server", "nats", "sqlalchemy"])
def test_libraries_that_log_with_the_standard_library_write_the_same_lines(
    out: io.StringIO, name: str
) -> None:
    with logs.bound(correlation_id="cor_1"):
        logging.getLogger(name).warning("took %d s", 3)

    assert lines(out) == [
        {"level": "warning", "logger": name, "event": "took 3 s", "correlation_id": "cor_1"}
    ]


def test_handlers_that_libraries_brought_along_do_not_write_a_line_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    uvicorn = logging.getLogger("uvicorn")
    uvicorn.addHandler(logging.StreamHandler(sys.stderr))
    uvicorn.propagate = False
    logging.getLogger().addHandler(logging.StreamHandler(sys.stderr))
    out = io.StringIO()

    logs.configure("info", io.StringIO())
    logs.configure("info", out)
    uvicorn.info("started")

    assert [line["event"] for line in lines(out)] == ["started"]
    assert capsys.readouterr() == ("", "")


RAW = set("\x9b\x85\x7f\x00\x07\u2028\u2029\u202e\u200b\U000e0041\ud800")
HOSTILE = [
    "two\nlines",
    "carriage\rreturn",
    "\x1b[2J\x1b[31mred",
    "\x9b31mred",
    "line\u2028separator\u2029paragraph\x85next",
    "\x00\x07\x7f",
    "right\u202eto left",
    "zero\u200bwidth",
    "tag\U000e0041",
    "lone \ud800 surrogate",
    '"}\n{"event":"forged"}',
    "Grüße, 東京",
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_no_text_can_break_a_line_or_reach_the_terminal_raw(out: io.StringIO, text: str) -> None:
    logs.logger("x").info(text, value=text, nested={"list": [text]}, **{text: 1})
    logging.getLogger("y").warning("%s", text)

    written = out.getvalue()
    assert written.count("\n") == 2
    assert all(len(line.splitlines()) == 1 for line in written[:-1].split("\n"))
    assert not set(written) & {*RAW, "\x1b"}
    first, second = lines(out)
    assert (first["event"], first["value"], first["nested"], first[text], second["event"]) == (
        text,
        text,
        {"list": [text]},
        1,
        text,
    )


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_line_on_a_terminal_is_one_line_too(text: str) -> None:
    out = Terminal()
    logs.configure("info", out)

    logs.logger("x").info(text, value=text, **{text: 1})

    written = out.getvalue()
    assert written.count("\n") == 1
    assert len(written.splitlines()) == 1
    assert "\x1b[2J" not in written
    assert not set(written) & RAW


def test_a_terminal_gets_readable_lines() -> None:
    out = Terminal()
    logs.configure("info", out)

    with logs.bound(correlation_id="cor_1"):
        logs.logger("x").info("call answered")

    assert "call answered" in out.getvalue()
    assert not out.getvalue().startswith("{")


def test_an_exception_is_logged_with_its_stack_and_without_its_secrets(out: io.StringIO) -> None:
    dsn = "postgresql://app:canary@db/erp"
    try:
        raise ConnectionError(f"cannot reach {dsn}")  # noqa: TRY301 - a stack is what is tested
    except ConnectionError as error:
        logs.logger("x").exception("failed", error=error)
        logging.getLogger("y").exception("failed")

    assert "canary" not in out.getvalue()
    first, second = lines(out)
    assert first["error"] == "ConnectionError('cannot reach postgresql://app:[masked]@db/erp')"
    for line in (first, second):
        assert line["exception"].startswith("Traceback (most recent call last):\n")
        assert line["exception"].endswith(
            "ConnectionError: cannot reach postgresql://app:[masked]@db/erp"
        )


def test_a_log_call_whose_arguments_do_not_fit_is_a_line_and_not_a_failure(
    out: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    ours = [h for h in root.handlers if type(h).__module__ == logs.__name__]
    monkeypatch.setattr(root, "handlers", ours)  # pytest's own would raise

    logging.getLogger("nats").warning("%d of %d", "one")  # noqa: PLE1206 - the case

    assert lines(out) == [{"level": "warning", "logger": "nats", "event": "%d of %d ('one',)"}]


def test_lines_below_the_level_are_not_written() -> None:
    out = io.StringIO()
    logs.configure("warning", out)

    logs.logger("x").info("quiet")
    logging.getLogger("y").info("quiet")
    logs.logger("x").error("loud")

    assert [line["event"] for line in lines(out)] == ["loud"]


@pytest.mark.parametrize("name", ["sqlalchemy.engine", "aiosqlite", "httpx2", "uvicorn.access"])
def test_libraries_that_log_parameters_stay_quiet_even_at_debug(name: str) -> None:
    out = io.StringIO()
    logs.configure("debug", out)

    logging.getLogger(name).debug("INSERT … ('Jo', 'DE89 3704')")
    logging.getLogger(name).info("INSERT … ('Jo', 'DE89 3704')")

    assert lines(out) == []


def test_a_closed_stream_does_not_fail_the_call_that_logs(out: io.StringIO) -> None:
    out.close()

    logs.logger("x").error("nobody hears this")
    logging.getLogger("y").error("nor this")


def test_a_logger_used_before_anything_is_configured_leaves_stdout_alone() -> None:
    """A stdio server speaks the protocol on stdout: one line there breaks the session."""
    program = (
        "import sys\n"
        "from switchgear_shared.observability.logs import logger\n"
        "logger('early').info('hello')\n"
        "assert 'rich' not in sys.modules\n"
        "import rich.console\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout == ""
    assert json.loads(done.stderr)["event"] == "hello"
