"""Contracts: between whom they are, since when, under which law and for how long."""

import pytest

from documents.reading_of import fields_of
from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.fields import read_fields
from switchgear_documents.reading.signatories import signatories
from switchgear_documents.reading.words import pages_of_text

LETTER = """
Halden Pumps, Inc.
12 Quay Road
March 4, 2026
Orrin Capital Partners IV, L.P.
80 Lake Street
Ladies and Gentlemen:
In connection with your possible interest in a transaction with Halden Pumps, Inc. (together with
its subsidiaries, the "Company"), you have asked for information. This replaces that certain letter
agreement dated June 9, 2024. The obligations under this letter agreement will terminate on the
second (2nd) anniversary of the date hereof. This letter shall be construed in accordance with the
internal law, and not the law of conflicts, of the State of New York.
Very truly yours,
HALDEN PUMPS, INC.
By: /s/ Jo Marsh
Name: Jo Marsh
Title: President
Accepted and agreed:
ORRIN CAPITAL PARTNERS IV, L.P.
By: Orrin GP IV, LLC, as General Partner
By: /s/ Ed Vale
Name: Ed Vale
"""
GERMAN = """
DIENSTLEISTUNGSVERTRAG
zwischen der
Nordlicht Werkzeuge GmbH, Hafenstraße 12, 20457 Hamburg, vertreten durch Anna Droste
- nachfolgend „Auftraggeber“ genannt -
und der
Brouwer & Zonen B.V., Keizersgracht 100, 1015 AA Amsterdam
wird folgender Vertrag geschlossen:
Der Vertrag hat eine Laufzeit von zwei Jahren und unterliegt deutschem Recht.
Hamburg, den 3. Februar 2026
"""
FRENCH = """
ENTRE LES SOUSSIGNÉS :
La société Atelier Duval SARL, dont le siège social est situé 12 rue Haute, 75002 Paris,
ci-après dénommée « le Prestataire », d'une part,
ET
La société Moulins du Nord SAS, 3 quai Nord, 69002 Lyon, d'autre part,
Il a été convenu ce qui suit : le présent contrat est conclu pour une durée de douze mois et est
soumis au droit français. Fait à Paris, le 12 janvier 2026
"""
SPANISH = """
En Madrid, a 5 de marzo de 2026
De una parte, Talleres Vega S.L., con domicilio en San Lorenzo,
y de otra parte, Construcciones Ruiz S.A., con domicilio en Sevilla,
EXPONEN que el presente contrato se regirá por la ley española.
La duración del contrato será de dos años.
"""
ITALIAN = """
TRA
Officine Rossi S.r.l., con sede in Via Roma 1, 20121 Milano (di seguito "il Fornitore")
E
Pasticceria Bianchi S.p.A., con sede in Torino (di seguito "il Committente")
si conviene quanto segue. Il contratto, regolato dalla legge italiana, ha una durata di tre anni.
Milano, 7 aprile 2026
"""
DUTCH = """
De ondergetekenden:
1. Brouwer Techniek B.V., gevestigd te Amsterdam, hierna te noemen: "Opdrachtgever";
en
2. Van Dijk Advies B.V., gevestigd te Utrecht, hierna te noemen: "Opdrachtnemer";
komen het volgende overeen. Deze overeenkomst wordt aangegaan op 1 mei 2026 voor de duur van
één jaar. Op deze overeenkomst is Nederlands recht van toepassing.
"""


def read(text: str) -> dict[str, str]:
    extract = Extract("contract", "words/1")
    read_fields(pages_of_text([text]), extract)
    return {field.name: field.value for field in extract.fields}


@pytest.mark.parametrize(
    ("text", "parties", "date", "jurisdiction", "term"),
    [
        pytest.param(
            LETTER,
            "Halden Pumps, Inc.; Orrin Capital Partners IV, LP",
            "2026-03-04",
            "New York",
            "2 years",
            id="letter",
        ),
        pytest.param(
            GERMAN,
            "Nordlicht Werkzeuge GmbH; Brouwer & Zonen B.V.",
            "2026-02-03",
            "Deutschland",
            "2 years",
            id="german",
        ),
        pytest.param(
            FRENCH,
            "Atelier Duval SARL; Moulins du Nord SAS",
            "2026-01-12",
            "France",
            "12 months",
            id="french",
        ),
        pytest.param(
            SPANISH,
            "Talleres Vega S.L.; Construcciones Ruiz S.A.",
            "2026-03-05",
            "España",
            "2 years",
            id="spanish",
        ),
        pytest.param(
            ITALIAN,
            "Officine Rossi S.r.l.; Pasticceria Bianchi S.p.A.",
            "2026-04-07",
            "Italia",
            "3 years",
            id="italian",
        ),
        pytest.param(
            DUTCH,
            "Brouwer Techniek B.V.; Van Dijk Advies B.V.",
            "2026-05-01",
            "Nederland",
            "1 year",
            id="dutch",
        ),
    ],
)
def test_a_contract_in_any_of_six_languages_settles_four_things(
    text: str, parties: str, date: str, jurisdiction: str, term: str
) -> None:
    assert read(text) == {
        "parties": parties,
        "date": date,
        "jurisdiction": jurisdiction,
        "term": term,
    }


