"""What no type fits: code, tables of numbers, notices of machines, and languages that are none."""

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from switchgear_documents.generating.blocks import (
    Block,
    Columns,
    Draft,
    Lines,
    Pairs,
    Paragraph,
    Table,
    Title,
)
from switchgear_documents.generating.voice import Voice, phrases

_WORD = re.compile(r"[^\W\d_]+")
_LONG = 100
_WORDS: dict[str, list[str]] = phrases("technical")


def is_long(draft: Draft) -> bool:
    """Return whether there is enough on the page to tell its looks by."""
    return len(_WORD.findall(repr(draft.blocks))) >= _LONG


def in_no_language(rng: Random, draft: Draft) -> Draft:
    """Return the draft with each of its words made up, the same one always alike.

    It looks like what it was and says nothing: looks alone must not make a type.
    """
    known: dict[str, str] = {}

    def said(text: str) -> str:
        return _WORD.sub(lambda word: _like(word[0], known, rng), text)

    blocks = tuple(_said(block, said) for block in draft.blocks)
    return replace(draft, document_type="other", variant="no-language", blocks=blocks, fields={})


def _like(word: str, known: dict[str, str], rng: Random) -> str:
    lower = word.lower()
    if lower not in known:
        count = max(1, round(len(word) / 3))
        parts = (
            f"{rng.choice(_WORDS['onsets'])}{rng.choice(_WORDS['vowels'])}{rng.choice(_WORDS['codas'])}"
            for _ in range(count)
        )
        known[lower] = "".join(parts)
    made = known[lower]
    if len(word) > 1 and word.isupper():
        return made.upper()
    return made.capitalize() if word[0].isupper() else made


def _said(block: Block, said: Callable[[str], str]) -> Block:
    def every(lines: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(said, lines))

    match block:
        case Title(text):
            return Title(said(text))
        case Paragraph(text):
            return Paragraph(said(text))
        case Lines(lines):
            return Lines(every(lines))
        case Pairs(pairs):
            return Pairs(tuple((said(label), said(value)) for label, value in pairs))
        case Columns(left, right):
            return Columns(every(left), every(right))
        case Table(head, rows):
            return Table(every(head), tuple(every(row) for row in rows))


def technical(voice: Voice) -> Draft:
    """Return code, settings, a log, a table of numbers, or a page about software."""
    makers = (_code, _settings, _log, _numbers, _page_on_software)
    maker = voice.rng.choice(makers)
    lines = [maker(voice) for _ in range(voice.rng.randint(5, 40))]
    block = Paragraph(" ".join(lines)) if maker is _page_on_software else Lines(tuple(lines))
    blocks: tuple[Block, ...] = (block,)
    if voice.chance(0.4):
        blocks = (Title(f"{_name(voice)} {_name(voice)}"), block)
    return Draft("other", voice.language, maker.__name__.strip("_"), blocks)


def _name(voice: Voice) -> str:
    return voice.rng.choice(_WORDS["names"])


def _verb(voice: Voice) -> str:
    return voice.rng.choice(_WORDS["verbs"])


def _call(voice: Voice) -> str:
    return f"{_verb(voice)}_{_name(voice)}"


def _code(voice: Voice) -> str:
    lines = (
        f"def {_call(voice)}({_name(voice)}, {_name(voice)}):",
        f"    return {_call(voice)}({_name(voice)})",
        f"import {_name(voice)}",
        f"    if {_name(voice)} is None:",
        f"    {_name(voice)} = {_name(voice)}[{voice.rng.randint(0, 9)}]",
        f"for (int i = 0; i < {_name(voice)}; i++) {{ {_call(voice)}(i); }}",
        f"    # {_verb(voice)} the {_name(voice)} first",
        f"assert {_call(voice)}() == {voice.rng.randint(0, 99)}",
        "",
    )
    return voice.rng.choice(lines)


def _settings(voice: Voice) -> str:
    forms = (
        '{a}_{b} = "{c}"',
        "{a}.{b}: {c}",
        "[{a}.{b}]",
        '"{a}": "{c}",',
        "--{a}-{b}={c}",
        "- {a}",
    )
    return voice.rng.choice(forms).format(a=_name(voice), b=_name(voice), c=_call(voice))


def _log(voice: Voice) -> str:
    level = voice.rng.choice(_WORDS["levels"])
    at = f"{voice.day().isoformat()} {voice.rng.randint(10, 23)}:04:{voice.rng.randint(10, 59)}"
    return f"{at} {level} {_name(voice)}: {_call(voice)} took {voice.rng.randint(1, 900)} ms"


def _numbers(voice: Voice) -> str:
    mark = ";" if voice.language != "en" else ","
    return mark.join(f"{voice.rng.uniform(0, 900):.3f}" for _ in range(6))


def _page_on_software(voice: Voice) -> str:
    one, other = _name(voice), _name(voice)
    lines = (
        f"The {one} is kept until the {other} has been {_verb(voice)}.",
        f"To install it, run `make {one}` and set {one.upper()}_{other.upper()}.",
        f"Version {voice.rng.randint(1, 9)}.{voice.rng.randint(0, 20)} requires Python 3.11.",
        f"License: MIT. Author: {voice.person()}. Keywords: {one}, {other}.",
        f"Each {one} has a {other}; see the documentation of `{_call(voice)}`.",
        f"An order, an invoice or a delivery is a {one} here, and a receipt its {other}.",
        f"Homepage: https://{voice.fill('{domain}')}/{one}",
        f"* {_verb(voice)}: a {one} that must not {_verb(voice)}",
        f"Fixed: the {one} could {_verb(voice)} twice when the {other} was empty.",
    )
    return voice.rng.choice(lines)
