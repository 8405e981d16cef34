"""Invoices of our own making, as UBL, as CII and as a Factur-X PDF, from one description."""

from switchgear_documents.samples.cii import to_cii
from switchgear_documents.samples.facturx import to_facturx
from switchgear_documents.samples.invoice import InvoiceSpec, Line, Party, TaxPart
from switchgear_documents.samples.ubl import to_ubl

__all__ = ["InvoiceSpec", "Line", "Party", "TaxPart", "to_cii", "to_facturx", "to_ubl"]
