"""Between whom a contract is: who stands after "between", is given a name for short, or signs."""

import re
from collections.abc import Iterator, Sequence

from switchgear_documents.reading.labels import Candidate
from switchgear_documents.reading.names import any_of
from switchgear_documents.reading.party_names import (
    as_party,
    form_in,
    forms_in,
    is_same_party,
)
from switchgear_documents.reading.prose import Prose
from switchgear_documents.reading.signatories import signatories
from switchgear_documents.reading.words import Page

_OPENING = 3500
_LAST_CLAUSE = 900
_BOTH = 300
_BETWEEN = any_of(
    r"""
    \b(?:by and (?:between|among)|between|among)\s*:?\s+
    \b(?:zwischen|entre|tra|fra|tussen)\s*:?\s+(?:les soussignés\s*:?\s+)?
    \b(?:de ondergetekenden|i sottoscritti|les soussignés|de una parte|da una parte)\s*[:,]?\s+
    """,
    whole=False,
)
_ROMANCE = re.compile(r"(?:entre|tra|fra|tussen|de|da|i|les)\b")
"""Whose "and" is so short that it stands in much else."""
_CLAUSE_ENDS = any_of(
    r"""
    \b(?:WHEREAS|Whereas)\b|\bWITNESSETH\b|\bRECITALS?\b
    \bI[Nn] (?:consideration|CONSIDERATION|connection|order)\b
    \bPr[äa]ambel|(?<=[)\u201d\"])\.\s|\bThe parties\b|\bFor purposes\b|hereinafter referred
    \bon the other(?: hand)?\.|\bR E C I T A L S\b|\b(?:regarding|relating to)\b|\.\s+[A1]\.\s
    \bin consideration\b|\bagrees? as follows|\.\s+Under the\b|\bwird (?:folgend|nachsteh)
    \bil (?:a été|est) convenu|\bPREMESS[OA]\b
    \bsi conviene|\bEXPONEN\b|\bacuerdan\b|\bkomen (?:het volgende )?overeen\b|\bOVERWEGENDE\b
    """,
    whole=False,
    flags=re.RegexFlag(0),
)
_NEXT = any_of(
    r"""
    ,?(?:\s+[ye])?,?\s+(?:de la|de|dall\u2019|dall')\s?(?:otra|altra)(?: parte)?,?\s+
    (?:,|;|\))\s+(?:and|und|et|y|e|en),?\s+|\s+and,?\s+(?!Company\b|Trust\b)(?=[A-Z])|;\s+
    \s+und\s+|\s+et\s+|\s+(?:UND|ET|Y|E|EN)\s*:?\s+|\s+(?:y|e|en)\s+(?=[A-Z])
    """,
    whole=False,
    flags=re.RegexFlag(0),
)
_WORD = r"[A-Z0-9][\w.&\u2019'-]*"
_SALUTATION = (
    r"(?:la |il |the )?(?:firma|fa\.|société|sociedad|società|vennootschap|herrn?|frau|monsieur"
    r"|madame|mme|m\.|don|doña|d\.|sig\.(?:ra)?|de heer|mevrouw|mr\.?|mrs\.?|ms\.?)"
)
_PARTY = re.compile(
    r"^(?:\(?[a-z0-9]{1,2}[.)]\s*|\([A-Z]\)\s*|(?:E|ET|Y|EN|UND|and|und|et|y|e|en)\s+"
    r"|the undersigned,?\s*|its\s+|(?:der|die|dem|den|the|de|het|il|lo|el)\s+)*"
    rf"(?P<salutation>(?i:{_SALUTATION})\s+)?"
    rf"(?P<name>{_WORD}(?:,?\s+(?:{_WORD}|&|of|the|and (?:Company|Trust)|plc"
    r"|de|du|des|del|di|van|von|der))*)"
)
_TERM = re.compile(r"\s*\([^()]{0,240}\)")
"""What a party is called from here on: it stands in brackets behind its name."""
_JOINED = re.compile(r"&(?=[A-Z][a-z])")
_OF_ONE = re.compile(
    r",? (?:for itself and|on behalf of|including|and) its (?:wholly.owned )?(?:subsidiar|affiliat)"
    r"[^;]*"
)
"""What else belongs to a party: it is none of its own."""
_UNNAMED = re.compile(
    r"(?:\[\s*\]|undersigned|employee signatory|_{3,}|\band\s*$|^\s*\(|\band\s+\()", re.IGNORECASE
)
_NOT_A_PARTY = any_of(
    r"""
    the (?:company|parties|agreement)|our|other|all|any|certain|company|employee|agreement|exhibit
    whereas|this|it|each|seller|state|parent|collectively|delaware|nevada|effective|buyer|recipient
    confidential\w*
    (?:chief|president|plan|scope|vice)\b.*|.*\bagreement\b.*
    """
)
_TITLED = re.compile(r"[^,]*(?:, (?:Jr|Sr|JR|SR|II|III)\b\.?)?")
_FULL_STOP = re.compile(r"(?<!\b[JS][rR])(?<!\b\w)\.$")
_CALLED = re.compile(r"\s*\([^()]{0,200}?[\u201c\u201e\u00ab\"](?P<term>[^()]{1,80})\)")
_ROLE = any_of(
    r"""
    (?:the )?(?:company|corporation|bank|employ(?:ee|er)|executive|buyer|seller|purchaser|recipient
    (?:receiving|disclosing|first|second) party|discloser|director|consultant|contractor|parent
    undersigned|you|investor|licensor|licensee|lessor|lessee|landlord|tenant|client|customer
    supplier|vendor|provider|owner|lender|borrower|agent|associate|firm|partnership)
    auftrag(?:geber|nehmer)(?:in)?|arbeit(?:geber|nehmer)(?:in)?|(?:ver)?käufer(?:in)?
    (?:ver)?mieter(?:in)?|le client|le prestataire|el cliente|il committente|il fornitore
    """
)
_LABELLED = re.compile(rf"{_ROLE.pattern}\s*:\s*(?P<name>[A-Z].{{3,60}})$", re.IGNORECASE)
_FIRST_PERSON = re.compile(r"\bI, (?P<name>[A-Z][\w.]*(?: [A-Z][\w.\u2019'-]*){1,3}),")
_SENTENCE = re.compile(r"[a-z)\"\u201d]\.\s+(?=[A-Z])|:\s+(?=[A-Z])")
_CAPITALISED = re.compile(
    r"(?:[Tt]he )?[A-Z][\w.&\u2019'-]*"
    r"(?:,?\s+(?:[A-Z][\w.&\u2019'-]*|&|of|and|de|van|von|der)){0,7},?\s*$"
)
_PERSON = re.compile(r"[A-Z][\w\u2019'-]+(?: [A-Z]\.| [A-Z][\w\u2019'-]+){1,3}(?:,? (?:Jr|Sr)\.)?$")
_BEFORE = 260
_TWO, _MOST, _MOST_WORDS = 2, 4, 9
_BORNE_OUT, _NAMED, _MORE, _SIGNED, _CALLED_ONLY, _ONE = 0.8, 0.7, 0.5, 0.65, 0.55, 0.6


