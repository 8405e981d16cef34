"""Slips of tills as engines see them: the shop, its address, the day and the total."""

import pytest

from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.fields import read_fields
from switchgear_documents.reading.words import pages_of_text

SLIP = """
KEDAI MAJU SDN BHD
(123456-X)
NO.2, JALAN EMAS 1,
43200 CHERAS, SELANGOR
TEL: 03-1234567
Date: 10/03/2026 17:41
Teh Tarik                    8.15
Total                        8.15
Cash                        10.00
Change                       1.85
"""


def read(slip: str) -> dict[str, str]:
    extract = Extract("receipt", "words/1")
    read_fields(pages_of_text([slip]), extract)
    return {field.name: field.value for field in extract.fields}


@pytest.mark.parametrize(
    ("head", "supplier"),
    [
        ("NORDA COFFEE CO. THE GARDEN HALL\n", "NORDA COFFEE CO."),
        ("NORDA CO. (M) BHD (126926-H)\n", "NORDA CO. (M) BHD"),
        ("NORDA BOOK CO. (M) SDN. BHD. (Co. No. 113825-W)\n", "NORDA BOOK CO. (M) SDN. BHD."),
        ("CO. NO.: 113825-W\nNORDA HANDICRAFT\n", "NORDA HANDICRAFT"),
        ("Norda Markt GmbH\n", "Norda Markt GmbH"),
        ("NORDA BAKERIES (KL) SDN\nBHD\n", "NORDA BAKERIES (KL) SDN BHD"),
        (
            "NORDA HOUSE OF FINE FOOD AND\nBEVERAGE SDN BHD\n",
            "NORDA HOUSE OF FINE FOOD AND BEVERAGE SDN BHD",
        ),
        ("KOPI\nNORDA SDN BHD\n", "NORDA SDN BHD"),
        ("LOTUS FAMILY BAKERY\n", "LOTUS FAMILY BAKERY"),
    ],
)
def test_the_shop_is_named_up_to_the_last_of_its_legal_forms(head: str, supplier: str) -> None:
    assert read(SLIP.replace("KEDAI MAJU SDN BHD\n", head))["supplier"] == supplier


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        pytest.param(
            "NO.2, JALAN EMAS 1,\nKG.BATU,\n43200 CHERAS",
            "NO.2, JALAN EMAS 1, KG.BATU, 43200 CHERAS",
            id="a short form of a place is no legal form",
        ),
        pytest.param(
            "NO.4    &    6,\nJALAN EMAS 1,\n47500 SUBANG,    SELANGOR.",
            "NO.4 & 6, JALAN EMAS 1, 47500 SUBANG, SELANGOR.",
            id="gaps in a line",
        ),
        pytest.param(
            "125A TINGKAT BAWAH PT 1961 JALAN EMAS\nSITE B 45400 SEKIN SELANGOR",
            "125A TINGKAT BAWAH PT 1961 JALAN EMAS, SITE B 45400 SEKIN SELANGOR",
            id="the number of a plot is no postcode",
        ),
        pytest.param(
            "KOPI PLAZA EMAS\nNO.37-1, PLAZA EMAS 2,\n58100 KUALA LUMPUR.",
            "NO.37-1, PLAZA EMAS 2, 58100 KUALA LUMPUR.",
            id="a house's number below a building's name",
        ),
        pytest.param(
            "22 LRG EMAS 4\nKIMPAL PARK",
            "22 LRG EMAS 4, KIMPAL PARK",
            id="no postcode, but a telephone ends it",
        ),
        pytest.param(
            "NO7, JLN EMAS, SHAH ALAM.\nBASIN BESAR 27 INCH",
            "NO7, JLN EMAS, SHAH ALAM.",
            id="a full stop ends it",
        ),
        pytest.param(
            "STESEN PT15944, MUKIM\nBATU,\nJLN BESAR EMAS",
            "STESEN PT15944, MUKIM, BATU, JLN BESAR EMAS",
            id="a plot in the middle of a line",
        ),
        pytest.param(
            "F.KO6, $RD FLOOR,\nNO7 JALAN $S1O/1\n43200 CHERAS",
            "F.K06, SRD FLOOR, NO7 JALAN SS10/1, 43200 CHERAS",
            id="signs taken for others in numbers",
        ),
        pytest.param(
            "Am Markt 10\n16125 Mainz\nKundenbeleg",
            "Am Markt 10, 16125 Mainz",
            id="a street by its house's number above a postcode, and no title below",
        ),
        pytest.param(
            "Kerklaan 8\n8060 Antwerpen\nKASSABON\nBonnummer 2060",
            "Kerklaan 8, 8060 Antwerpen",
            id="nl",
        ),
        pytest.param("ZI Nord, lot 6\n47987 Tours\nREÇU", "ZI Nord, lot 6, 47987 Tours", id="fr"),
        pytest.param(
            "Calle Mayor 86\n69484 Sevilla\nRecibo de pago",
            "Calle Mayor 86, 69484 Sevilla",
            id="es",
        ),
        pytest.param(
            "Viale Europa 78\n01411 Parma\nRicevuta fiscale",
            "Viale Europa 78, 01411 Parma",
            id="it",
        ),
        pytest.param(
            "123 Main St\nSpringfield, IL 62704\n(217) 555-0143",
            "123 Main St, Springfield, IL 62704",
            id="a bare telephone number ends it",
        ),
    ],
)
def test_the_address_is_whole_and_nothing_else(lines: str, address: str) -> None:
    slip = SLIP.replace("NO.2, JALAN EMAS 1,\n43200 CHERAS, SELANGOR", lines)

    assert read(slip)["address"] == address


