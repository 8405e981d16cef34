"""A client of systems behind us, over a server on loopback that misbehaves as told."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest

from switchgear_shared.errors import (
    BackendRejectedError,
    BackendUnavailableError,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    PolicyDeniedError,
    SwitchgearError,
    ThrottledError,
)
from switchgear_shared.storage.http import Answer, JsonApi, retry_after_s

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
JSON = "Content-Type: application/json\r\n"

Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[Behave], Awaitable[JsonApi]]


def says(
    status: str, body: bytes = b"", headers: str = JSON, *, length: int | None = None
) -> bytes:
    told = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {told}\r\n{headers}\r\n".encode() + body


def answering(raw: bytes) -> Behave:
    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()

    return behave


async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a server on loopback that treats each connection as told; gives a client of it."""
    servers: list[asyncio.Server] = []
    apis: list[JsonApi] = []

    async def start(behave: Behave) -> JsonApi:
        async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await behave(reader, writer)
            writer.close()

        server = await asyncio.start_server(once, "127.0.0.1", 0)
        servers.append(server)
        port = server.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/erp"
        apis.append(JsonApi("Tryton", url, most_bytes=1000, silence_s=0.2, now=lambda: NOW))
        return apis[-1]

    yield start
    for api in apis:
        await api.close()
    for server in servers:
        server.close()
        await server.wait_closed()


async def failure(api: JsonApi, *, is_write: bool) -> SwitchgearError:
    with pytest.raises(SwitchgearError) as caught:
        (await api.ask("POST", "things", is_write=is_write, content=b"{}")).json()
    return caught.value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_what_a_system_answers_comes_back_whole(serve: Serve) -> None:
    seen: list[bytes] = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(says("200 OK", b'{"id": 7}'))
        await writer.drain()

    api = await serve(behave)

    answer = await api.ask("GET", "/things", is_write=False, query={"f": ["a", "b"]})

    assert (answer.status, answer.json()) == (200, {"id": 7})
    assert seen[0].startswith(b"GET /erp/things?f=a&f=b HTTP/1.1\r\n")


@pytest.mark.parametrize("is_write", [False, True])
async def test_a_system_that_refuses_connections_has_done_nothing(is_write: bool) -> None:
    api = JsonApi("Tryton", f"http://127.0.0.1:{free_port()}/erp")

    error = await failure(api, is_write=is_write)
    await api.close()

    assert isinstance(error, BackendUnavailableError)
    assert (error.message, error.outcome) == ("Tryton cannot be reached", "not_done")


@pytest.mark.parametrize(("is_write", "outcome"), [(False, "not_done"), (True, "unknown")])
@pytest.mark.parametrize(
    ("behave", "message"),
    [
        pytest.param(hang, "Tryton has not answered in time", id="hangs"),
        pytest.param(answering(b""), "Tryton broke off before its answer was whole", id="hangs up"),
        pytest.param(
            answering(says("200 OK", b'{"id":', length=500)),
            "Tryton broke off before its answer was whole",
            id="half a body",
        ),
        pytest.param(
            answering(b"no HTTP at all\r\n\r\n"),
            "Tryton broke off before its answer was whole",
            id="no HTTP",
        ),
    ],
)
async def test_a_broken_conversation_leaves_a_write_unknown(
    serve: Serve, behave: Behave, message: str, is_write: bool, outcome: str
) -> None:
    error = await failure(await serve(behave), is_write=is_write)

    assert isinstance(error, BackendUnavailableError)
    assert (error.message, error.outcome) == (message, outcome)


