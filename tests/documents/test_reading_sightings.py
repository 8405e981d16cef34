"""Which cues a text shows: the walk over its words sees what a search for every phrase finds."""

import re
from random import Random

import pytest

from switchgear_documents.generating.as_text import to_text
from switchgear_documents.generating.collection import draft
from switchgear_documents.reading.cues import CUES
from switchgear_documents.reading.openings import openings
from switchgear_documents.reading.phrases import PHRASES
from switchgear_documents.reading.sightings import MOST_PHRASES, Sighting, see_cues
from switchgear_documents.reading.wording import Wording

DRAFTS = 240
ODD = (
    "",
    "invoice",
    "an e-rechnung, the dienst-vertrag and a schlussrechnungskorrektur",
    "rechnungen, vertragspartei, reinvoice, invoice-like, credit card_no",
    "grand total netto p.o. number po no p.o. # 1999 - 2003 2001-heute",
    "☐ yes ☐ no [ ] maybe ______ § 5 §7 i me my myself n° de facture",
    "whereas the parties hereto agree: hereby, hereof, hereto, thereof, witnesseth, herein",
    "purchase master service agreement and order form",
    "\x00 \ufffe 请 付 款 invoice no",
)


def searched(text: str) -> list[Sighting]:
    """Return what a search for each type's phrases finds, one after another."""

    def either(phrases: tuple[str, ...]) -> re.Pattern[str]:
        longest_first = "|".join(sorted(phrases, key=len, reverse=True))
        return re.compile(rf"(?<!\w)(?:{longest_first})(?![\w-])")

    return [
        Sighting(
            either(cues.titles).search(text) is not None,
            min(len({match[0] for match in either(cues.support).finditer(text)}), MOST_PHRASES),
        )
        for cues in CUES.values()
    ]


def test_one_walk_over_a_text_sees_what_a_search_for_each_phrase_finds() -> None:
    drawn = (to_text(draft(place, seed=5), Random(place)) for place in range(DRAFTS))  # noqa: S311 - chance to repeat
    texts = [*ODD, *(text.decode().lower() for text in drawn)]

    differing = [text for text in texts if see_cues(text) != searched(text)]

    assert differing == []


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("invoice", {"inv"}),
        ("po", {"po"}),
        (r"p\.?o\.? no", {"po.", "po ", "p.o"}),
        ("(tax |sales )?invoice", {"tax", "sal", "inv"}),
        ("a(b|c(d|e)?)?f", {"abf", "acd", "ace", "acf", "af"}),
        ("factur[ae]", {"fac"}),
        ("[ae]b", {"ab", "eb"}),
        ("[a-e]b", {""}),
        (r"\w*rechnung", {"", "rec"}),
        ("n.x", {"n"}),
        ("(?!no)nota(?! bene)", {"not"}),
        ("_{4,}|☐", {"_", "☐"}),
        ("ab{0,2}c", {"ab", "ac"}),
        ("las partes|cláusula", {"las", "clá"}),
        (r"\[ \]|§ ?\d+", {"[ ]", "§ ", "§"}),
        ("(?<!x)date$|^total", {"dat", "tot"}),
    ],
)
def test_what_a_phrase_matches_begins_with_one_of_its_openings(
    phrase: str, expected: set[str]
) -> None:
    assert openings(phrase) == expected


def test_no_cue_is_tried_at_every_word_of_a_text() -> None:
    phrases = [phrase for cues in CUES.values() for phrase in cues.support]

    assert [phrase for phrase in phrases if "" in openings(phrase)] == []


def test_wording_passes_over_no_phrase_that_a_search_finds() -> None:
    wording = Wording(PHRASES)
    drawn = (to_text(draft(place, seed=8), Random(place)) for place in range(DRAFTS))  # noqa: S311 - chance to repeat
    lines = {line for text in drawn for line in text.decode().lower().splitlines()}

    missed = [
        (line, phrase.role)
        for line in [*ODD, *lines]
        for phrase in PHRASES
        if phrase.pattern.search(line) and phrase not in list(wording.in_text(line))
    ]

    assert missed == []
    assert any(len(list(wording.in_text(line))) < len(PHRASES) / 2 for line in lines)
