import pytest
from prometheus_client.parser import text_string_to_metric_families

from switchgear_shared.observability.metrics import BackendReading, Metrics


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample but the `_created` moments, by name and label values."""
    body, content_type = metrics.render()
    assert content_type.startswith("text/plain; version=1.0.0; charset=utf-8")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body.decode())
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


def test_calls_are_counted_by_outcome_and_timed() -> None:
    metrics = Metrics()

    metrics.call("crm", "crm_search", "ok", 0.02)
    metrics.call("crm", "crm_search", "ok", 4)
    metrics.call("crm", "crm_search", "circuit_open", 0.001)

    seen = samples(metrics)
    assert seen["switchgear_tool_calls_total", "ok", "crm", "crm_search"] == 2
    assert seen["switchgear_tool_calls_total", "circuit_open", "crm", "crm_search"] == 1
    name = "switchgear_tool_call_duration_seconds"
    assert seen[f"{name}_count", "crm", "crm_search"] == 3
    assert seen[f"{name}_sum", "crm", "crm_search"] == pytest.approx(4.021)
    assert [
        seen[f"{name}_bucket", le, "crm", "crm_search"] for le in ("0.005", "0.025", "5.0")
    ] == [
        1,
        2,
        3,
    ]


def test_events_and_what_waits_are_told() -> None:
    metrics = Metrics()

    for outcome in ("handled", "handled", "failed", "dead_lettered"):
        metrics.event("documents-classify", outcome)
    metrics.outbox_depth("documents", 7)
    metrics.dead_letters_open(2)
    metrics.approvals_open(3)

    assert samples(metrics) == {
        ("switchgear_events_total", "documents-classify", "handled"): 2,
        ("switchgear_events_total", "documents-classify", "failed"): 1,
        ("switchgear_events_total", "documents-classify", "dead_lettered"): 1,
        ("switchgear_outbox_depth", "documents"): 7,
        ("switchgear_dead_letters_open",): 2,
        ("switchgear_approvals_open",): 3,
    }


def test_a_state_without_documents_is_not_left_at_its_last_count() -> None:
    metrics = Metrics()

    metrics.documents({"received": 5, "filed": 1})
    metrics.documents({"filed": 6})

    documents = {key: n for key, n in samples(metrics).items() if key[0] == "switchgear_documents"}
    assert documents == {("switchgear_documents", "filed"): 6}


def test_a_backend_is_read_at_every_scrape() -> None:
    metrics = Metrics()
    reading = BackendReading("closed", 16, 2, 0, 5, 1)
    metrics.watch_backend("tryton", lambda: reading)
    metrics.render()

    reading = BackendReading("half_open", 16, 3, 4, 9, 7)

    backends = {key: n for key, n in samples(metrics).items() if "tryton" in key}
    assert backends == {
        ("switchgear_breaker_state", "tryton", "closed"): 0,
        ("switchgear_breaker_state", "tryton", "half_open"): 1,
        ("switchgear_breaker_state", "tryton", "open"): 0,
        ("switchgear_breaker_state", "tryton", "isolated"): 0,
        ("switchgear_bulkhead_calls", "tryton", "in_use"): 3,
        ("switchgear_bulkhead_calls", "tryton", "queued"): 4,
        ("switchgear_bulkhead_slots", "tryton"): 16,
        ("switchgear_retries_total", "tryton"): 9,
        ("switchgear_fallback_answers", "tryton"): 7,
    }


def test_two_metrics_do_not_share_counts() -> None:
    first, second = Metrics(), Metrics()

    first.call("crm", "crm_search", "ok", 0.1)

    assert ("switchgear_tool_calls_total", "ok", "crm", "crm_search") not in samples(second)


@pytest.mark.parametrize(
    "name",
    ['"} 1\nforged_metric{a="', "two\nlines", "back\\slash", "\x1b[31m", "lone \ud800", "x" * 5000],
    ids=ascii,
)
def test_no_name_breaks_the_exposition_or_forges_a_sample(name: str) -> None:
    metrics = Metrics()
    metrics.call(name, name, name, 0.1)
    metrics.event(name, "handled")
    metrics.outbox_depth(name, 1)
    metrics.documents({name: 1})
    metrics.writes_unresolved(name, 1)
    metrics.watch_backend(name, lambda: BackendReading(name, 1, 0, 0, 0, 0))

    seen = samples(metrics)

    label = name[:120].replace("\ud800", "?")
    assert {key[0] for key in seen} == {
        "switchgear_tool_calls_total",
        "switchgear_tool_call_duration_seconds_bucket",
        "switchgear_tool_call_duration_seconds_count",
        "switchgear_tool_call_duration_seconds_sum",
        "switchgear_events_total",
        "switchgear_outbox_depth",
        "switchgear_dead_letters_open",
        "switchgear_documents",
        "switchgear_approvals_open",
        "switchgear_breaker_state",
        "switchgear_bulkhead_calls",
        "switchgear_bulkhead_slots",
        "switchgear_retries_total",
        "switchgear_fallback_answers",
        "switchgear_writes_unresolved",
    }
    assert seen["switchgear_tool_calls_total", label, label, label] == 1


def test_made_up_tool_names_do_not_fill_the_memory() -> None:
    metrics = Metrics(most_tools=20)

    for number in range(50):
        metrics.call("federated", f"tool_{number}", "not_found", 0.1)

    calls = {k: n for k, n in samples(metrics).items() if k[0] == "switchgear_tool_calls_total"}
    assert len(calls) == 21
    assert calls["switchgear_tool_calls_total", "not_found", "federated", "other"] == 30
