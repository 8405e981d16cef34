"""These tests sit at the shared desk, or carry the events themselves."""

from collections.abc import AsyncGenerator

import pytest_asyncio

from documents.room import reading
from journeys.rooms import demo_data, desk, invoices, office, own_data, samples

__all__ = ["demo_data", "desk", "invoices", "office", "own_data", "samples"]


@pytest_asyncio.fixture(scope="session", loop_scope="session", autouse=True)
async def rooms_read() -> AsyncGenerator[None]:
    """Rooms can read from the first test to the last; a process is started only when one does."""
    async with reading():
        yield
