import asyncio
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from switchgear_shared.errors import ConflictError
from switchgear_shared.observability import traces
from switchgear_shared.observability.trace_context import TraceContext, parse_traceparent

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN_ID = "00f067aa0ba902b7"
PARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"


@pytest.fixture
def memory() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    traces.configure(None, "crm", processor=SimpleSpanProcessor(exporter))
    yield exporter
    traces.shutdown()


def ids_of(traceparent: str) -> TraceContext:
    context = parse_traceparent(traceparent)
    assert context is not None
    return context


def the_span(memory: InMemorySpanExporter) -> ReadableSpan:
    (finished,) = memory.get_finished_spans()
    return finished


MALFORMED = [
    "",
    "garbage",
    f"00-{TRACE_ID}-{SPAN_ID}",
    f"00-{TRACE_ID}-{SPAN_ID}-01-more",
    f"00-{TRACE_ID}-{SPAN_ID}-01\n",
    f" 00-{TRACE_ID}-{SPAN_ID}-01",
    f"00-{TRACE_ID.upper()}-{SPAN_ID}-01",
    f"00-{'0' * 32}-{SPAN_ID}-01",
    f"00-{TRACE_ID}-{'0' * 16}-01",
    f"ff-{TRACE_ID}-{SPAN_ID}-01",
    f"00-{TRACE_ID[:-1]}g-{SPAN_ID}-01",
    f"00-{TRACE_ID[:-1]}٣-{SPAN_ID}-01",
    f"00-{TRACE_ID}-{SPAN_ID}-0",
    "00-" + "a" * 100_000,
]


@pytest.mark.parametrize("header", MALFORMED, ids=lambda header: ascii(header[:60]))
def test_a_malformed_traceparent_begins_a_new_trace(header: str) -> None:
    with traces.span("outer", PARENT), traces.span("call", header) as span:
        begun = ids_of(span.traceparent)

    assert begun.trace_id != TRACE_ID


@pytest.mark.parametrize("header", MALFORMED, ids=lambda header: ascii(header[:60]))
def test_a_malformed_traceparent_begins_a_new_trace_when_spans_are_exported(
    memory: InMemorySpanExporter, header: str
) -> None:
    with traces.span("outer", PARENT), traces.span("call", header) as span:
        begun = ids_of(span.traceparent)

    assert begun.trace_id != TRACE_ID
    assert memory.get_finished_spans()[0].parent is None


@pytest.mark.parametrize(
    ("header", "context"),
    [
        (PARENT, TraceContext(TRACE_ID, SPAN_ID, is_sampled=True)),
        (f"00-{TRACE_ID}-{SPAN_ID}-00", TraceContext(TRACE_ID, SPAN_ID, is_sampled=False)),
        (f"00-{TRACE_ID}-{SPAN_ID}-03", TraceContext(TRACE_ID, SPAN_ID, is_sampled=True)),
        (f"cc-{TRACE_ID}-{SPAN_ID}-01-new", TraceContext(TRACE_ID, SPAN_ID, is_sampled=True)),
    ],
)
def test_a_traceparent_of_any_version_is_read_for_what_version_0_says(
    header: str, context: TraceContext
) -> None:
    assert parse_traceparent(header) == context


@pytest.mark.parametrize("flags", ["00", "01"])
def test_without_an_endpoint_the_trace_is_carried_on_under_a_new_span(flags: str) -> None:
    with traces.span("call", f"00-{TRACE_ID}-{SPAN_ID}-{flags}") as span:
        carried = ids_of(span.traceparent)

    assert (carried.trace_id, carried.is_sampled) == (TRACE_ID, flags == "01")
    assert carried.span_id != SPAN_ID
    assert span.exported is None


def test_spans_without_a_parent_are_children_of_the_span_they_are_in() -> None:
    with traces.span("outer") as outer:
        with traces.span("inner") as inner:
            within = traces.current_traceparent()
        after = traces.current_traceparent()

    assert ids_of(inner.traceparent).trace_id == ids_of(outer.traceparent).trace_id
    assert (within, after) == (inner.traceparent, outer.traceparent)
    assert traces.current_traceparent() is None