@pytest.mark.parametrize(("is_write", "outcome"), [(False, "not_done"), (True, "unknown")])
@pytest.mark.parametrize(
    ("raw", "message"),
    [
        pytest.param(
            says("200 OK", b"<html>hello</html>", "Content-Type: text/html\r\n"),
            "Tryton answers 200 with text/html instead of JSON",
            id="a page",
        ),
        pytest.param(
            says("200 OK", b"", ""), "Tryton answers 200 with nothing instead of JSON", id="nothing"
        ),
        pytest.param(
            says("200 OK", b'{"id":'),
            "Tryton answers 200 with what is not JSON instead of JSON",
            id="cut off",
        ),
        pytest.param(
            says("200 OK", b"[NaN]"),
            "Tryton answers 200 with what is not JSON instead of JSON",
            id="no number",
        ),
        pytest.param(
            says("200 OK", b"x" * 1001), "Tryton answers with more than 1000 bytes", id="too large"
        ),
        pytest.param(
            says("200 OK", gzip.compress(b"x" * 5000), JSON + "Content-Encoding: gzip\r\n"),
            "Tryton answers with more than 1000 bytes",
            id="too large when unpacked",
        ),
        pytest.param(
            says("200 OK", b"not gzip", JSON + "Content-Encoding: gzip\r\n"),
            "Tryton answers in a coding that cannot be read",
            id="wrongly packed",
        ),
    ],
)
async def test_an_answer_that_cannot_be_used_is_rejected(
    serve: Serve, raw: bytes, message: str, is_write: bool, outcome: str
) -> None:
    error = await failure(await serve(answering(raw)), is_write=is_write)

    assert isinstance(error, BackendRejectedError)
    assert (error.message, error.outcome) == (message, outcome)


async def test_an_answer_of_exactly_the_limit_is_taken(serve: Serve) -> None:
    body = b'"' + b"x" * 998 + b'"'

    answer = await (await serve(answering(says("200 OK", body)))).ask("GET", "a", is_write=False)

    assert answer.json() == "x" * 998


@pytest.mark.parametrize(
    ("header", "wait_s"),
    [
        ("Retry-After: 7\r\n", 7.0),
        ("Retry-After: Sun, 01 Mar 2026 12:00:30 GMT\r\n", 30.0),
        ("", None),
    ],
)
async def test_a_throttling_system_has_done_nothing(
    serve: Serve, header: str, wait_s: float | None
) -> None:
    api = await serve(answering(says("429 Too Many Requests", b"", header)))

    error = await failure(api, is_write=True)

    assert isinstance(error, ThrottledError)
    assert (error.retry_after_s, error.outcome) == (wait_s, "not_done")


@pytest.mark.parametrize(
    ("told", "wait_s"),
    [
        ("0", 0.0),
        ("120", 120.0),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60.0),
        ("Sun, 01 Mar 2026 12:01:00 -0000", 60.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("1e400", None),
        ("9" * 400, None),
        ("", None),
    ],
)
def test_a_wait_is_told_in_seconds_or_as_a_date(told: str, wait_s: float | None) -> None:
    assert retry_after_s({"retry-after": told}, NOW) == wait_s


@pytest.mark.parametrize(
    ("status", "expected", "outcome"),
    [
        (301, BackendRejectedError, "unknown"),
        (400, InvalidRequestError, "not_done"),
        (401, BackendRejectedError, "not_done"),
        (403, PolicyDeniedError, "not_done"),
        (404, NotFoundError, "not_done"),
        (409, ConflictError, "not_done"),
        (412, ConflictError, "not_done"),
        (418, BackendRejectedError, "not_done"),
        (423, ConflictError, "not_done"),
        (500, BackendUnavailableError, "unknown"),
        (503, BackendUnavailableError, "unknown"),
    ],
)
def test_a_status_alone_has_a_meaning_and_its_body_stays_out(
    status: int, expected: type[SwitchgearError], outcome: str
) -> None:
    answer = Answer("Tryton", status, {"retry-after": "3"}, b"<p>secret</p>", "unknown")

    with pytest.raises(SwitchgearError) as caught:
        answer.refuse("a write", lambda: NOW)

    assert type(caught.value) is expected
    assert caught.value.outcome == outcome
    assert "secret" not in caught.value.message
    assert caught.value.retry_after_s == (3.0 if status >= 500 else None)


async def test_a_cancelled_request_ends_at_once_and_the_next_one_works(serve: Serve) -> None:
    behaviours = [hang, answering(says("200 OK", b"1"))]

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await behaviours.pop(0)(reader, writer)

    api = await serve(behave)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await api.ask("GET", "a", is_write=False)

    assert (await api.ask("GET", "a", is_write=False)).json() == 1
