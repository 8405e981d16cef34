"""The ERP's tools: one function, one backend call, no I/O of its own."""

from switchgear_erp.tools import (
    directory,
    invoices,
    order_changes,
    orders,
    parties,
    payments,
    prompts,
    resources,
)
from switchgear_erp.tools.arguments import erp

__all__ = [
    "directory",
    "erp",
    "invoices",
    "order_changes",
    "orders",
    "parties",
    "payments",
    "prompts",
    "resources",
]