def test_the_line_that_names_the_shop_is_no_part_of_its_address() -> None:
    slip = SLIP.replace("KEDAI MAJU SDN BHD\n(123456-X)", "32 BAR, GRILL own by CNX TRADING")

    assert read(slip)["address"] == "NO.2, JALAN EMAS 1, 43200 CHERAS, SELANGOR"


@pytest.mark.parametrize(
    ("printed", "total"),
    [
        ("Total RMI11.90", "111.90"),
        ("Total        19-80", "19.80"),
        ("Total        RM 22:60", "22.60"),
        ("Total        1O.50", "10.50"),
        ("Total        10, 50", "10.50"),
        ("Total        RM 170. 00", "170.00"),
        ("Total        8.15", "8.15"),
    ],
)
def test_a_total_is_read_although_an_engine_took_a_sign_for_another(
    printed: str, total: str
) -> None:
    slip = SLIP.replace("Total                        8.15", printed).split("Cash")[0]

    assert read(slip.replace("Teh Tarik                    8.15\n", ""))["total_gross"] == total


def test_cash_without_change_tells_the_first_digit_of_a_total_that_lost_it() -> None:
    paid = "Total (incl. GST)   31.47\nRounding   -0.02\nTOTAL   1.45\nCASH   50.00\nCHANGE   18.55"

    assert read(SLIP.split("Teh", maxsplit=1)[0] + paid)["total_gross"] == "31.45"


def test_a_dollar_sign_alone_makes_no_slip_with_gst_american() -> None:
    slip = SLIP.replace("(123456-X)", "GST 12-3456").replace("Total", "Total $")

    assert read(slip.replace("10/03/2026", "11/12/2026"))["date"] == "2026-12-11"


def test_wide_gaps_between_letters_of_one_width_part_no_name() -> None:
    slip = SLIP.replace("KEDAI MAJU SDN BHD", "MR.   HANDY   (JOHOR)   SDN   BHD")

    assert read(slip)["supplier"] == "MR. HANDY (JOHOR) SDN BHD"


@pytest.mark.parametrize(
    ("lines", "total"),
    [
        ("A PAYER 39,06\nMontant TVA 6,51\nEspèces 40,00\nRendu 0,94", "39.06"),
        ("Total compra   57,24\nTarjeta ****6809   57,24", "57.24"),
        ("TOTALE COMPLESSIVO 10,00\ndi cui IVA 0,91\nBancomat 10,00", "10.00"),
        ("TOTAAL 3,38\nPINNEN 3,38", "3.38"),
        ("Gesamtbetrag EUR 0,80\nGirocard 0,80", "0.80"),
    ],
)
def test_the_total_is_named_in_any_of_six_languages(lines: str, total: str) -> None:
    assert read(SLIP.split("Teh", maxsplit=1)[0] + lines)["total_gross"] == total
