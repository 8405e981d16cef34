"""What a parser hands to the checks: fields and lines, and the amounts behind them."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from switchgear_documents.reading.reading import (
    Check,
    DocumentType,
    FieldReading,
    InvoiceLine,
    StatementEntry,
)

AmountName = Literal[
    "line_total",
    "allowances",
    "charges",
    "net",
    "tax",
    "gross",
    "prepaid",
    "rounding",
    "due",
]


@dataclass(frozen=True)
class TaxPart:
    """The tax of one rate: what it is taken of, the rate in percent, and the tax."""

    base: Decimal
    percent: Decimal
    tax: Decimal


@dataclass
class Extract:
    """A document half read.

    `line_nets` leaves out lines that only group or explain others; `tax_parts` are the tax
    amounts per category; `malformed` are checks made while reading, most of them failed: values
    that are not what they should be. `line_tolerance` is how far the lines may be from their sum
    where the syntax allows more than half a minor unit. From `taxes` on stands what the rules of
    EN 16931 look at, `allowances` and `charges` being those of the whole document.
    """

    document_type: DocumentType
    classifier: str
    fields: list[FieldReading] = field(default_factory=list)
    lines: list[InvoiceLine] = field(default_factory=list)
    entries: list[StatementEntry] = field(default_factory=list)
    amounts: dict[AmountName, Decimal] = field(default_factory=dict)
    line_nets: list[Decimal] = field(default_factory=list)
    tax_parts: list[Decimal] = field(default_factory=list)
    malformed: list[Check] = field(default_factory=list)
    line_tolerance: Decimal | None = None
    taxes: list[TaxPart] = field(default_factory=list)
    allowances: list[Decimal] = field(default_factory=list)
    charges: list[Decimal] = field(default_factory=list)
    claims_en16931: bool = False
    has_terms: bool = False
    seller_is_identified: bool = False
    vat_ids: list[str] = field(default_factory=list)
