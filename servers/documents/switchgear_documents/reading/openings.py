"""What the matches of a phrase begin with, so that a word is only tried where it may begin one.

A phrase is a regular expression of plain letters, groups, alternatives and sets.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

LETTERS = 3

_ATOM = re.compile(r"(\\.|\[\^?.[^\]]*\]|.)", re.DOTALL)
_TIMES = re.compile(r"[?*+]|\{(?P<least>\d+)[^}]*\}")
_LOOKS_AROUND = ("(?!", "(?=", "(?<!", "(?<=")
_PLAIN_SET = re.compile(r"\[([^\^\\\]-]+)\]")


class Opening(NamedTuple):
    """What a match begins with; `is_all` if nothing is known to be left out behind it."""

    text: str
    is_all: bool


class _Atom(NamedTuple):
    pattern: str
    times: str


def openings(phrase: str) -> set[str]:
    """Return the first three letters of all that the phrase matches, fewer where they may vary.

    The empty string is among them if a match may begin with anything.
    """
    return {opening.text for opening in _of_any(phrase)}


def _of_any(pattern: str) -> set[Opening]:
    return {opening for one in _alternatives(pattern) for opening in _of_row(one)}


def _of_row(pattern: str) -> set[Opening]:
    """Return the openings of atoms that follow one another."""
    done: set[Opening] = set()
    heads = {Opening("", is_all=True)}
    for atom in _atoms(pattern):
        least = _least(atom.times)
        grown = {
            Opening((head.text + more.text)[:LETTERS], more.is_all and atom.times in ("", "?"))
            for head in heads
            for more in _of_atom(atom.pattern)
        }
        heads = grown if least else grown | heads
        done |= {head for head in heads if not head.is_all or len(head.text) == LETTERS}
        heads -= done
    return done | heads


def _of_atom(atom: str) -> set[Opening]:
    if atom in ("^", "$") or atom.startswith(_LOOKS_AROUND):
        return {Opening("", is_all=True)}
    if atom.startswith("("):
        return _of_any(atom.removeprefix("(").removeprefix("?:")[:-1])
    if (plain := _PLAIN_SET.fullmatch(atom)) is not None:
        return {Opening(letter, is_all=True) for letter in plain[1]}
    if len(atom) == 1 and atom != ".":
        return {Opening(atom, is_all=True)}
    if atom.startswith("\\") and not atom[1].isalnum():
        return {Opening(atom[1], is_all=True)}
    return {Opening("", is_all=False)}


def _least(times: str) -> int:
    """Return how often an atom stands at least."""
    match = _TIMES.fullmatch(times)
    if match is None or times == "+":
        return 1
    return int(match["least"] or 0)


def _alternatives(pattern: str) -> Iterator[str]:
    """Yield what stands between the bars outside of all groups."""
    row: list[str] = []
    for atom in _atoms(pattern):
        if atom.pattern == "|":
            yield "".join(row)
            row.clear()
        else:
            row.append(atom.pattern + atom.times)
    yield "".join(row)


def _atoms(pattern: str) -> Iterator[_Atom]:
    """Yield letters, sets and whole groups, each with how often it may stand."""
    place = 0
    while place < len(pattern):
        end = _end_of_group(pattern, place) if pattern[place] == "(" else _end(pattern, place)
        times = _TIMES.match(pattern, end)
        yield _Atom(pattern[place:end], times[0] if times else "")
        place = times.end() if times else end


def _end(pattern: str, place: int) -> int:
    match = _ATOM.match(pattern, place)
    return match.end() if match else len(pattern)


def _end_of_group(pattern: str, place: int) -> int:
    depth = 0
    while place < len(pattern):
        depth += (pattern[place] == "(") - (pattern[place] == ")")
        place = _end(pattern, place)
        if not depth:
            break
    return place
