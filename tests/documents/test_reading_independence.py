"""Two that look like invoices may be one paper, or the same again: a person parts those."""

import pytest
from tests.documents.reading_of import failures, read
from tests.documents.test_reading_several import a_pdf

from switchgear_documents.reading.lookalikes import is_same_but_suffix
from switchgear_documents.reading.parts import ONE_DOCUMENT
from switchgear_documents.routing import doubts_about


def invoice(
    number: str, net: int, said: str = "", *, seller: str = "Nordlicht", buyer: str = "Kontor AG"
) -> str:
    tax = net * 0.2
    return (
        f"{seller} GmbH\nHafenstr. 1\n20457 Hamburg\n\nBill to:\n{buyer}\nMarkt 3\n"
        f"80331 Muenchen\n\nInvoice no. {number}\nInvoice date: 2026-11-02\n{said}\n"
        f"Net total EUR {net:.2f}\nVAT 20% EUR {tax:.2f}\nGrand total EUR {net + tax:.2f}"
    )


def page_of(number: str, rest: str) -> str:
    return invoice(number, 1).split("\nNet total", maxsplit=1)[0] + rest


PAGE_TOTAL = page_of("R-1001", "\nDrill 10 EUR 30.00 EUR 300.00\nSaw 10 EUR 9.00\nTotal EUR 500.00")
UNTAXED = "\nDrill 10 EUR 30.00 EUR 300.00\nTotal EUR 300.00"


@pytest.mark.parametrize(
    ("pages", "doubt"),
    [
        pytest.param(
            (invoice("S-100", 30), invoice("R-1", 10), invoice("R-2", 20)),
            "the total of pages 1 to 1 is the sum of other parts",
            id="a collective invoice and its invoices",
        ),
        pytest.param(
            (invoice("S-100", 30, "Collective invoice of October"), invoice("R-1", 10)),
            "pages 1 to 1 say 'collective'",
            id="it calls itself collective",
        ),
        pytest.param(
            (PAGE_TOTAL, invoice("R-2002", 600)),
            "the total of pages 1 to 1 is borne out by no net and tax of its own",
            id="the total of a page",
        ),
        *(
            pytest.param(
                (invoice("R-1001", 500, f"{said} 500.00"), invoice("R-2002", 600)),
                f"pages 1 to 1 say {found!a}",
                id=said,
            )
            for said, found in (
                ("Carried forward", "carried forward"),
                ("Übertrag", "übertrag"),
                ("A reporter", "a reporter"),
                ("Riporto", "riporto"),
                ("Suma y sigue", "suma y sigue"),
                ("Transport", "transport"),
            )
        ),
        pytest.param(
            (invoice("R-1001", 500), invoice("R-1O01", 600)),
            "the numbers 'R-1001' and 'R-1O01' are alike",
            id="a number that was misread",
        ),
        pytest.param(
            (invoice("R-1001/1", 500), invoice("R-1001/2", 600)),
            "the numbers 'R-1001/1' and 'R-1001/2' are alike",
            id="pages in the number",
        ),
        pytest.param(
            (invoice("R-2", 500, "It follows R-1"), invoice("R-1", 600)),
            "pages 1 to 1 name number 'R-1' of pages 2 to 2",
            id="the other one named",
        ),
        *(
            pytest.param(
                (invoice("R-2", 500), invoice("R-1", 600, said)),
                f"pages 2 to 2 say {said.lower()!a}",
                id=said,
            )
            for said in ("COPY", "Pro forma", "Cancelled", "Storno", "Kopie", "Duplicata")
        ),
        pytest.param(
            (invoice("R-2", 500), invoice("R-1", 500)),
            "pages 1 to 1 and pages 2 to 2 have the same total of the same day",
            id="the same sum of the same day",
        ),
        pytest.param(
            (invoice("R-1", 500), invoice("R-2", 600, buyer="Brouwer B.V.")),
            "pages 2 to 2 do not name the buyer of pages 1 to 1",
            id="two buyers",
        ),
        pytest.param(
            (
                invoice("R-1", 500),
                invoice("X-9", 90, "Kontor AG", seller="Weber", buyer="Nordlicht GmbH"),
            ),
            "pages 2 to 2 name the supplier of pages 1 to 1",
            id="a carrier's invoice to the seller",
        ),
    ],
)
def test_parts_that_are_tied_to_one_another_are_proposed(
    pages: tuple[str, ...], doubt: str
) -> None:
    reading = read(a_pdf(*pages), ".pdf")

    assert (reading.document_type == "bundle", reading.attachments) == (False, ())
    assert len(reading.parts) == len(pages)
    ((_, said),) = [one for one in failures(reading) if one[0] == ONE_DOCUMENT]
    assert said.endswith(f"; it is not parted by itself: {doubt}")
    assert f"{ONE_DOCUMENT}: {said}" in doubts_about(reading)


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param((invoice("R-1041", 500), invoice("R-1042", 600)), id="numbers in a row"),
        pytest.param((invoice("R-1", 10), invoice("R-2", 20), invoice("R-3", 40)), id="three"),
        pytest.param(
            (page_of("R-1", f"\nReverse charge{UNTAXED}"), invoice("R-2", 20)), id="untaxed"
        ),
        pytest.param(
            (
                invoice("R-1", 10),
                "General Terms and Conditions\n1. No order may be cancelled. Transport is yours.",
                invoice("R-2", 20),
            ),
            id="words of terms",
        ),
    ],
)
def test_invoices_of_one_buyer_that_nothing_ties_are_parted(pages: tuple[str, ...]) -> None:
    reading = read(a_pdf(*pages), ".pdf")

    assert (reading.document_type, failures(reading)) == ("bundle", [])
    assert len(reading.attachments) == len(reading.parts) > 1


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("R-1001/1", "R-1001/2", True),
        ("R-1001", "R-1001-2", True),
        ("R-1001a", "R-1001b", True),
        ("R-1001", "R-1001b", True),
        ("2026-001", "2026-002", False),
        ("R-1", "R-2", False),
        ("R-1", "R-10", False),
        ("R-1001", "R-1002", False),
        ("R-1001/1", "R-1002/1", False),
    ],
)
def test_numbers_that_differ_at_their_end_alone(one: str, other: str, is_same: bool) -> None:
    assert is_same_but_suffix(one, other) is is_same
    assert is_same_but_suffix(other, one) is is_same
