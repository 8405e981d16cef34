"""Publishing: batches, repeats, and streams that are set up again."""

from collections.abc import Callable

import pytest

from switchgear_shared.contracts.events import Event
from switchgear_shared.errors import BackendUnavailableError
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.embedded import EmbeddedNats
from switchgear_shared.messaging.subjects import EVENTS

Filed = Callable[[str], Event]


async def _count(bus: Bus) -> int:
    return (await bus.jetstream.stream_info(EVENTS)).state.messages


async def test_an_event_is_published_under_its_tenant_and_type_with_its_ids(
    bus: Bus, filed: Filed
) -> None:
    event = filed("doc_1").model_copy(update={"tenant": "acme.example *>"})

    await bus.publish([event])

    stored = await bus.jetstream.get_msg(EVENTS, 1)
    assert stored.subject == "events.acme%2Eexample%20%2A%3E.documents.document.filed"
    assert stored.data == event.to_cloudevent()
    assert stored.headers == {
        "event-id": event.id,
        "correlation-id": event.correlation_id,
        "content-type": "application/cloudevents+json",
        "Nats-Msg-Id": event.id,
    }


@pytest.mark.parametrize("count", [0, 1, 2, 999, 1000, 1001])
async def test_batches_of_any_size_are_stored_whole_and_in_order(
    bus: Bus, filed: Filed, count: int
) -> None:
    events = [filed(f"doc_{number}") for number in range(count)]

    await bus.publish(events)

    assert await _count(bus) == count
    if count:
        last = await bus.jetstream.get_msg(EVENTS, count)
        assert last.data == events[-1].to_cloudevent()


@pytest.mark.parametrize("count", [2, 999, 1000, 1001])
async def test_up_to_a_thousand_events_are_stored_as_one_atomic_batch(
    bus: Bus, filed: Filed, count: int
) -> None:
    await bus.publish([filed(f"doc_{number}") for number in range(count)])

    first = await bus.jetstream.get_msg(EVENTS, 1)
    last = await bus.jetstream.get_msg(EVENTS, min(count, 1000))
    assert first.headers is not None
    assert last.headers is not None
    assert last.headers["Nats-Batch-Id"] == first.headers["Nats-Batch-Id"]
    assert last.headers["Nats-Batch-Sequence"] == str(min(count, 1000))


async def test_a_batch_with_one_event_that_is_stored_already_stores_the_others(
    bus: Bus, filed: Filed
) -> None:
    events = [filed(f"doc_{number}") for number in range(5)]
    await bus.publish([events[2]])

    await bus.publish(events)

    stored = [(await bus.jetstream.get_msg(EVENTS, seq)).data for seq in range(1, 6)]
    expected = [events[2], events[0], events[1], events[3], events[4]]
    assert stored == [event.to_cloudevent() for event in expected]
    assert await _count(bus) == 5


async def test_publishing_again_stores_nothing_twice(bus: Bus, filed: Filed) -> None:
    events = [filed("doc_1"), filed("doc_2")]

    await bus.publish(events)
    await bus.publish(events)

    assert await _count(bus) == 2


async def test_setting_up_again_keeps_what_is_stored(bus: Bus, filed: Filed) -> None:
    await bus.publish([filed("doc_1")])

    await bus.setup()

    assert await _count(bus) == 1


async def test_a_stream_with_other_settings_is_brought_to_ours(bus: Bus) -> None:
    info = await bus.jetstream.stream_info(EVENTS)
    await bus.jetstream.update_stream(info.config.evolve(max_age=3600.0))

    await bus.setup()

    restored = await bus.jetstream.stream_info(EVENTS)
    assert restored.config.max_age == 90 * 24 * 3600


async def test_streams_that_were_lost_are_made_again_when_something_is_published(
    bus: Bus, filed: Filed
) -> None:
    await bus.jetstream.delete_stream(EVENTS)

    await bus.publish([filed("doc_1"), filed("doc_2")])

    assert await _count(bus) == 2


async def test_a_bus_without_a_connection_says_so(broker: EmbeddedNats, filed: Filed) -> None:
    bus = Bus(broker.ensure)

    with pytest.raises(BackendUnavailableError, match=r"not connected after 0\.01 s"):
        await bus.wait_connected(0.01)
    with pytest.raises(BackendUnavailableError):
        await bus.publish([filed("doc_1")], timeout_s=0.01)
    assert not bus.is_connected
