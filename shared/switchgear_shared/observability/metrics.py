"""Metrics of this process, as Prometheus reads them, on a registry of our own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

EventOutcome = Literal["handled", "failed", "dead_lettered"]

BREAKER_STATES: Final = ("closed", "half_open", "open", "isolated")
OTHER: Final = "other"

_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_MOST_LABEL_CHARS: Final = 120


@dataclass(frozen=True, slots=True)
class BackendReading:
    """The state of one backend's protection at the moment of a scrape."""

    breaker_state: str
    slots_count: int
    in_use_count: int
    queued_count: int
    retries_count: int
    kept_answers_count: int


class Metrics:
    """Everything that is counted; one per process, given to whoever counts.

    Label values are trimmed and cleaned; tools beyond the first `most_tools` are counted as
    `other`, so that nobody fills the memory with names of their own.
    """

    def __init__(self, most_tools: int = 2_000) -> None:
        self._registry = CollectorRegistry(auto_describe=True)
        self._calls = Counter(
            "switchgear_tool_calls",
            "Tool calls by outcome: ok, or the error's code.",
            ["server", "tool", "outcome"],
            registry=self._registry,
        )
        self._call_seconds = Histogram(
            "switchgear_tool_call_duration_seconds",
            "Time from request to answer of a tool call.",
            ["server", "tool"],
            buckets=_BUCKETS_S,
            registry=self._registry,
        )
        self._events = Counter(
            "switchgear_events",
            "Deliveries of events by outcome.",
            ["consumer", "outcome"],
            registry=self._registry,
        )
        self._outbox = Gauge(
            "switchgear_outbox_depth",
            "Events committed but not yet published.",
            ["server"],
            registry=self._registry,
        )
        self._unresolved = Gauge(
            "switchgear_writes_unresolved",
            "Changes sent to a system outside of which nobody knows yet what became.",
            ["server"],
            registry=self._registry,
        )
        self._dead_letters = Gauge(
            "switchgear_dead_letters_open",
            "Dead letters that nobody has replayed or discarded.",
            registry=self._registry,
        )
        self._documents = Gauge(
            "switchgear_documents",
            "Documents by state.",
            ["state"],
            registry=self._registry,
        )
        self._models = Counter(
            "switchgear_model_calls",
            "Language models asked about documents, by outcome.",
            ["model", "task", "outcome"],
            registry=self._registry,
        )
        self._model_cost = Counter(
            "switchgear_model_cost_micro",
            "What they cost, in millionths of the catalogue's currency.",
            ["model"],
            registry=self._registry,
        )
        self._approvals = Gauge(
            "switchgear_approvals_open",
            "Approvals that wait for a decision.",
            registry=self._registry,
        )
        self._backends = _Backends()
        self._registry.register(self._backends)
        self._most_tools = most_tools
        self._tools: dict[tuple[str, str], tuple[str, str]] = {}

    def call(self, server: str, tool: str, outcome: str, duration_s: float) -> None:
        """Count one tool call; `outcome` is `ok` or an error's code."""
        server, tool = self._tool_labels(server, tool)
        self._calls.labels(server, tool, _label(outcome)).inc()
        self._call_seconds.labels(server, tool).observe(duration_s)

    def event(self, consumer: str, outcome: EventOutcome) -> None:
        """Count one delivery of an event to a consumer."""
        self._events.labels(_label(consumer), outcome).inc()

    def outbox_depth(self, server: str, count: int) -> None:
        """Set how many events of `server` wait to be published."""
        self._outbox.labels(_label(server)).set(count)

    def writes_unresolved(self, server: str, count: int) -> None:
        """Set how many changes of `server` were sent and are not known to be done or refused."""
        self._unresolved.labels(_label(server)).set(count)

    def dead_letters_open(self, count: int) -> None:
        """Set how many dead letters are open."""
        self._dead_letters.set(count)

    def documents(self, counts: dict[str, int]) -> None:
        """Set how many documents are in each state; states not named have none."""
        self._documents.clear()
        for state, count in counts.items():
            self._documents.labels(_label(state)).set(count)

    def model_asked(self, model: str, task: str, outcome: str, cost_micro: int) -> None:
        """Count a language model that was asked, or passed over, and what it cost."""
        self._models.labels(_label(model), task, outcome).inc()
        self._model_cost.labels(_label(model)).inc(cost_micro)

    def approvals_open(self, count: int) -> None:
        """Set how many approvals wait for a decision."""
        self._approvals.set(count)

    def watch_backend(self, backend: str, read: Callable[[], BackendReading]) -> None:
        """Read the state of `backend` at every scrape; a later `read` replaces the first."""
        self._backends.reads[_label(backend)] = read

    def render(self) -> tuple[bytes, str]:
        """Return the exposition and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def _tool_labels(self, server: str, tool: str) -> tuple[str, str]:
        labels = self._tools.get((server, tool))
        if labels is None:
            if len(self._tools) >= self._most_tools:
                return _label(server), OTHER
            labels = self._tools[server, tool] = (_label(server), _label(tool))
        return labels


class _Backends(Collector):
    """The backends' protections, which keep their own counts."""

    def __init__(self) -> None:
        self.reads: dict[str, Callable[[], BackendReading]] = {}

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        state = GaugeMetricFamily(
            "switchgear_breaker_state",
            "1 for the state the circuit breaker is in.",
            labels=["backend", "state"],
        )
        calls = GaugeMetricFamily(
            "switchgear_bulkhead_calls",
            "Calls that hold a slot of the bulkhead or wait for one.",
            labels=["backend", "is"],
        )
        slots = GaugeMetricFamily(
            "switchgear_bulkhead_slots", "Slots of the bulkhead.", labels=["backend"]
        )
        retries = CounterMetricFamily(
            "switchgear_retries", "Attempts beyond the first.", labels=["backend"]
        )
        answers = GaugeMetricFamily(
            "switchgear_fallback_answers", "Last good answers kept.", labels=["backend"]
        )
        for backend, read in sorted(self.reads.items()):
            reading = read()
            for name in BREAKER_STATES:
                state.add_metric([backend, name], float(reading.breaker_state == name))
            calls.add_metric([backend, "in_use"], reading.in_use_count)
            calls.add_metric([backend, "queued"], reading.queued_count)
            slots.add_metric([backend], reading.slots_count)
            retries.add_metric([backend], reading.retries_count)
            answers.add_metric([backend], reading.kept_answers_count)
        yield from (state, calls, slots, retries, answers)


def _label(value: str) -> str:
    """Return `value` short, and such that it can be written: a lone surrogate cannot."""
    return value[:_MOST_LABEL_CHARS].encode("utf-8", "replace").decode()
