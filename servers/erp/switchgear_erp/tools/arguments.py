"""The toolset itself, and the arguments that several tools take."""

from typing import Annotated

from pydantic import Field

from switchgear_erp.backend import ErpBackend
from switchgear_erp.models import InvoiceId, OrderId, PartyId
from switchgear_shared.toolset import Toolset

erp = Toolset[ErpBackend]()

Party = Annotated[
    PartyId, Field(min_length=1, max_length=64, description="`id` from erp_find_party.")
]
Order = Annotated[
    OrderId, Field(min_length=1, max_length=64, description="`id` from erp_list_orders.")
]
Invoice = Annotated[
    InvoiceId, Field(min_length=1, max_length=64, description="`id` from erp_list_invoices.")
]
Version = Annotated[
    str, Field(min_length=1, max_length=32, description="`version` as you last read it.")
]
Limit = Annotated[int, Field(ge=1, le=50, description="Most rows to return.")]
Cursor = Annotated[
    str, Field(min_length=1, max_length=500, description="`next_cursor` of the page before.")
]
Number = Annotated[
    str, Field(min_length=1, max_length=64, description="Any part of the number, own or external.")
]