def read_parties_of(pages: Sequence[Page], prose: Prose) -> Candidate | None:
    """Return the parties: those named after "between", else those who sign or are called so."""
    named, start, is_open = _between(prose)
    signed = [_spelt(name, prose.text) for name in signatories(pages)]
    if len(named) > 1:
        return prose.candidate(
            "; ".join(named), start, start + len(named[0]), _worth(named, signed)
        )
    called = _merged((*_labelled(pages), *_called(prose.text[:_OPENING])), ())
    if named:
        others = [name for name in signed if not is_same_party(name, named[0])]
        if len(others) == 1:
            value = f"{named[0]}; {others[0]}"
            return prose.candidate(value, start, start + len(named[0]), _SIGNED)
        if form_in(named[0]) and is_open:
            return prose.candidate(named[0], start, start + len(named[0]), _ONE)
    parties = _merged(called, signed)
    if len(signed) > 1:
        are_all = len(called) > 1 and all(_is_among(name, signed) for name in called)
        parties = called if are_all else [name for name in parties if _is_among(name, signed)]
    if not parties:
        return None
    place = max(prose.text.find(parties[0]), 0)
    score = _MORE
    if len(parties) == _TWO:
        score = _SIGNED if signed else _CALLED_ONLY
    return prose.candidate("; ".join(parties[:_MOST]), place, place + len(parties[0]), score)


