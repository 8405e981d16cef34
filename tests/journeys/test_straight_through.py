import pytest
from journeys.desk import Desk, Samples, gross_of
from switchgear_documents.samples import to_ubl

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_x(desk: Desk, samples: Samples):
    spec = samples.small()
    r = await desk.submit(to_ubl(spec))
    s = await desk.until(r)
    assert s["state"] == "filed"
    assert await desk.booked(spec.number) == [("posted", gross_of(spec))]
    assert await desk.dead_letters() == []
