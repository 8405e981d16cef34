"""Events about an erased subject leave the broker; all others stay."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from nats.js.errors import NotFoundError

from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import Event, new_event
from switchgear_shared.contracts.values import DEFAULT_TENANT, CorrelationId, TenantId, utc_now
from switchgear_shared.messaging import erasure
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.erasure import EventErasure
from switchgear_shared.messaging.subjects import EVENTS


def event(kind: str, subject: str, *, cor: str = "cor_1", tenant: str = "default") -> Event:
    data: dict[str, Any] = {"document_id": subject}
    if kind == "workflows.process.failed":
        data = {"process_id": "prc_1", "process": "x", "document_id": subject, "reason": "secret"}
        subject = "prc_1"
    caller = Caller(
        tenant=TenantId(tenant),
        principal_id="a",
        requested_by="a",
        correlation_id=CorrelationId(cor),
    )
    return new_event(
        kind, source=kind.split(".", maxsplit=1)[0], subject=subject, data=data, caller=caller
    )


async def left(bus: Bus) -> list[tuple[str, str]]:
    info = await bus.jetstream.stream_info(EVENTS)
    found: list[tuple[str, str]] = []
    for number in range(1, info.state.last_seq + 1):
        with suppress(NotFoundError):
            raw = await bus.jetstream.get_msg(EVENTS, number)
            seen = Event.from_cloudevent(raw.data or b"")
            found.append((seen.type, seen.subject))
    return found


async def erase(bus: Bus, **changes: Any) -> int:
    asked: dict[str, Any] = {
        "ids": ("doc_1",),
        "sources": ("documents", "workflows"),
        "since": utc_now() - timedelta(minutes=5),
        "kept": (),
    }
    return await EventErasure(bus).erase(DEFAULT_TENANT, "cor_1", **{**asked, **changes})


@pytest.mark.parametrize("batch", [1, 2, 500])
async def test_only_what_is_about_the_subject_goes(
    embedded_bus: Bus, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(erasure, "_BATCH", batch)
    filed = "documents.document.filed"
    for each in (
        event(filed, "doc_1"),
        event("workflows.process.failed", "doc_1"),
        event(filed, "doc_2"),
        event(filed, "doc_1", cor="cor_2"),
        event(filed, "doc_1", tenant="other"),
    ):
        await embedded_bus.publish([each])

    assert await erase(embedded_bus) == 2
    assert await left(embedded_bus) == [(filed, "doc_2"), (filed, "doc_1"), (filed, "doc_1")]
    assert await erase(embedded_bus) == 0


async def test_types_that_are_kept_and_what_is_older_stay(embedded_bus: Bus) -> None:
    filed = "documents.document.filed"
    await embedded_bus.publish([event(filed, "doc_1")])

    assert await erase(embedded_bus, kept=(filed,)) == 0
    assert await erase(embedded_bus, since=utc_now() + timedelta(minutes=1)) == 0
    assert await erase(embedded_bus, sources=("workflows",)) == 0
    assert await erase(embedded_bus) == 1


async def test_an_empty_stream_has_nothing_to_erase(embedded_bus: Bus) -> None:
    assert await erase(embedded_bus) == 0
