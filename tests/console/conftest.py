"""These tests sit at the shared desk, with a browser's manners."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from journeys.desk import Desk, Samples, copied, opened
from journeys.rooms import demo_data, desk, own_data, samples

__all__ = ["demo_data", "desk", "own_data", "samples"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def strict_desk(
    demo_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Desk]:
    """A suite in which every invoice from 300 EUR on needs approval."""
    data = copied(demo_data, tmp_path_factory.mktemp("strict"))
    async with opened(data, approval_limit=300) as shared:
        yield shared


@pytest.fixture(scope="session")
def strict_samples() -> Samples:
    """The invoices for that suite."""
    return Samples()
