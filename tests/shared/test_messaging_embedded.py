"""The embedded broker: one owner, its key, and who takes over when it dies."""

import asyncio
import os
import signal
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import nats.errors
import pytest
from nats.aio.client import Client

from switchgear_shared.contracts.events import Event
from switchgear_shared.errors import BackendUnavailableError
from switchgear_shared.messaging.bus import Bus
from switchgear_shared.messaging.embedded import EmbeddedNats
from switchgear_shared.messaging.subjects import EVENTS

Filed = Callable[[str], Event]
Spawn = Callable[..., Awaitable[asyncio.subprocess.Process]]


async def _published(bus: Bus) -> list[str]:
    count = (await bus.jetstream.stream_info(EVENTS)).state.messages
    reader = await bus.jetstream.pull_subscribe("events.>", stream=EVENTS)
    bodies: list[bytes] = []
    while len(bodies) < count:
        for message in await reader.fetch(500):
            await message.ack()
            bodies.append(message.data)
    return [Event.from_cloudevent(body).subject for body in bodies]


async def test_callers_of_one_data_directory_share_one_server(
    broker: EmbeddedNats, tmp_path: Path
) -> None:
    other = EmbeddedNats(tmp_path / "data")

    endpoints = await asyncio.gather(broker.ensure(), other.ensure(), other.ensure())

    assert len({endpoint.url for endpoint in endpoints}) == 1
    assert [broker.is_owner, other.is_owner].count(True) == 1
    await other.stop()


async def test_two_data_directories_never_share_a_server(
    broker: EmbeddedNats, tmp_path: Path
) -> None:
    mine = await broker.ensure()
    other = EmbeddedNats(tmp_path / "other")
    (tmp_path / "other" / "broker").mkdir(parents=True)
    misleading = f'{{"url": "{mine.url}"}}'
    (tmp_path / "other" / "broker" / "endpoint.json").write_text(misleading)

    theirs = await other.ensure()

    assert theirs.url != mine.url
    assert theirs.nkey_seed != mine.nkey_seed
    await other.stop()


async def test_only_the_owner_stops_the_server(broker: EmbeddedNats, tmp_path: Path) -> None:
    endpoint = await broker.ensure()
    other = EmbeddedNats(tmp_path / "data")
    await other.ensure()

    await other.stop()

    assert (await other.ensure(), broker.is_owner) == (endpoint, True)


async def test_a_server_started_again_has_its_port_and_its_key_again(
    broker: EmbeddedNats, tmp_path: Path
) -> None:
    first = await broker.ensure()
    await broker.stop()
    again = EmbeddedNats(tmp_path / "data")

    second = await again.ensure()

    assert second == first
    await again.stop()


async def test_the_server_lets_nobody_in_without_its_key(broker: EmbeddedNats) -> None:
    endpoint = await broker.ensure()

    async def ignore(_error: Exception) -> None: ...

    client = Client()
    with pytest.raises(nats.errors.Error, match="Authorization Violation"):
        await client.connect(endpoint.url, allow_reconnect=False, error_cb=ignore)
    await client.close()


async def test_keys_and_endpoint_are_for_the_owner_of_the_files_only(
    broker: EmbeddedNats, tmp_path: Path
) -> None:
    endpoint = await broker.ensure()
    folder = tmp_path / "data" / "broker"

    modes = {
        name: stat.S_IMODE((folder / name).stat().st_mode)
        for name in ("broker.nkey", "endpoint.json", "nats.conf", "owner.lock", "")
    }

    assert modes == {
        "broker.nkey": 0o600,
        "endpoint.json": 0o600,
        "nats.conf": 0o600,
        "owner.lock": 0o600,
        "": 0o700,
    }
    assert str(endpoint.nkey_seed) not in repr(endpoint)


async def test_a_binary_that_cannot_run_is_an_unavailable_backend(tmp_path: Path) -> None:
    server = EmbeddedNats(tmp_path / "data", binary=tmp_path / "missing")

    with pytest.raises(BackendUnavailableError, match="cannot be started"):
        await server.ensure()


async def test_nothing_published_is_lost_when_the_server_is_killed_again_and_again(
    broker: EmbeddedNats, embedded_bus: Bus, filed: Filed
) -> None:
    expected = [f"doc_{number}" for number in range(60)]
    killed: list[int] = []

    for number, subject in enumerate(expected):
        if number % 20 == 10:
            pid = broker.server_pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
        await embedded_bus.publish([filed(subject)])

    assert await _published(embedded_bus) == expected
    assert len(set(killed)) == 3


async def test_batches_survive_a_kill_while_they_are_under_way(
    broker: EmbeddedNats, embedded_bus: Bus, filed: Filed
) -> None:
    expected = [f"doc_{number}" for number in range(2000)]
    publishing = asyncio.create_task(embedded_bus.publish([filed(one) for one in expected]))
    seen = asyncio.Event()

    async def notice(_message: object) -> None:
        seen.set()

    await embedded_bus.subscribe("events.>", "", notice)
    await seen.wait()
    os.kill(broker.server_pid or 0, signal.SIGKILL)
    await publishing

    assert sorted(await _published(embedded_bus)) == sorted(expected)


async def test_another_process_takes_over_when_the_owner_is_killed(
    broker: EmbeddedNats, spawn: Spawn, filed: Filed, tmp_path: Path
) -> None:
    owner = await spawn("own", tmp_path / "data")
    bus = Bus(broker.ensure)
    await bus.connect()
    await bus.publish([filed("doc_1")])
    assert not broker.is_owner

    owner.kill()
    await owner.wait()
    expected = ["doc_1"]
    async with asyncio.timeout(20):
        while not broker.is_owner:
            expected.append(f"doc_{len(expected) + 1}")
            await bus.publish([filed(expected[-1])])

    assert await _published(bus) == expected
    await bus.close()
