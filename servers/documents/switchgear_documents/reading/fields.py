"""The fields of a page out of words in places: every reader's candidates, weighed together."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from switchgear_documents.reading.agreements import read_agreement
from switchgear_documents.reading.codes import read_currency, read_iban, read_vat_ids
from switchgear_documents.reading.einvoice import TOTAL_FIELDS
from switchgear_documents.reading.extract import AmountName, Extract
from switchgear_documents.reading.labels import (
    Candidate,
    Finder,
    Label,
    beside,
    date_finder,
    find_labels,
    money_finder,
    numbers_in,
)
from switchgear_documents.reading.own_document import own_types
from switchgear_documents.reading.own_reading import check_own, read_own
from switchgear_documents.reading.packed import read_packed
from switchgear_documents.reading.parties import read_parties
from switchgear_documents.reading.positions import read_positions
from switchgear_documents.reading.reading import DocumentType, FieldName, FieldReading
from switchgear_documents.reading.receipts import is_slip, read_receipt
from switchgear_documents.reading.several import check_single
from switchgear_documents.reading.sureness import MOST_SURE, sureness
from switchgear_documents.reading.templates import Template
from switchgear_documents.reading.totals import Total, read_totals
from switchgear_documents.reading.wording import Role
from switchgear_documents.reading.words import Cell, Page
from switchgear_documents.reading.written import Dialect, dates_in, dialect_of, is_either

PAGES_READ = 12
_UNLABELLED = 0.35
_TOP = 0.45
_TOTALS: dict[Total, FieldName] = {
    "net": "total_net",
    "tax": "total_tax",
    "gross": "total_gross",
    "due": "total_due",
}
_AMOUNTS: dict[Total, AmountName] = {"net": "net", "tax": "tax", "gross": "gross", "due": "due"}
_LIKELIER = 0.5
_ASKED_FOR: frozenset[FieldName] = frozenset(
    ("number", "date", "supplier", "currency", "total_gross", "parties", "jurisdiction", "iban")
)
_THEIRS = re.compile(
    r"your|customer|p\.?\s?o\b|purchase|ihre|bestell|votre|r[ée]f|su |orden de compra|vostr|rif"
    r"|vs\b|uw|bon de commande",
    re.IGNORECASE,
)
"""How a seller speaks of the order that it confirms, and not of its own number."""
_UNSURE_WHICH = 0.75
_INVOICE_LIKE = ("invoice", "credit_note", "purchase_order", "order_confirmation")


def read_fields(pages: Sequence[Page], extract: Extract, template: Template | None = None) -> None:
    """Add the fields that documents of the extract's type have; types without any add none.

    What the template of the page's supplier finds stands before what the general reader does.
    """
    taught = template.read(pages[:PAGES_READ]) if template is not None else {}
    _read_by_type(pages, extract)
    for name, candidate in taught.items():
        extract.fields[:] = [field for field in extract.fields if field.name != name]
        extract.fields.append(as_field(name, candidate))
        if (amount := TOTAL_FIELDS.get(name)) is not None:
            extract.amounts[amount] = Decimal(candidate.value)


def _read_by_type(pages: Sequence[Page], extract: Extract) -> None:
    kind = extract.document_type
    if (own := own_types().get(kind)) is not None:
        found = read_own(own, pages[:PAGES_READ])
        extract.fields.extend(as_field(*one) for one in found.items())
        extract.malformed.extend(check_own(own, extract))
    elif kind == "contract":
        _add(extract, read_agreement(pages))
    elif kind == "receipt" or _is_of_a_shop(pages, extract):
        _add_receipt(pages[0], extract)
    elif kind in _INVOICE_LIKE:
        read_invoice(pages, extract)
    elif kind == "delivery_note":
        read_delivery(pages, extract)


def _is_of_a_shop(pages: Sequence[Page], extract: Extract) -> bool:
    """Tell whether the page is a till's slip, whatever its words had it taken for."""
    return extract.document_type in ("invoice", "other") and len(pages) == 1 and is_slip(pages[0])


