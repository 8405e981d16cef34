"""One suite without a broker for all tests of processes; each brings an invoice of its own."""

import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

sys.path.append(str(Path(__file__).parents[1]))

from journeys.desk import Samples, copied
from journeys.rooms import demo_data, desk, own_data, samples
from workflows.office import Office, opened_office

__all__ = ["demo_data", "desk", "own_data", "samples"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def office(
    demo_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Office]:
    """Give a suite where every invoice from 300 EUR on needs approval."""
    data = copied(demo_data, tmp_path_factory.mktemp("office"))
    async with opened_office(data, approval_limit=300) as opened:
        yield opened


@pytest.fixture(scope="session")
def invoices() -> Samples:
    """Give the invoices for the office."""
    return Samples()
