"""An invoice as people see it: one A4 page, or more for many lines."""

from decimal import Decimal
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from switchgear_documents.samples.invoice import InvoiceSpec, Party

_INK = "#1f2933"
_SOFT = "#7b8794"
_RULE = "#cbd2d9"
_UNITS = {"C62": "pcs", "H87": "pcs", "HUR": "h", "KGM": "kg", "MTR": "m", "LTR": "l"}


def to_page(spec: InvoiceSpec) -> bytes:
    """Return the invoice as a PDF without its XML; the same bytes for the same spec."""
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415 - costs start-up time
    from reportlab.lib.units import mm  # noqa: PLC0415 - same
    from reportlab.platypus import SimpleDocTemplate, Spacer  # noqa: PLC0415 - same

    styles = _styles()
    file = BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=f"Invoice {spec.number}",
        author=spec.seller.name,
        invariant=1,
    )
    story: list[Any] = [
        *_letterhead(spec, styles),
        Spacer(1, 10 * mm),
        _positions(spec, styles),
        Spacer(1, 4 * mm),
        _totals(spec, styles),
        Spacer(1, 10 * mm),
        *_footer(spec, styles),
    ]
    document.build(story)
    return file.getvalue()


def _styles() -> dict[str, Any]:
    from reportlab.lib.colors import HexColor  # noqa: PLC0415 - costs start-up time
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415 - same
    from reportlab.pdfbase.pdfmetrics import registerFont  # noqa: PLC0415 - same
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415 - same

    registerFont(TTFont("Vera", "Vera.ttf"))
    registerFont(TTFont("VeraBd", "VeraBd.ttf"))
    soft = HexColor(_SOFT)
    text = ParagraphStyle(
        "text", fontName="Vera", fontSize=8.5, leading=12, textColor=HexColor(_INK)
    )
    return {
        "text": text,
        "right": ParagraphStyle("right", text, alignment=2),
        "bold": ParagraphStyle("bold", text, fontName="VeraBd"),
        "bold_right": ParagraphStyle("bold_right", text, fontName="VeraBd", alignment=2),
        "soft": ParagraphStyle("soft", text, fontSize=7, textColor=soft),
        "soft_right": ParagraphStyle("soft_right", text, fontSize=7, textColor=soft, alignment=2),
        "name": ParagraphStyle("name", text, fontName="VeraBd", fontSize=13, leading=17),
        "title": ParagraphStyle("title", text, fontName="VeraBd", fontSize=18, leading=24),
    }


def _paragraph(text: str, style: Any) -> Any:
    from reportlab.platypus import Paragraph  # noqa: PLC0415 - costs start-up time

    return Paragraph(escape(text), style)


def _table(rows: list[list[Any]], widths_mm: tuple[int, ...], *commands: tuple[Any, ...]) -> Any:
    from reportlab.lib.units import mm  # noqa: PLC0415 - costs start-up time
    from reportlab.platypus import Table  # noqa: PLC0415 - same

    flush = ("LEFTPADDING", (0, 0), (0, -1), 0), ("RIGHTPADDING", (-1, 0), (-1, -1), 0)
    style = [("VALIGN", (0, 0), (-1, -1), "TOP"), *flush, *commands]
    widths = [width * mm for width in widths_mm]
    return Table(rows, colWidths=widths, style=style, repeatRows=1, hAlign="RIGHT")


def _letterhead(spec: InvoiceSpec, styles: dict[str, Any]) -> list[Any]:
    facts = [
        ("Invoice number", spec.number),
        ("Invoice date", spec.date.isoformat()),
        ("Due date", spec.due_date.isoformat()),
        ("Order number", spec.order_ref or ""),
    ]
    fact_rows = [
        [_paragraph(f"{label}: {value}", styles["right"])] for label, value in facts if value
    ]
    buyer = [_paragraph(line, styles["text"]) for line in _address(spec.buyer)]
    return [
        _paragraph(spec.seller.name, styles["name"]),
        _paragraph(" · ".join(_address(spec.seller)[1:]), styles["soft"]),
        _table([["", ""], [buyer, _table(fact_rows, (80,))]], (82, 83)),
        _paragraph("INVOICE", styles["title"]),
    ]


def _address(party: Party) -> list[str]:
    lines = [party.name, party.street, f"{party.zip} {party.city}, {party.country}"]
    return [*lines, f"VAT ID {party.vat}"] if party.vat else lines


def _positions(spec: InvoiceSpec, styles: dict[str, Any]) -> Any:
    names = ("Pos", "Description", "Quantity", "Unit price", "Tax", "Net")
    head = [
        _paragraph(name, styles["soft" if index < len(names[:2]) else "soft_right"])
        for index, name in enumerate(names)
    ]
    rows: list[list[Any]] = [head]
    for number, line in enumerate(spec.lines, start=1):
        items = [item for item in (line.seller_item_id, line.buyer_item_id) if item]
        description = [_paragraph(line.description, styles["text"])]
        if items:
            description.append(_paragraph("Item " + " / your item ".join(items), styles["soft"]))
        values = (
            f"{_digits(line.quantity)} {_UNITS.get(line.unit, line.unit)}",
            f"{line.unit_price:,f}",
            f"{_digits(line.tax_percent)}%",
            f"{spec.line_net(line):,f}",
        )
        right = [_paragraph(value, styles["right"]) for value in values]
        rows.append([_paragraph(str(number), styles["text"]), description, *right])
    rules = ("LINEBELOW", (0, 0), (-1, -1), 0.4, _RULE)
    return _table(rows, (10, 65, 28, 23, 13, 26), rules)


def _totals(spec: InvoiceSpec, styles: dict[str, Any]) -> Any:
    plain = [("Net total", spec.net)]
    plain += [
        (f"VAT {_digits(part.percent)}% on {part.base:,f}", part.tax) for part in spec.tax_parts
    ]
    rows = [[_paragraph(f"{label}: {value:,f}", styles["right"])] for label, value in plain]
    total = f"Total amount: {spec.gross:,f} {spec.currency}"
    rows.append([_paragraph(total, styles["bold_right"])])
    return _table(rows, (95,), ("LINEABOVE", (0, -1), (-1, -1), 0.8, _INK))


def _footer(spec: InvoiceSpec, styles: dict[str, Any]) -> list[Any]:
    lines = [f"Please pay by {spec.due_date.isoformat()}, stating {spec.number}."]
    if spec.seller.iban:
        lines.append(f"IBAN {spec.seller.iban}")
    if spec.note:
        lines.append(spec.note)
    return [_paragraph(line, styles["text"]) for line in lines]


def _digits(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
