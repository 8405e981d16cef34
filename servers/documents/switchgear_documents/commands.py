"""`switchgear samples`: the invoices that the demo company expects, as real files."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from switchgear_documents import commands_learning, commands_reading, commands_records
from switchgear_documents.asking import commands as asking_commands
from switchgear_documents.samples import InvoiceSpec, Line, Party, to_cii, to_facturx, to_ubl
from switchgear_shared.demo_company import (
    SampleInvoice,
    demo_company,
    sample_invoices,
    small_invoices,
)
from switchgear_shared.demo_company.party import Party as Company


class Format(StrEnum):
    """An e-invoice format."""

    UBL = "ubl"
    CII = "cii"
    FACTURX = "facturx"


_WRITERS = {
    Format.UBL: (to_ubl, "xml"),
    Format.CII: (to_cii, "xml"),
    Format.FACTURX: (to_facturx, "pdf"),
}


def register(app: typer.Typer) -> None:
    """Add these commands to the command line, those that read to the group `documents`."""
    app.command()(samples)
    commands_reading.register()
    commands_records.register()
    commands_learning.register()
    asking_commands.register()


def samples(
    folder: Annotated[Path, typer.Argument(help="Where to write the files.")],
    count: Annotated[
        int, typer.Option("--count", min=0, max=150, help="Small invoices beside the cases.")
    ] = 0,
    formats: Annotated[
        list[Format] | None, typer.Option("--format", help="Repeatable; default: all three.")
    ] = None,
) -> None:
    """Write sample invoices that match purchase orders of the demo company."""
    company = demo_company()
    folder.mkdir(parents=True, exist_ok=True)
    for invoice in sample_invoices(company):
        for name in formats or list(_WRITERS):
            _write(folder, invoice, name, f"{invoice.case}_{invoice.number}")
    chosen = formats or [Format.UBL]
    for place, invoice in enumerate(small_invoices(company)[:count]):
        _write(folder, invoice, chosen[place % len(chosen)], invoice.number)
    typer.echo(f"wrote {len(list(folder.iterdir()))} files to {folder}")


def spec_of(invoice: SampleInvoice) -> InvoiceSpec:
    """Return what the sample's document says."""
    return InvoiceSpec(
        number=invoice.number,
        date=invoice.issued_on,
        due_date=invoice.due_on,
        seller=_party(invoice.vendor),
        buyer=_party(invoice.buyer),
        currency=invoice.currency,
        order_ref=invoice.order_ref,
        lines=tuple(
            Line(
                description=line.description,
                seller_item_id=None,
                buyer_item_id=line.sku,
                quantity=line.quantity,
                unit=line.unit,
                unit_price=line.unit_price,
                tax_percent=line.tax_percent,
            )
            for line in invoice.lines
        ),
    )


def _write(folder: Path, invoice: SampleInvoice, name: Format, stem: str) -> None:
    write, extension = _WRITERS[name]
    (folder / f"{stem}.{name}.{extension}").write_bytes(write(spec_of(invoice)))


def _party(party: Company) -> Party:
    return Party(
        name=party.name,
        vat=party.tax_id,
        street=party.address.street,
        city=party.address.city,
        zip=party.address.postal_code,
        country=party.address.country,
        iban=party.iban,
    )
