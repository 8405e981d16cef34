"""The fixtures of every room whose tests sit at a desk."""

import asyncio
from collections.abc import AsyncGenerator
from functools import cache
from pathlib import Path

import pytest
import pytest_asyncio

from journeys.desk import Desk, Samples, copied, opened, prepare
from journeys.office import Office, opened_office


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with the demo company; copy it, never run on it."""
    return _prepared(tmp_path_factory.getbasetemp())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def desk(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Desk]:
    """The suite that most tests share: each brings documents of its own."""
    async with opened(copied(demo_data, tmp_path_factory.mktemp("desk"))) as shared:
        yield shared


@pytest.fixture(scope="session")
def samples() -> Samples:
    """The invoices for the shared suite."""
    return Samples()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def office(
    demo_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Office]:
    """A suite whose events the tests carry; every invoice from 300 EUR on needs approval."""
    data = copied(demo_data, tmp_path_factory.mktemp("office"))
    async with opened_office(data, approval_limit=300) as shared:
        yield shared


@pytest.fixture(scope="session")
def invoices() -> Samples:
    """The invoices for the office."""
    return Samples()


@pytest.fixture
def own_data(demo_data: Path, tmp_path: Path) -> Path:
    """A data directory of the test's own."""
    return copied(demo_data, tmp_path)


@cache
def _prepared(base: Path) -> Path:
    data = base / "demo_data"
    asyncio.run(prepare(data))
    return data
