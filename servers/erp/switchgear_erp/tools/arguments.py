"""The toolset itself, and the arguments that several tools take."""

from typing import Annotated

from pydantic import Field

from switchgear_erp.backend import ErpBackend
from switchgear_erp.models import MOST_LINES, InvoiceId, OrderId, PartyId
from switchgear_erp.trade import WantedLine
from switchgear_shared.toolset import Toolset

erp = Toolset[ErpBackend]()

Party = Annotated[PartyId, Field(max_length=64, description="From erp_find_party.")]
Order = Annotated[OrderId, Field(max_length=64, description="From erp_list_orders.")]
Invoice = Annotated[InvoiceId, Field(max_length=64, description="From erp_list_invoices.")]
Version = Annotated[str, Field(max_length=32, description="`version` as last read.")]
Limit = Annotated[int, Field(ge=1, le=50, description="Most rows.")]
Cursor = Annotated[str, Field(max_length=500, description="`next_cursor` before.")]
Number = Annotated[str, Field(max_length=64, description="Part of the number, own or external.")]
Wanted = Annotated[
    tuple[WantedLine, ...],
    Field(
        max_length=MOST_LINES,
        description="Default unit_price: ours.",
    ),
]
Location = Annotated[str, Field(max_length=64, description="Warehouse.")]