@pytest.mark.parametrize(
    ("text", "parties"),
    [
        pytest.param(
            "As a condition of my employment with Norda Labs, Inc., a Utah corporation, its\n"
            'heirs or assigns (together, the "Company"), I agree as follows.\n'
            "Date: 5/12/26\n/s/ Pat R. Moss\nPat R. Moss",
            "Norda Labs, Inc.; Pat R. Moss",
            id="who signs alone is the other party",
        ),
        pytest.param(
            'I, Mara Quint, for payments by The Corda Company (the "Company"), agree.\n'
            "/s/ Mara Quint\nTHE CORDA COMPANY\nBy: /s/ Lee Ives\nTitle: Counsel",
            "Mara Quint; The Corda Company",
            id="who speaks as I is a party",
        ),
        pytest.param(
            "between Corda Bank Corporation of America and Ines Falk, Jr. WHEREAS",
            "Corda Bank Corporation of America; Ines Falk, Jr.",
            id="what belongs to a name is not cut off",
        ),
        pytest.param(
            "between Corda Inc., for itself and its subsidiaries Corda Ink Inc. and Corda Labs\n"
            'Inc. (collectively "Corda"), and Falk, Inc., located at 9 Main St. WHEREAS',
            "Corda Inc.; Falk, Inc.",
            id="subsidiaries are no parties",
        ),
        pytest.param(
            'by and among Corda plc, of Ireland ("Corda"), Ines Falk, an individual ("Falk"),\n'
            'and Orrin Global, LLC ("Orrin"). WHEREAS',
            "Corda plc; Ines Falk; Orrin Global, LLC",
            id="each that is given a short name is a party",
        ),
        pytest.param(
            "AGREEMENT BETWEEN CORDA, INC. AND BOB FALK, DATED JULY 10, 2026\n"
            "This agreement is made by and between Corda Solar, Inc. and Robert Falk. WHEREAS",
            "Corda Solar, Inc.; Robert Falk",
            id="the sentence goes before a title in capitals",
        ),
        pytest.param(
            "LANDLORD: Harbour Estates Ltd\nTENANT: Maria Lopez",
            "Harbour Estates Ltd; Maria Lopez",
            id="roles as labels",
        ),
        pytest.param(
            "Contract between J. Corda Group, Inc. and Herrn Karl Weber. WHEREAS",
            "J. Corda Group, Inc.; Karl Weber",
            id="an initial stays and a salutation goes",
        ),
    ],
)
def test_the_parties_are_those_named_called_or_signing(text: str, parties: str) -> None:
    assert read(text).get("parties") == parties


SIGNED = """
CORDA COAT FACTORY                    FALK AG
HOLDINGS, INC.                        By: /s/ Ann Ost
By: /s/ Jo Marsh                      Name: Ann Ost
Title: Director                       By: /s/ Max Berg
                                      Name: Max Berg

ASSOCIATE:
/s/ Pat Moss

Für die Nordlicht GmbH
"""


def test_companies_sign_by_their_officers_and_people_for_themselves() -> None:
    """Two officers of one company are not two parties, and a name may take two lines."""
    assert signatories(pages_of_text([SIGNED])) == (
        "FALK AG",
        "CORDA COAT FACTORY HOLDINGS, INC.",
        "Pat Moss",
        "Nordlicht GmbH",
    )


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("made as of this 11 th day of May, 2026, between us", "2026-05-11"),
        ("effective as of April 6th , 2026, by us", "2026-04-06"),
        (
            "replaces the existing agreement dated May 2, 2020. It is made on June 3, 2026",
            "2026-06-03",
        ),
        ("Employment ends on July 31, 2026.\nSigned by all.\nDate: June 1, 2026", "2026-06-01"),
        ("under the State of Ohio, Corda, Inc.\nDate: 5/12/26\nDate: 5/9/26", "2026-05-12"),
        ("executed this 2nd day of May 2026\nDate: June 1, 2026", "2026-05-02"),
    ],
)
def test_the_day_is_when_it_is_made_else_when_the_last_signed(text: str, date: str) -> None:
    assert read(text).get("date") == date


@pytest.mark.parametrize(
    ("sentence", "place"),
    [
        (
            "THIS AGREEMENT WILL BE GOVERNED BY THE LAWS OF THE STATE OF TEXAS WITHOUT REGARD",
            "Texas",
        ),
        ("shall be governed by Kansas law, without regard to conflicts", "Kansas"),
        ("construed in accordance with the laws of state of Florida", "Florida"),
        ("governed by the laws of The Commonwealth of Massachusetts", "Massachusetts"),
        ("construed in accordance with the laws of the New York State.", "New York"),
        ("This Agreement is governed by English law.", "England"),
        ("Es gilt das Recht der Bundesrepublik Deutschland", "Bundesrepublik Deutschland"),
        ("Governing Law, Venue. The laws of physics apply", None),
        (
            "It shall not be governed by the laws of France but be governed by the laws of Spain.",
            "Spain",
        ),
    ],
)
def test_the_place_whose_law_governs(sentence: str, place: str | None) -> None:
    assert read(f"Agreement.\n{sentence}").get("jurisdiction") == place


def test_a_law_that_another_sentence_disputes_is_left_to_a_person() -> None:
    text = "Agreement.\nGoverned by the laws of France. Annex B is governed by the laws of {place}."

    same, other = (fields_of(text.format(place=p), "contract") for p in ("France", "Germany"))

    assert other["jurisdiction"].confidence < 0.9 <= same["jurisdiction"].confidence


@pytest.mark.parametrize(
    ("sentence", "term"),
    [
        ("This NDA shall continue in effect until the first anniversary of its date.", "1 year"),
        ("This agreement shall continue for a period of eighteen months.", "18 months"),
        ("De looptijd is twaalf maanden.", "12 months"),
        ("La durata di questo contratto è di tre anni.", "3 years"),
        ("This agreement shall terminate on the later of one year or two years.", "2 years"),
        ("We met two years ago.", None),
    ],
)
def test_the_term_is_the_length_that_a_sentence_about_the_end_names(
    sentence: str, term: str | None
) -> None:
    assert read(f"Agreement.\n{sentence}").get("term") == term