async def test_concurrent_calls_each_have_a_trace_of_their_own() -> None:
    async def call() -> tuple[str, str | None]:
        with traces.span("call") as span:
            await asyncio.sleep(0)
            return span.traceparent, traces.current_traceparent()

    pairs = await asyncio.gather(*(call() for _ in range(50)))

    assert all(own == current for own, current in pairs)
    assert len({ids_of(own).trace_id for own, _ in pairs}) == 50


def test_an_exported_span_has_its_name_parent_attributes_and_service(
    memory: InMemorySpanExporter,
) -> None:
    with traces.span("crm_search", PARENT, tool="crm_search", attempt=2, nothing=None) as span:
        span.set(outcome="ok")

    finished = the_span(memory)
    assert finished.parent is not None
    assert (finished.name, f"{finished.parent.span_id:016x}") == ("crm_search", SPAN_ID)
    assert dict(finished.attributes or {}) == {"tool": "crm_search", "attempt": 2, "outcome": "ok"}
    assert finished.resource.attributes["service.name"] == "crm"
    assert finished.context is not None
    assert span.traceparent == f"00-{TRACE_ID}-{finished.context.span_id:016x}-01"


def test_exported_spans_nest(memory: InMemorySpanExporter) -> None:
    with traces.span("outer") as outer, traces.span("inner"):
        pass

    inner = memory.get_finished_spans()[0]
    assert inner.parent is not None
    assert f"{inner.parent.span_id:016x}" == ids_of(outer.traceparent).span_id


def test_a_trace_its_caller_does_not_sample_is_not_exported(memory: InMemorySpanExporter) -> None:
    with traces.span("call", f"00-{TRACE_ID}-{SPAN_ID}-00") as span:
        pass

    assert memory.get_finished_spans() == ()
    assert span.traceparent.startswith(f"00-{TRACE_ID}-")
    assert span.traceparent.endswith("-00")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConflictError("account A-1 canary"), "conflict"),
        (KeyError("canary"), "KeyError"),
        (asyncio.CancelledError(), "cancelled"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_exception_fails_the_span_by_its_code_and_leaves_no_text(
    memory: InMemorySpanExporter, error: BaseException, code: str
) -> None:
    with pytest.raises(type(error)), traces.span("call"):
        raise error

    finished = the_span(memory)
    assert (finished.status.status_code, finished.status.description) == (StatusCode.ERROR, code)
    assert dict(finished.attributes or {}) == {"error.type": code}
    assert "canary" not in finished.to_json()


def test_a_failure_that_is_answered_fails_the_span_too(memory: InMemorySpanExporter) -> None:
    with traces.span("call") as span:
        span.fail("circuit_open")

    assert the_span(memory).status.description == "circuit_open"


def test_attributes_hold_no_secrets_and_nothing_that_cannot_be_written(
    memory: InMemorySpanExporter,
) -> None:
    with traces.span("a\nb\ud800", url="redis://:s3cr3t@cache", api_key="s3cr3t") as span:
        span.set(text="lone \ud800 \x1b[31m", who="Bearer s3cr3ts3cr3t")

    finished = the_span(memory)
    assert (finished.name, dict(finished.attributes or {})) == (
        "a\\u000ab\\ud800",
        {
            "url": "redis://:[masked]@cache",
            "api_key": "[masked]",
            "text": "lone \\ud800 \\u001b[31m",
            "who": "Bearer [masked]",
        },
    )


def test_spans_reach_an_otlp_endpoint() -> None:
    received: list[tuple[str, bytes]] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002 - its name

    with http.server.HTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            traces.configure(f"http://127.0.0.1:{server.server_port}", "documents")
            with traces.span("documents_submit"):
                pass
            traces.shutdown()
        finally:
            server.shutdown()
            thread.join()

    ((path, body),) = received
    assert path == "/v1/traces"
    assert b"documents_submit" in body


def test_without_an_endpoint_the_sdk_is_not_even_imported() -> None:
    program = (
        "import sys\n"
        "from switchgear_shared.observability import traces\n"
        "traces.configure(None, 'crm')\n"
        "with traces.span('call') as span: print(span.traceparent)\n"
        "assert not [m for m in sys.modules if m.startswith('opentelemetry')]\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert parse_traceparent(done.stdout.strip()) is not None
