"""Request and reply: answers, refusals, silence, and too many at once."""

import asyncio
import base64

import orjson
import pytest
import structlog

from switchgear_documents.reading.rendering import LARGEST_PICTURE_BYTES
from switchgear_shared.contracts.values import CorrelationId
from switchgear_shared.errors import (
    BackendUnavailableError,
    BulkheadFullError,
    ConflictError,
    DeadlineError,
    InternalError,
    InvalidRequestError,
    SwitchgearError,
)
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.requests import Responder, request


async def _upper(body: bytes) -> bytes:
    return body.upper()


async def test_a_request_is_answered_by_one_of_the_servers_processes(bus: Bus) -> None:
    responders = [Responder(bus, "crm", _upper), Responder(bus, "crm", _upper)]
    for responder in responders:
        await responder.start()

    assert await request(bus, "crm", b"hello", timeout_s=2) == b"HELLO"

    for responder in responders:
        await responder.stop()


async def test_a_request_to_nobody_was_not_done(bus: Bus) -> None:
    with pytest.raises(BackendUnavailableError, match="no process answers for crm") as caught:
        await request(bus, "crm", b"", timeout_s=2)

    assert caught.value.outcome == "not_done"


async def test_a_responder_that_has_stopped_is_nobody(bus: Bus) -> None:
    responder = Responder(bus, "crm", _upper)
    await responder.start()
    await responder.stop()

    with pytest.raises(BackendUnavailableError, match="no process answers for crm"):
        await request(bus, "crm", b"", timeout_s=2)


async def test_a_request_without_an_answer_in_time_may_have_been_done(bus: Bus) -> None:
    async def never(_body: bytes) -> bytes:
        await asyncio.Event().wait()
        return b""

    responder = Responder(bus, "crm", never)
    await responder.start()

    with pytest.raises(DeadlineError) as caught:
        await request(bus, "crm", b"", timeout_s=0.05)

    assert caught.value.outcome == "unknown"
    await responder.stop(drain_s=0)


async def test_a_handlers_error_is_raised_at_the_other_end(bus: Bus) -> None:
    async def refuse(_body: bytes) -> bytes:
        raise ConflictError("account A-1 is at version 7 \N{SNOWMAN}", field="expected_version")

    responder = Responder(bus, "crm", refuse)
    await responder.start()

    with pytest.raises(ConflictError) as caught:
        await request(bus, "crm", b"", timeout_s=2)

    assert (caught.value.message, caught.value.field) == (
        "account A-1 is at version 7 \N{SNOWMAN}",
        "expected_version",
    )
    await responder.stop()


async def test_a_handlers_fault_does_not_leave_its_process(bus: Bus) -> None:
    async def break_down(_body: bytes) -> bytes:
        raise KeyError("secret")

    responder = Responder(bus, "crm", break_down)
    await responder.start()

    with pytest.raises(InternalError) as caught:
        await request(bus, "crm", b"", timeout_s=2)

    assert caught.value.message == "crm has a fault"
    await responder.stop()


async def test_the_correlation_id_goes_along(bus: Bus) -> None:
    async def show(_body: bytes) -> bytes:
        return str(structlog.contextvars.get_contextvars()["correlation_id"]).encode()

    responder = Responder(bus, "crm", show)
    await responder.start()

    given = await request(bus, "crm", b"", timeout_s=2, correlation_id=CorrelationId("cor-1"))
    with structlog.contextvars.bound_contextvars(correlation_id="cor-2"):
        bound = await request(bus, "crm", b"", timeout_s=2)

    assert (given, bound) == (b"cor-1", b"cor-2")
    await responder.stop()


async def test_a_responder_works_on_no_more_than_its_slots_and_refuses_beyond_its_queue(
    bus: Bus,
) -> None:
    working: list[bytes] = []
    release = asyncio.Event()
    busy = asyncio.Event()

    async def work(body: bytes) -> bytes:
        working.append(body)
        busy.set()
        await release.wait()
        return body

    responder = Responder(bus, "crm", work, slots=1, queue=1)
    await responder.start()
    first = asyncio.create_task(request(bus, "crm", b"1", timeout_s=5))
    await busy.wait()
    second = asyncio.create_task(request(bus, "crm", b"2", timeout_s=5))
    await bus.client.flush()

    with pytest.raises(BulkheadFullError):
        await request(bus, "crm", b"3", timeout_s=5)
    assert working == [b"1"]

    release.set()
    assert await asyncio.gather(first, second) == [b"1", b"2"]
    await responder.stop()


@pytest.mark.parametrize("more", [-1, 0])
async def test_the_largest_picture_of_a_page_passes_in_an_answer(
    embedded_bus: Bus, more: int
) -> None:
    """In an answer it stands as text, with what else the answer says."""
    blob = base64.b64encode(bytes(LARGEST_PICTURE_BYTES + more)).decode()

    async def show(_body: bytes) -> bytes:
        return orjson.dumps({"structured": {"blob": blob, "mime_type": "image/png"}, "error": None})

    responder = Responder(embedded_bus, "crm", show)
    await responder.start()

    shown = orjson.loads(await request(embedded_bus, "crm", b"", timeout_s=20))
    await responder.stop()

    assert shown["structured"]["blob"] == blob


async def test_a_request_larger_than_the_broker_takes_is_refused(bus: Bus) -> None:
    with pytest.raises(InvalidRequestError, match="too large"):
        await request(bus, "crm", bytes(bus.client.max_payload + 1), timeout_s=2)


async def test_an_answer_larger_than_the_broker_takes_is_a_fault_not_a_silence(bus: Bus) -> None:
    async def boast(_body: bytes) -> bytes:
        return bytes(bus.client.max_payload + 1)

    responder = Responder(bus, "crm", boast)
    await responder.start()

    with pytest.raises(SwitchgearError, match="too large for the bus"):
        await request(bus, "crm", b"", timeout_s=2)
    await responder.stop()
