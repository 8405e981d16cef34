"""Under which law a contract stands: the state or country whose law its sentences name."""

import re
from itertools import islice

from switchgear_documents.reading.labels import Candidate
from switchgear_documents.reading.names import any_of
from switchgear_documents.reading.prose import Prose

_BY_ADJECTIVE = {
    "deutsch": "Deutschland",
    "österreich": "Österreich",
    "schweizer": "Schweiz",
    "français": "France",
    "belge": "Belgique",
    "suisse": "Suisse",
    "luxembourgeois": "Luxembourg",
    "español": "España",
    "mexican": "México",
    "italian": "Italia",
    "svizzer": "Svizzera",
    "nederlands": "Nederland",
    "belgisch": "België",
    "english": "England",
    "scots": "Scotland",
    "irish": "Ireland",
    "german": "Germany",
    "french": "France",
    "swiss": "Switzerland",
    "dutch": "Netherlands",
    "spanish": "Spain",
}
_ADJECTIVE = rf"(?:{'|'.join(_BY_ADJECTIVE)})\w*"
_STOP = r"WITHOUT|AND|AS|APPLICABLE|SHALL|WILL|EXCLUDING|REGARDLESS|NOTWITHSTANDING|EXCEPT|OR|IN"
_PLACE = (
    r"(?-i:[A-Z][a-z]+(?:\s(?:and\s)?[A-Z][a-z]+){0,2}"
    rf"|(?!(?:{_STOP})\b)[A-Z]{{4,}}(?:\s(?!(?:{_STOP})\b)[A-Z]{{3,}}){{0,2}})"
)
_STATE = (
    r"(?:the\s+)?(?:(?:state|commonwealth|province|republic|kingdom|federal\srepublic|canton|country)"
    r"\s+(?:of\s+)?)?(?:the\s+)?"
)
_LAW = re.compile(
    rf"\b(?:laws?|statutes)\b[^.;]{{0,60}}?\bof\s+{_STATE}(?P<place>{_PLACE})"
    rf"|\b(?:by|under|with)\s+(?:the\s+)?(?!{_ADJECTIVE}\s)(?P<under>{_PLACE})\s+laws?\b"
    rf"|\b(?P<first>{_PLACE})\s+laws?\s+(?:shall|will|govern|appl)"
    r"|\b(?:Recht\s+(?:der|des)|(?:droit|lois?)\s+(?:de\s+(?:la\s)?|du\s)|ley(?:es)?\s+de"
    r"|leg(?:ge|gi)\s+(?:di|della)|recht\s+van)\s+(?:(?:la|el)\s+)?"
    r"(?P<other>(?-i:[A-Z]\w+(?:\s+[A-Z]\w+)*))"
    rf"|\b(?:droit|lois?|ley(?:es)?|derecho|leg(?:ge|gi)|diritto)\s+(?P<after>{_ADJECTIVE})"
    rf"|\b(?P<before>{_ADJECTIVE})\s+(?:recht|law)",
    re.IGNORECASE,
)
_NO_PLACE = frozenset(
    ("United", "This", "Such", "Any", "Securities", "Said", "Applicable", "Federal")
)
_SPECIFIED = re.compile(r"^(?:State|Commonwealth|Province)\s+(?:of\s+)?|\s+State$", re.IGNORECASE)
_GOVERNS = any_of(
    r"""
    govern|constru|interpret|gilt|unterliegt|anwendbar|anzuwend|r[ée]gi|soumis|regir|rige|somet
    disciplinat|regolat|toepassing|toepasselijk
    """,
    whole=False,
)
_NOT = re.compile(r"\b(?:not|nicht|non|niet|ne|no)\b(?:\W+\w+){0,4}\W*$", re.IGNORECASE)
"""What stands before a law that does not govern, within the sentence."""
_NAMED, _DISPUTED = 0.88, 0.5
_BEFORE, _BEHIND = 160, 60
_MOST_LAWS = 500


def read_jurisdiction(prose: Prose) -> Candidate | None:
    """Return the place whose law governs; less sure where sentences name several."""
    best: Candidate | None = None
    for match in islice(_LAW.finditer(prose.text), _MOST_LAWS):
        around = prose.text[max(0, match.start() - _BEFORE) : match.end() + _BEHIND]
        place = _place(match)
        before = prose.text[max(0, match.start() - _BEFORE) : match.start()]
        if place is None or not _GOVERNS.search(around) or _NOT.search(before):
            continue
        candidate = prose.candidate(place, match.start(), match.end(), _NAMED)
        if best is None:
            best = candidate
        elif best.value != candidate.value:
            best = best._replace(score=_DISPUTED)
    return best


def _place(match: re.Match[str]) -> str | None:
    adjective = match["after"] or match["before"]
    if adjective is not None:
        said = adjective.casefold()
        return next((p for start, p in _BY_ADJECTIVE.items() if said.startswith(start)), None)
    place = match["place"] or match["under"] or match["first"] or match["other"]
    place = _SPECIFIED.sub("", " ".join(place.split())).strip()
    if not place or place.split()[0].title() in _NO_PLACE:
        return None
    return place.title() if place.isupper() else place