def _add_receipt(page: Page, extract: Extract) -> None:
    found = read_receipt(page)
    if extract.document_type == "invoice":  # a shop's tax invoice has a number too
        number = _best(_all([page], find_labels([page]), "number", numbers_in))
        found |= {"number": number} if number is not None else {}
    if "total_gross" in found:
        extract.amounts["gross"] = Decimal(found["total_gross"].value)
    _add(extract, found, "receipt")


def read_invoice(pages: Sequence[Page], extract: Extract) -> None:
    """Add what an invoice, a credit note or an order shows to the extract."""
    pages = pages[:PAGES_READ]
    dialect = dialect_of("\n".join(page.text for page in pages))
    labels = find_labels(pages)
    find_dates = date_finder(dialect)
    found: dict[FieldName, Candidate | None] = {}
    kind = extract.document_type
    found["number"] = _best(_numbers(pages, labels, kind))
    found["due_date"] = _weighed(_best(_all(pages, labels, "due_date", find_dates)), dialect)
    is_order = kind in ("purchase_order", "order_confirmation")
    dated = _best(_all(pages, labels, "order_date" if is_order else "date", find_dates))
    found["date"] = _weighed(dated or _lonely_date(pages, dialect), dialect)
    if kind != "purchase_order":
        number = found["number"]
        found["order_ref"] = _best(_ordered(pages, labels, kind, number))
    parties = read_parties(pages, labels, is_order=kind == "purchase_order")
    supplier, buyer = parties.supplier, parties.buyer
    found["supplier"], found["buyer"] = supplier, buyer
    found["supplier_vat"], found["buyer_vat"] = read_vat_ids(pages, supplier, buyer)
    found["iban"] = read_iban(pages)
    found["currency"] = read_currency(pages, labels)
    totals = read_totals(pages, labels, money_finder(dialect))
    for total, name in _TOTALS.items():
        found[name] = totals.chosen.get(total)
        candidate = totals.chosen.get(total)
        if candidate is not None:
            extract.amounts[_AMOUNTS[total]] = Decimal(candidate.value)
    _add_lines(pages, dialect, extract)
    if (several := check_single(pages, labels, dialect)) is not None:
        extract.malformed.append(several)
    _add(extract, found)


def read_delivery(pages: Sequence[Page], extract: Extract) -> None:
    """Add what a delivery note shows to the extract: what was sent has no prices there."""
    pages = pages[:PAGES_READ]
    dialect = dialect_of("\n".join(page.text for page in pages))
    labels = find_labels(pages)
    find_dates = date_finder(dialect)
    number = _best(_numbers(pages, labels, "delivery_note"))
    ordered = _all(pages, labels, "order_ref", numbers_in)
    parties = read_parties(pages, labels)
    found: dict[FieldName, Candidate | None] = {
        "number": number,
        "date": _weighed(
            _best(_all(pages, labels, "delivery_date", find_dates))
            or _best(_all(pages, labels, "date", find_dates))
            or _lonely_date(pages, dialect),
            dialect,
        ),
        "order_ref": _best([c for c in ordered if number is None or c.value != number.value]),
        "supplier": parties.supplier,
        "buyer": parties.buyer,
    }
    found["supplier_vat"], found["buyer_vat"] = read_vat_ids(pages, parties.supplier, parties.buyer)
    extract.lines.extend(read_packed(pages, dialect))
    _add(extract, found)


def _numbers(pages: Sequence[Page], labels: Sequence[Label], kind: DocumentType) -> list[Candidate]:
    """Return what may be the document's own number: of an order, what others call their order's."""
    roles: tuple[Role, ...] = ("number",)
    if kind == "purchase_order":
        roles = ("order_ref",)
    elif kind == "order_confirmation":
        roles = ("confirmation", "order_ref")
    elif kind == "delivery_note":
        roles = ("delivery",)
    for role in roles:
        if kind == "order_confirmation" and role == "order_ref":
            ours = [label for label in labels if not _is_theirs(label)]
            if found := _all(pages, ours, role, numbers_in):
                return found
        if found := _all(pages, labels, role, numbers_in):
            return found
    return _all(pages, labels, "number", numbers_in)


