"""Turn timers that are due back into events, so that a consumer sees them like any other."""

from collections.abc import Sequence

from nats.aio.msg import Msg

from switchgear_shared.errors import SwitchgearError
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.pull import PullLoop, PullSource, settle
from switchgear_shared.messaging.subjects import EVENT_ID, TIMERS, own_headers
from switchgear_shared.observability.logs import logger

_log = logger(__name__)
_RETRY_S = 5.0
_DELETE_TIMEOUT_S = 10.0


class TimerForwarder:
    """Publishes each due timer under its event's own id; processes share the work.

    The broker keeps the schedules and fires them whoever lives; what fired while nobody ran a
    forwarder waits for the next.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._loop = PullLoop(
            bus, PullSource(TIMERS, "switchgear-timers", "due.>", slots=2), self._forward
        )

    async def start(self) -> None:
        """Begin."""
        await self._loop.start()

    async def stop(self) -> None:
        """Stop after the timer under way."""
        await self._loop.stop()

    async def _forward(self, messages: Sequence[Msg]) -> None:
        (message,) = messages
        headers = own_headers(message.headers)
        sequence = message.metadata.sequence.stream
        try:
            await self._bus.publish_raw(
                "events." + message.subject.removeprefix("due."),
                message.data,
                headers,
                message_id=headers.get(EVENT_ID, f"{TIMERS}:{sequence}"),
            )
            await self._bus.discard(TIMERS, sequence, timeout_s=_DELETE_TIMEOUT_S)
        except SwitchgearError as error:
            _log.warning("timer_delayed", error_code=error.code, reason=error.message)
            await settle(message.nak(delay=_RETRY_S))
        else:
            await settle(message.ack())
