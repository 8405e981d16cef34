"""The protection of each backend as it is set, and what metrics read of it."""

from typing import Any

from switchgear_shared.observability.logs import logger
from switchgear_shared.observability.metrics import BackendReading
from switchgear_shared.resilience.breaker import BreakerSettings, CircuitBreaker
from switchgear_shared.resilience.bulkhead import Bulkhead
from switchgear_shared.resilience.fallback import LastGoodAnswers
from switchgear_shared.resilience.protection import BackendProtection
from switchgear_shared.resilience.retry import RetryPolicy
from switchgear_shared.settings import Settings

log = logger(__name__)


def protection_of(name: str, settings: Settings) -> BackendProtection:
    """Return the protection of one backend as it is set."""
    breaker = BreakerSettings(
        failure_ratio=settings.breaker_failure_ratio,
        slow_ratio=settings.breaker_slow_ratio,
        slow_call_s=settings.breaker_slow_call_s,
        window_s=settings.breaker_window_s,
        minimum_throughput=settings.breaker_minimum_throughput,
        break_duration_s=settings.breaker_break_duration_s,
        max_break_duration_s=settings.breaker_longest_break_s,
    )
    return BackendProtection(
        name,
        CircuitBreaker(name, breaker, on_change=_log_circuit),
        Bulkhead(
            name,
            settings.bulkhead_slots,
            settings.bulkhead_queue,
            slots_per_holder=settings.bulkhead_slots_per_agent,
        ),
        RetryPolicy(attempts=settings.retry_attempts),
        settings.attempt_timeout_s,
    )


def reading_of(
    protection: BackendProtection, answers: LastGoodAnswers[dict[str, Any]]
) -> BackendReading:
    """Return what the metrics show of a backend."""
    seen = protection.snapshot()
    return BackendReading(
        breaker_state=seen.breaker.state,
        kept_answers_count=len(answers),
        slots_count=seen.bulkhead.slots_count,
        in_use_count=seen.bulkhead.in_use_count,
        queued_count=seen.bulkhead.queued_count,
        retries_count=seen.retries_count,
    )


def _log_circuit(name: str, before: str, after: str) -> None:
    log.warning("circuit changed", backend=name, before=before, after=after)
