"""For how long a contract binds: the length of time that a sentence about its end names."""

import re
from itertools import islice

from switchgear_documents.reading.labels import Candidate
from switchgear_documents.reading.prose import Prose

_WORDS = {
    1: "one ein eine einem eines einer un une uno una een één",
    2: "two zwei deux dos due twee",
    3: "three drei trois tres tre drie",
    4: "four vier quatre cuatro quattro",
    5: "five fünf cinq cinco cinque vijf",
    6: "six sechs seis sei zes",
    7: "seven sieben sept siete sette zeven",
    8: "eight acht huit ocho otto",
    9: "nine neun neuf nueve nove negen",
    10: "ten zehn dix diez dieci tien",
    11: "eleven elf onze once undici",
    12: "twelve zwölf douze doce dodici twaalf",
    15: "fifteen fünfzehn quinze quince quindici vijftien",
    18: "eighteen achtzehn dix-huit dieciocho diciotto achttien",
    20: "twenty zwanzig vingt veinte venti twintig",
    24: "twenty-four vierundzwanzig vingt-quatre veinticuatro ventiquattro vierentwintig",
    36: "thirty-six sechsunddreißig trente-six trentasei zesendertig",
}
_NUMBERS = {word: number for number, words in _WORDS.items() for word in words.split()}
_ORDINALS = {
    word: number
    for number, word in enumerate(
        ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"), 1
    )
} | {"tenth": 10}
_EITHER = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_LENGTH = re.compile(
    rf"\b(?P<number>\d{{1,2}}|{_EITHER})(?:\s*\([\w-]+\))?[\s-]+"
    r"(?P<unit>year|month|day|jahr|monat|an|mois|año|mes|anno|anni|jaar|maand|mese|mesi)"
    r"(?:s|e|n|en|re|nen|i|es)?\b"
    rf"|\b(?P<ordinal>{'|'.join(_ORDINALS)}|\d{{1,2}}(?:st|nd|rd|th))"
    r"(?:\s*\(\w+\))?\s+anniversary\b"
)
"""Of lower case, which takes a third of the time that either case would."""
_UNITS = {
    **dict.fromkeys(("year", "jahr", "an", "año", "anno", "anni", "jaar"), "year"),
    **dict.fromkeys(("month", "monat", "mois", "mes", "maand", "mese", "mesi"), "month"),
    "day": "day",
}
_FOR = r"(?:auf|für|pour|per|por|voor)\b"
_ENDS = r"terminat|expir|remain|continu|\bend\b"
_ABOUT_THE_TERM = tuple(
    (re.compile(pattern, re.IGNORECASE), weight)
    for pattern, weight in (
        (r"term of (?:this|the) (?:letter )?agreement|\bthe .term. means|laufzeit|durée du", 1.0),
        (r"vertragsdauer|duración de|durata d[ie]|looptijd|duur van|vigencia|duurt\b", 1.0),
        (rf"(?:(?:this|letter) agreement|this nda)[^.]{{0,80}}(?:{_ENDS}|in (?:full )?force)", 0.9),
        (rf"(?:vertrag|contrat|contratto|contrato|overeenkomst)\b[^.]{{0,60}}\b{_FOR}[^.]{{0,40}}$",
         0.9),
        (rf"(?:obligations|agreement|confidential|covenants)[^.]{{0,160}}(?:{_ENDS}|surviv|cease)",
         0.8),
        (r"(?:terminat|expir)\w*[^.]{0,60}$", 0.7),
    )
)  # fmt: skip
_DAYS = {"year": 365, "month": 30, "day": 1}
_SENTENCE = 220
_MOST_LENGTHS = 300
_SURE, _DISPUTED, _RIVAL = 0.7, 0.5, 0.11


def read_term(prose: Prose) -> Candidate | None:
    """Return the length as a number and a unit, such as `2 years`.

    Of those that sentences of equal weight name the longest, since it binds for that long; less
    sure where several are likely.
    """
    found: list[tuple[float, int, Candidate]] = []
    for match in islice(_LENGTH.finditer(_lowered(prose.text)), _MOST_LENGTHS):
        sentence = prose.text[max(0, match.start() - _SENTENCE) : match.start()]
        weight = max((w for pattern, w in _ABOUT_THE_TERM if pattern.search(sentence)), default=0.0)
        if weight:
            value, days = _length(match)
            found.append((weight, days, prose.candidate(value, *match.span(), weight)))
    if not found:
        return None
    weight, days, best = max(found, key=lambda one: one[:2])
    is_disputed = any(other >= weight - _RIVAL and long != days for other, long, _ in found)
    return best._replace(score=_DISPUTED if is_disputed else round(weight * _SURE, 2))


def _lowered(text: str) -> str:
    """Return the text in lower case, every letter at its place."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := letter.lower()) == 1 else letter for letter in text)


def _length(match: re.Match[str]) -> tuple[str, int]:
    """Return the length in words, and in days to compare it by."""
    if (ordinal := match["ordinal"]) is not None:
        count, unit = _ORDINALS.get(ordinal.lower()) or int(ordinal[:-2]), "year"
    else:
        number = match["number"].lower()
        count, unit = _NUMBERS.get(number) or int(number), _UNITS[match["unit"].lower()]
    return f"{count} {unit}{'s' if count > 1 else ''}", count * _DAYS[unit]
