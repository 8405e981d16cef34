"""Totals that a commission or a discount reduces, and taxes that only a rate names."""

import pytest
from tests.documents.reading_of import fields_of


def values(page: str) -> dict[str, str]:
    return {name: field.value for name, field in fields_of(page).items()}


AIRTIME = """
WQXZ Remit Address:                     INVOICE                      Invoice #        2337-1
PO Box 744201                           Advertiser   Citizens for Parks
Atlanta, GA 30374-4201                                               Invoice Date     01/26/20

Billing Address:                        Sales Region     National
Harbor Media Buying                     Billing Type     Cash
Attention: Accounts Payable
730 N. Franklin
Chicago, IL 60654

                       Gross Total            $625.00
                       {reduction}            $93.75
                       {after}                $531.25
"""


def test_a_commission_is_no_tax_and_what_it_leaves_is_owed() -> None:
    found = values(AIRTIME.format(reduction="Agency Commission", after="Net Amount Due"))

    assert "total_tax" not in found
    assert (found["total_gross"], found["total_due"]) == ("531.25", "531.25")


@pytest.mark.parametrize(
    "reduction", ["Discount", "Sonderrabatt", "Remise", "Descuento", "Sconto", "Korting"]
)
def test_a_discount_in_any_language_is_no_tax(reduction: str) -> None:
    found = values(AIRTIME.format(reduction=reduction, after="Net Amount Due"))

    assert "total_tax" not in found


def test_a_total_that_is_reduced_to_an_amount_without_a_name_is_not_sure() -> None:
    reduced = fields_of(AIRTIME.format(reduction="Agency Commission", after="Amount"))
    plain = fields_of(AIRTIME.format(reduction="Spots of the month", after="Amount"))

    assert reduced["total_gross"].confidence < 0.5 <= plain["total_gross"].confidence


def test_a_discount_before_the_tax_leaves_net_tax_and_gross_as_they_are() -> None:
    found = values("""
Nordlicht Werkzeuge GmbH
Rechnungs-Nr.   R-1
Summe              1.000,00
Rabatt               100,00
Summe netto          900,00
19 % MwSt.           171,00
Rechnungsbetrag    1.071,00 EUR
""")

    assert (found["total_net"], found["total_tax"], found["total_gross"]) == (
        "900.00",
        "171.00",
        "1071.00",
    )


def test_a_tax_that_only_its_rate_names_is_what_the_rate_makes_of_the_net() -> None:
    text = """
Harbor Training, Ltd.
Invoice No.: 1234         Date: 9/21/2020
Subtotal                  $2,550
Sales Tax                 {rate}
Total                     $2,779.5
"""

    assert values(text.format(rate="9%"))["total_tax"] == "229.5"
    assert "total_tax" not in values(text.format(rate="8%"))


def test_a_name_in_front_of_the_heading_of_its_address_is_the_sender() -> None:
    found = values(AIRTIME.format(reduction="Agency Commission", after="Net Amount Due"))

    assert found["supplier"] == "WQXZ"


def test_the_block_under_the_heading_of_an_address_comes_before_a_form_beside_it() -> None:
    found = values(AIRTIME.format(reduction="Agency Commission", after="Net Amount Due"))

    assert found["buyer"] == "Harbor Media Buying"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Rechnung an: Alpen Garten GmbH, Seestrasse 5, 8800 Thalwil", "Alpen Garten GmbH"),
        ("Bill to: Jane Miller, 12 Mill Lane, Leeds LS1 4AB", "Jane Miller"),
        ("Bill to: Smith, Jones and Partners", "Smith, Jones and Partners"),
        ("Bill to: ATTN: Jane Miller", "Jane Miller"),
    ],
)
def test_a_name_ends_where_its_address_starts(line: str, name: str) -> None:
    assert values(f"Nordlicht Werkzeuge GmbH\nInvoice No. 4711\n{line}\n")["buyer"] == name


@pytest.mark.parametrize("sign", ["Rs. ", "Rs.", "₹ "])
def test_rupees_are_money_however_they_are_written(sign: str) -> None:
    found = values(
        f"Sunrise Rooms Pvt. Ltd.\nGSTIN 06AABCO6063D1ZC\nInvoice No. S-1\nTotal   {sign}1,938\n"
    )

    assert (found["currency"], found["total_gross"]) == ("INR", "1938")


def test_a_date_may_have_a_space_before_its_comma() -> None:
    assert values("Invoice No.: S-1\nInvoice Date: August 3 , 2024\n")["date"] == "2024-08-03"


UNTAXED = """
Nordlicht Werkzeuge GmbH
Invoice No.: R-1          Date: 2026-11-02
Reverse charge
{lines}
"""


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(
            "Total   EUR 1000.00\nCash discount   EUR 20.00 if paid by 2026-11-12\n"
            "Amount due by 2026-11-12:   EUR 980.00",
            id="cash discount",
        ),
        pytest.param(
            "Gesamtbetrag   1.000,00 EUR\n2 % Skonto   20,00 EUR\nZahlbetrag   980,00 EUR",
            id="Skonto",
        ),
        pytest.param(
            "Total   EUR 1000.00\nDiscount when paid within 10 days   EUR 20.00\n"
            "Amount due   EUR 980.00",
            id="a discount on a condition",
        ),
        pytest.param(
            "Discount   EUR 200.00\nTotal   EUR 1000.00\nDeposit paid   EUR 200.00\n"
            "Amount due   EUR 800.00",
            id="a deposit of the same amount",
        ),
        pytest.param(
            "Discount   EUR 200.00\nTotal   EUR 1000.00\nAmount due   EUR 800.00",
            id="a discount above the total",
        ),
    ],
)
def test_what_a_discount_may_leave_is_not_the_total(lines: str) -> None:
    assert values(UNTAXED.format(lines=lines))["total_gross"] == "1000.00"


def test_a_total_that_a_discount_makes_is_less_sure_than_one_that_stands_there() -> None:
    reduced = fields_of(AIRTIME.format(reduction="Agency Commission", after="Net Amount Due"))
    plain = fields_of(UNTAXED.format(lines="Total   EUR 1000.00"))

    assert reduced["total_gross"].confidence < plain["total_gross"].confidence


@pytest.mark.parametrize(
    ("address", "least", "most"), [("Mumbai, India", 0.9, 1), ("Karachi, Pakistan", 0, 0.6)]
)
def test_rs_alone_does_not_say_whose_rupees(address: str, least: float, most: float) -> None:
    page = f"Sunrise Rooms Ltd.\n{address}\nInvoice No.: S-1\nRoom   Rs. 938.00\nTotal   Rs. 938.00"

    assert least <= fields_of(page)["currency"].confidence <= most


@pytest.mark.parametrize("name", ["ATT Mobility LLC", "Att Textil GmbH"])
def test_a_name_that_begins_like_care_of_stays_whole(name: str) -> None:
    assert values(f"{name}\nInvoice No. 4711\n")["supplier"] == name