def _ordered(
    pages: Sequence[Page], labels: Sequence[Label], kind: DocumentType, number: Candidate | None
) -> list[Candidate]:
    """Return what may be the number of the order: of a confirmation, the customer's own first."""
    own = number.value if number is not None else None
    found = [c for c in _all(pages, labels, "order_ref", numbers_in) if c.value != own]
    if kind != "order_confirmation":
        return found
    theirs = _all(pages, filter(_is_theirs, labels), "order_ref", numbers_in)
    return [c for c in theirs if c.value != own] or found


def _is_theirs(label: Label) -> bool:
    return _THEIRS.search(label.cell.text[label.start : label.end]) is not None


def _add_lines(pages: Sequence[Page], dialect: Dialect, extract: Extract) -> None:
    """Add the table's lines if they bear themselves out: by their sum, or each by its price."""
    rows = read_positions(pages, money_finder(dialect), dialect)
    total = sum(rows.nets, Decimal(0))
    totals = {extract.amounts.get("net"), extract.amounts.get("gross")}
    if rows.lines and -total in totals:  # a credit note may show its lines without their sign
        extract.lines.extend(rows.lines)
    elif rows.lines and (total in totals or rows.multiplied == len(rows.lines)):
        extract.lines.extend(rows.lines)
        if total != extract.amounts.get("gross") or "net" not in extract.amounts:
            extract.line_nets.extend(rows.nets)


def _add(
    extract: Extract,
    found: Mapping[FieldName, Candidate | None],
    kind: DocumentType | None = None,
) -> None:
    """Add what was found, each as sure as values of its kind and weight turned out to be."""
    kind_of = kind or extract.document_type
    for name, candidate in found.items():
        if candidate is not None:
            sure = sureness(kind_of, name, candidate.score) * candidate.share
            is_asked = name in _ASKED_FOR and (name != "currency" or "order" not in kind_of)
            if sure < _LIKELIER and not is_asked:
                continue  # what is likelier wrong than right is not said, but asked
            extract.fields.append(as_field(name, candidate._replace(score=sure)))


def as_field(name: FieldName, candidate: Candidate) -> FieldReading:
    """Return the candidate as a field with its place on the page."""
    cell = candidate.cell
    box = tuple(round(min(max(edge, 0.0), 1.0), 4) for edge in cell.box)
    return FieldReading(
        name=name,
        value=candidate.value,
        confidence=round(min(candidate.score, MOST_SURE) * cell.confidence, 2),
        place=f"page {cell.page}, line {cell.line}",
        page=cell.page,
        box=box,
    )


def _all(
    pages: Sequence[Page], labels: Iterable[Label], role: Role, find: Finder
) -> list[Candidate]:
    by_page = {page.number: page for page in pages}
    return [
        candidate
        for label in labels
        if label.role == role
        for candidate in beside(label, by_page[label.cell.page], find)
    ]


def _best(candidates: Sequence[Candidate]) -> Candidate | None:
    """Return the best; that another value stands by as good a label makes it less sure."""
    if not candidates:
        return None
    best = max(candidates, key=lambda c: (round(c.score, 2), -c.cell.page, -c.cell.line))
    rivals = [c for c in candidates if c.value != best.value and c.score > best.score - 0.1]
    return best._replace(score=best.score - 0.15) if rivals else best


def _weighed(candidate: Candidate | None, dialect: Dialect) -> Candidate | None:
    """Return the date less sure where its day could be its month and nothing tells which."""
    if candidate is None or dialect.is_order_known or not is_either(candidate.cell.text):
        return candidate
    return candidate._replace(share=_UNSURE_WHICH)


def _lonely_date(pages: Sequence[Page], dialect: Dialect) -> Candidate | None:
    """Return a date that stands by itself in the upper part of the first page."""
    for cell in _top(pages):
        for found in dates_in(cell.text, dialect):
            if found.end - found.start > len(cell.text) * 0.5:
                return Candidate(found.value, cell.part(found.start, found.end), _UNLABELLED)
    return None


def _top(pages: Sequence[Page]) -> Iterable[Cell]:
    return (cell for page in pages[:1] for cell in page.cells if cell.box.top < _TOP)
