"""What reading an e-invoice costs: parsing alone, with the checks, with the schema; and from PDF.

One process, one core, CPU time; samples are our own invoices of 3 and 60 lines. The parser alone is
lxml, which everybody pays. Run: `.venv/bin/python bench/documents.py [ROUNDS]`.
"""

import datetime as dt
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from switchgear_documents.reading.contents import read_contents
from switchgear_documents.reading.facturx import read_einvoice
from switchgear_documents.reading.markup import parse_xml
from switchgear_documents.reading.schemas import check_schema, load_schemas
from switchgear_documents.samples import InvoiceSpec, Line, Party, to_cii, to_facturx, to_ubl

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 7
READS = 60
TODAY = dt.date(2026, 5, 4)
SELLER = Party(
    "Nordlicht GmbH", "DE136695976", "Weg 1", "Hamburg", "20457", "DE", "DE89370400440532013000"
)
BUYER = Party("Brouwer BV", "NL004495445B01", "Gracht 1", "Amsterdam", "1015 AA", "NL")
LINE = Line("Drill", "ND-1", "BZ-1", Decimal(3), "C62", Decimal("129.90"), Decimal(19))
SHORT = InvoiceSpec("R-1", TODAY, TODAY, SELLER, BUYER, "EUR", "PO-1", (LINE,) * 3)
LONG = replace(SHORT, lines=(LINE,) * 60)


def rate(work: Callable[[], object]) -> float:
    """Return how often a second the work is done."""
    begun = time.process_time()
    for _ in range(READS):
        work()
    return READS / (time.process_time() - begun)


def main() -> None:
    """Print the rates side by side."""
    load_schemas()
    samples = {
        "UBL, 3 lines": (to_ubl(SHORT), ".xml"),
        "UBL, 60 lines": (to_ubl(LONG), ".xml"),
        "CII, 3 lines": (to_cii(SHORT), ".xml"),
        "CII, 60 lines": (to_cii(LONG), ".xml"),
        "Factur-X, 3 lines": (to_facturx(SHORT), ".pdf"),
    }
    columns = ("lxml alone", "fields", "fields and schema", "whole reading")
    print(f"{'documents a second':20}" + "".join(f"{name:>20}" for name in columns))
    for name, (data, suffix) in samples.items():
        works: list[Callable[[], object] | None] = [None, None, None]
        if suffix == ".xml":
            works = [
                lambda data=data: parse_xml(data),
                lambda data=data: read_einvoice(parse_xml(data)),
                lambda data=data: (read_einvoice(root := parse_xml(data)), check_schema(root)),
            ]
        works.append(
            lambda data=data, suffix=suffix: read_contents(data, suffix, max_pages=500, today=TODAY)
        )
        rates = [
            statistics.median(rate(work) for _ in range(ROUNDS)) if work else None for work in works
        ]
        cells = (f"{'-' if found is None else f'{found:.0f}':>20}" for found in rates)
        print(f"{name:20}" + "".join(cells))


if __name__ == "__main__":
    main()
