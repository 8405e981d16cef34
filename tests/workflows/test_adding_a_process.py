"""The process that the documentation adds runs as it stands there."""

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from journeys.office import SERVICE, KilledError, Office
from switchgear_shared.calls.call import Dispatcher
from switchgear_shared.calls.client import ToolClient
from switchgear_shared.contracts.caller import Caller
from switchgear_shared.contracts.events import Event
from switchgear_shared.contracts.values import DEFAULT_TENANT, new_correlation_id
from switchgear_workflows.calling import ProcessTools
from switchgear_workflows.process import Kinds
from switchgear_workflows.sql import SqlWorkflows
from workflows.shop import CUSTOMER, Struck, goods

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = Path(__file__).resolve().parents[2] / "docs/adding-a-process.md"
_FILE = re.compile(r"^`fair_stock\.py`\n\n```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def fair_stock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    found = _FILE.search(PAGE.read_text("utf-8"))
    assert found is not None
    (tmp_path / "fair_stock.py").write_text(found[1], encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield import_module("fair_stock").FairStock
    sys.modules.pop("fair_stock")


def kinds_of(made: Any, dispatcher: Dispatcher) -> Kinds:
    return Kinds([made(ProcessTools(ToolClient(dispatcher, SERVICE, 10))).kind()])


async def begun(office: Office, kinds: Kinds, fair: str, account_id: str) -> Event:
    backend = SqlWorkflows(office.database, office.host.approvals, kinds)
    caller = Caller(
        tenant=DEFAULT_TENANT,
        principal_id="back-office",
        requested_by="back-office",
        correlation_id=new_correlation_id(),
    )
    given = {
        "fair": fair,
        "account_id": account_id,
        "sku": await goods(office),
        "quantity": "1",
    }
    await office.deliver()
    await backend.start(caller, process="fair_stock", given=given)
    (started,) = await office.deliver(hold={"workflows.process.started"})
    return started


async def held_for(office: Office, fair: str) -> int:
    stock = await office.ask(
        "inventory_get_stock", sku=await goods(office), include=["reservations"]
    )
    return sum(one["for_ref"] == fair for one in stock["reservations"])


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("place", [1, 2])
async def test_the_documented_process_holds_goods_once_however_it_is_killed(
    office: Office, fair_stock: Any, place: int, after: bool
) -> None:
    fair = f"Fair {place} {after}"
    kinds = kinds_of(fair_stock, office.host.switchboard)
    started = await begun(office, kinds, fair, CUSTOMER)
    killed = kinds_of(fair_stock, Struck(office.host.switchboard, place, after))

    with pytest.raises(KilledError):
        await office.manager(kinds=killed).resume(started)
    await office.manager(kinds=kinds).resume(started)

    assert (await office.process(started))["state"] == "completed"
    assert await held_for(office, fair) == 1


async def test_the_documented_process_lets_go_of_the_goods_if_it_cannot_tell(
    office: Office, fair_stock: Any
) -> None:
    kinds = kinds_of(fair_stock, office.host.switchboard)
    started = await begun(office, kinds, "Fair of nobody", "acc_none")

    await office.manager(kinds=kinds).resume(started)

    process = await office.process(started)
    assert process["state"] == "failed"
    assert process["reason"].startswith("not_found: ")
    assert await held_for(office, "Fair of nobody") == 0
