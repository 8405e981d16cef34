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
from switchgear_shared.observability.masking import MASK

JWT = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZ2VudC0xIn0.c2lnbmF0dXJl"
SEED = "SUAM" + "A7" * 27
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIC\n-----END PRIVATE KEY-----"


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


@pytest.mark.parametrize(
    "key",
    [
        "authorization",
        "Authorization",
        "token",
        "access_token",
        "refreshToken",
        "password",
        "client_secret",
        "api_key",
        "X-API-Key",
        "apiKey",
        "Set-Cookie",
        "DB_PASSWORD",
        "private_key",
    ],
)
def test_a_value_whose_name_says_secret_is_masked_at_any_depth(out: io.StringIO, key: str) -> None:
    logs.logger("x").info(
        "login", headers=[{key: "canary-1"}], **{key: ["canary-2"]}, inner={key: b"canary-3"}
    )

    assert "canary" not in out.getvalue()
    assert lines(out) == [
        {
            "level": "info",
            "logger": "x",
            "event": "login",
            "headers": [{key: MASK}],
            key: MASK,
            "inner": {key: MASK},
        }
    ]


def test_counts_of_tokens_are_no_secrets(out: io.StringIO) -> None:
    logs.logger("x").info("budget", tokens_left=512, has_token=True, token=None, password=1234)

    assert lines(out) == [
        {
            "level": "info",
            "logger": "x",
            "event": "budget",
            "tokens_left": 512,
            "has_token": True,
            "token": None,
            "password": MASK,
        }
    ]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("sent Bearer abc.DEF-123_~+/= on", "sent Bearer [masked] on"),
        ("bearer  abcdefgh1", "bearer  [masked]"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: [masked]"),
        ("key mcpk_A1b2_c3-d4, xmcpk_A1.", "key [masked], x[masked]."),
        (f"jwt {JWT}", "jwt [masked]"),
        (f"seed {SEED}", "seed [masked]"),
        (f"pem {PEM} end", "pem [masked] end"),
        ("postgresql://app:s3cr3t@db:5432/erp", "postgresql://app:[masked]@db:5432/erp"),
        ("redis://:s3cr3t@cache", "redis://:[masked]@cache"),
        ('{"password": "s3cr3t", "user": "u"}', '{"password": "[masked]", "user": "u"}'),
        ("/cb?api_key=s3cr3t&x=1&token=s3cr3t", "/cb?api_key=[masked]&x=1&token=[masked]"),
        ("http://127.0.0.1:8080/a@b says token expired", None),
        ("the bearer of this letter", None),
        ("basic auth is off; secretary: Jo", None),
    ],
)
def test_secrets_inside_any_text_are_masked_and_only_they(
    out: io.StringIO, text: str, masked: str | None
) -> None:
    logs.logger("x").info(text, value=[text])
    logging.getLogger("y").info("%s", text)

    first, second = lines(out)
    expected = masked or text
    assert (first["event"], first["value"], second["event"]) == (expected, [expected], expected)


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


class Wild:
    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_values_of_any_kind_and_size_make_a_line_of_bounded_size(out: io.StringIO) -> None:
    circle: list[Any] = []
    circle.append(circle)
    bomb: Any = "x"
    for _ in range(12):
        bomb = [bomb] * 50

    logs.logger("x").info(
        "odd",
        circle=circle,
        nan=float("nan"),
        huge=10**6000,
        wild=Wild(),
        raw=b"\xff\xfe",
        keys={1: "a", ("t",): "b"},
        long="y" * 1_000_000,
        kind=int,
        a_set={"one"},
        bomb=bomb,
    )

    assert len(out.getvalue()) < 100_000
    (line,) = lines(out)
    assert line["nan"] is None
    assert line["huge"] == "[integer of 19932 bits]"
    assert line["wild"].startswith("<Wild instance at")
    assert line["raw"] == "[2 bytes]"
    assert line["keys"] == {"1": "a", "('t',)": "b"}
    assert line["long"] == "y" * 4000 + " [992000 characters cut] " + "y" * 4000
    assert (line["kind"], line["a_set"]) == ("<class 'int'>", ["one"])


def test_a_secret_is_not_left_over_where_a_long_text_is_cut(out: io.StringIO) -> None:
    for start in range(3900, 4010, 10):
        logs.logger("x").info("long", text="y" * start + " Bearer " + "canary" * 20 + " z" * 9000)

    assert "canary" not in out.getvalue()


def test_masking_hostile_text_takes_no_longer_than_its_length() -> None:
    """Quadratic patterns would take minutes over these."""
    out = io.StringIO()
    logs.configure("info", out)
    for piece in (
        "://",
        "://a:",
        "password",
        "-----BEGIN ",
        "Bearer ",
        "eyJaaaaaaaa.",
        "a-",
        "\u2028",
    ):
        logs.logger("x").info("long", text=piece * (65_536 // len(piece)))

    assert len(lines(out)) == 8


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