def _worth(named: Sequence[str], signed: Sequence[str]) -> float:
    """Weigh those named after "between": that two, and just these, sign too speaks for them."""
    if len(named) > _TWO:
        return _MORE
    is_borne_out = len(signed) == _TWO and all(_is_among(name, signed) for name in named)
    return _BORNE_OUT if is_borne_out else _NAMED


def _between(prose: Prose) -> tuple[list[str], int, bool]:
    """Return who stands after a "between", two before one; from where on; if a blank stands too."""
    alone: tuple[list[str], int, bool] = ([], 0, False)
    found = _BETWEEN.finditer(prose.text[:_OPENING])
    for opening in sorted(found, key=lambda match: match[0].isupper()):
        start = opening.end()
        written = prose.text[start : start + _LAST_CLAUSE]
        clause = _OF_ONE.sub("", _TERM.sub("; ", _JOINED.sub("& ", written)))
        end = _CLAUSE_ENDS.search(clause)
        clause = clause[: end.start()] if end else clause
        parts = _NEXT.split(clause.replace(" AND ", "; ") if opening[0].isupper() else clause)
        is_foreign = _ROMANCE.match(opening[0].lower()) is not None
        names = [name for p in parts if (name := _party(p, must_prove=is_foreign)) is not None]
        unique = list(dict.fromkeys(names))[:_MOST]
        if len(unique) > 1:
            return unique, start, False
        if unique and not alone[0]:
            alone = unique, start, _UNNAMED.search(written[:_BOTH]) is not None
    return alone


def _party(text: str, *, must_prove: bool) -> str | None:
    """Return the name at the start of the text; `must_prove` asks for a form or a salutation."""
    match = _PARTY.match(text.strip(" ,"))
    if match is None or _NOT_A_PARTY.match(match["name"]):
        return None
    name = match["name"]
    form = form_in(name)
    if must_prove and form is None and match["salutation"] is None:
        return None
    if form is not None and form[0]:
        name = name[: form[1]]
    elif (titled := _TITLED.match(name)) is not None:
        name = titled[0]
    name = as_party(name if form is not None else _FULL_STOP.sub("", name))
    return name if 1 < len(name.split()) <= _MOST_WORDS else None


def _labelled(pages: Sequence[Page]) -> Iterator[str]:
    """Yield who stands behind the name of a role, as forms of leases and sales have it."""
    for cell in pages[0].cells if pages else ():
        labelled = _LABELLED.match(cell.text)
        if labelled is not None and (name := _party(labelled["name"], must_prove=False)):
            yield name


def _called(opening: str) -> Iterator[str]:
    """Yield who is given a name for short: a role, or the name's own first word."""
    for match in _FIRST_PERSON.finditer(opening):
        yield match["name"]
    for match in _CALLED.finditer(opening):
        before = opening[max(0, match.start() - _BEFORE) : match.start()]
        before = _SENTENCE.split(before)[-1]
        name = _name_in(before)
        if name is None:
            continue
        is_short = name.casefold().startswith(match["term"].strip('"\u201d\u201c ').casefold())
        if is_short or _ROLE.match(match["term"]):
            yield name


def _name_in(before: str) -> str | None:
    """Return the company that the words before a bracket name, else the person right before it."""
    forms = list(forms_in(before))
    if not forms:
        person = _PERSON.search(before)
        return person[0] if person else None
    start, end = forms[-1]
    name = _CAPITALISED.search(before[:start])
    return as_party(before[name.start() : end]) if name else None


def _is_among(name: str, others: Sequence[str]) -> bool:
    return any(is_same_party(name, other) for other in others)


def _merged(called: Sequence[str], signed: Sequence[str]) -> list[str]:
    parties: list[str] = []
    for name in (*called, *signed):
        if not _is_among(name, parties):
            parties.append(name)
    return parties


def _spelt(name: str, text: str) -> str:
    """Return the name as the text spells it elsewhere, where a signature has it in capitals."""
    if not name.isupper():
        return as_party(name)
    letters = r"[\s,]*".join(map(re.escape, re.sub(r"[,\s]+", " ", name).split()))
    spellings = (found[0] for found in re.finditer(letters, text, re.IGNORECASE))
    return as_party(next((found for found in spellings if not found.isupper()), name))
