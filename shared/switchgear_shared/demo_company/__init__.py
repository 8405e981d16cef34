"""An invented company of instruments, the same in every server: `demo_company()`."""

from switchgear_shared.demo_company.company import demo_company, sample_purchase_orders
from switchgear_shared.demo_company.papers import SampleInvoice
from switchgear_shared.demo_company.records import Company
from switchgear_shared.demo_company.samples import sample_invoices, small_invoices

__all__ = [
    "Company",
    "SampleInvoice",
    "demo_company",
    "sample_invoices",
    "sample_purchase_orders",
    "small_invoices",
]
