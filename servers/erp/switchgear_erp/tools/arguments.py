"""The toolset itself, and the arguments that several tools take."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, Field

from switchgear_erp.backend import ErpBackend
from switchgear_erp.models import MOST_LINES, InvoiceId, OrderId, PartyId
from switchgear_erp.trade import WantedLine
from switchgear_shared.contracts.texts import within
from switchgear_shared.toolset import Toolset

erp = Toolset[ErpBackend]()


def _bounded(lines: Sequence[object]) -> Sequence[object]:
    if not 1 <= len(lines) <= MOST_LINES:
        raise ValueError(f"1 to {MOST_LINES} lines, not {len(lines)}")
    return lines


LINES = AfterValidator(_bounded)
"""The check of how many lines are given at once; the limit is told who passes it."""

_ID = within(64)
Party = Annotated[PartyId, _ID, Field(description="From erp_find_party.")]
Order = Annotated[OrderId, _ID, Field(description="From erp_list_orders.")]
Invoice = Annotated[InvoiceId, _ID, Field(description="From erp_list_invoices.")]
Version = Annotated[str, within(32), Field(description="`version` you read.")]
Limit = Annotated[int, Field(ge=1, le=50, description="Most rows.")]
Cursor = Annotated[str, within(500), Field(description="`next_cursor` before.")]
Number = Annotated[str, within(64), Field(description="Part of its number, ours or theirs.")]
Wanted = Annotated[tuple[WantedLine, ...], LINES, Field(description="Default unit_price: ours.")]
Location = Annotated[str, within(64), Field(description="Warehouse.")]
