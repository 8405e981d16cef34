"""The names of a contract's parties: where one ends, and when two spellings are one."""

import re
from collections.abc import Iterator

from switchgear_documents.reading.names import LEGAL_FORM

_IN_CAPITALS = r"INCORPORATED|CORPORATION|COMPANY|LIMITED|L\. ?P\.|L\. ?L\. ?C\."
_FORM = re.compile(rf"{LEGAL_FORM.pattern}|(?<!\w)(?:{_IN_CAPITALS})(?!\w)")
_NEXT_FORM = re.compile(rf",? ?(?:{_FORM.pattern})")
_OF = re.compile(r" (?:of|OF) (?:the |THE )?[A-Z][\w.]*")
_SHORT = (
    (re.compile(r",?\s*\bIncorporated\b\.?", re.IGNORECASE), " Inc."),
    (re.compile(r"\bL\. ?L\. ?C\.?"), "LLC"),
    (re.compile(r"\bL\. ?P\.?(?!\w)"), "LP"),
)
_FORM_WORDS = frozenset(
    [
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "co",
        "company",
        "llc",
        "lp",
        "ltd",
        "limited",
        "plc",
    ]
)


def forms_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield from where to where legal forms stand, each with what belongs to it."""
    end = 0
    while (form := _FORM.search(text, end)) is not None:
        end = form.end()
        while (more := _NEXT_FORM.match(text, end) or _OF.match(text, end)) is not None:
            end = more.end()
        yield form.start(), end


def form_in(text: str) -> tuple[int, int] | None:
    """Return the first of `forms_in`, None without one."""
    return next(forms_in(text), None)


def as_party(name: str) -> str:
    """Return the name with its legal form in the short spelling, and without what trails it."""
    for pattern, short in _SHORT:
        name = pattern.sub(short, name)
    return name.strip(" ,;:")


def is_same_party(one: str, other: str) -> bool:
    """Tell whether two spellings name one party: a legal form or a second first name left out."""
    first, second = _words(one), _words(other)
    shorter, longer = sorted((first, second), key=len)
    if not shorter or first == second:
        return first == second
    if len(shorter) < len(longer) and form_in(one) and form_in(other):
        return False
    are_people = form_in(one) is None and form_in(other) is None and len(longer) <= 4  # noqa: PLR2004 - first names and one more
    is_start = longer[: len(shorter)] == shorter and len(shorter) > 1
    return is_start or (
        are_people and len(shorter) > 1 and shorter[:: len(shorter) - 1] == [longer[0], longer[-1]]
    )


def _words(name: str) -> list[str]:
    words = re.sub(r"[.,'\u2019]", "", name).casefold().split()
    return [word for word in words if word not in _FORM_WORDS] or words
