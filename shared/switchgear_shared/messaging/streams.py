"""The streams of the broker and how they are kept."""

from typing import Any

from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import APIError

from switchgear_shared.messaging.subjects import DEAD, EVENTS, EXHAUSTED, GIVEN_UP, TIMERS

_HOUR_S = 3600.0
_DAY_S = 24 * _HOUR_S
_NAME_IN_USE = 10058


def stream_configs(replicas: int) -> list[StreamConfig]:
    """Return the four streams, each kept `replicas` times."""
    kept: dict[str, Any] = {
        "retention": RetentionPolicy.LIMITS,
        "storage": StorageType.FILE,
        "num_replicas": replicas,
        "allow_direct": True,
    }
    return [
        StreamConfig(
            name=EVENTS,
            description="What happened",
            subjects=["events.>"],
            max_age=90 * _DAY_S,
            discard=DiscardPolicy.NEW,
            duplicate_window=_HOUR_S,
            allow_atomic=True,
            **kept,
        ),
        StreamConfig(
            name=TIMERS,
            description="What is to happen",
            subjects=["timers.>", "due.>"],
            discard=DiscardPolicy.OLD,  # schedules want it
            duplicate_window=_HOUR_S,
            allow_msg_schedules=True,
            allow_msg_ttl=True,
            **kept,
        ),
        StreamConfig(
            name=DEAD,
            description="What no handler could take",
            subjects=["dead.>"],
            discard=DiscardPolicy.NEW,
            duplicate_window=_DAY_S,
            **kept,
        ),
        StreamConfig(
            name=EXHAUSTED,
            description="Messages that the broker gave up delivering",
            subjects=[GIVEN_UP],
            max_age=30 * _DAY_S,
            discard=DiscardPolicy.OLD,
            **kept,
        ),
    ]


async def set_up_streams(jetstream: JetStreamContext, replicas: int) -> None:
    """Create the streams that are missing and bring the others to these settings."""
    for config in stream_configs(replicas):
        try:
            await jetstream.add_stream(config)
        except APIError as error:
            if error.err_code != _NAME_IN_USE:
                raise
            await jetstream.update_stream(config)
