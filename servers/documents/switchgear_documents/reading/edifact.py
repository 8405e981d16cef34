"""UN/EDIFACT interchanges: separators, segments, messages, and whether all of it arrived.

After ISO 9735, syntax versions 1 to 4. What the segments mean stands in `edifact_message`.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from switchgear_documents.reading.reading import Check
from switchgear_shared.errors import UnreadableDocumentError

_DEFAULT = ":+.? '"
_START = re.compile(r"\A\s*(?:UNA(.{6})\s*)?(?=UNB)", re.DOTALL)
_MOST_SEGMENTS = 200_000


class Segment(NamedTuple):
    """One segment: its tag, its elements with their components, and its place, counted from 1."""

    tag: str
    elements: tuple[tuple[str, ...], ...]
    position: int

    def at(self, element: int, component: int = 0) -> str:
        """Return the component, empty where the segment does not go that far."""
        if element >= len(self.elements) or component >= len(self.elements[element]):
            return ""
        return self.elements[element][component].strip()

    @property
    def place(self) -> str:
        """Where the segment stands, as fields name it."""
        return f"segment {self.position} ({self.tag})"


class Interchange(NamedTuple):
    """The messages of a file, each from UNH to UNT, and what speaks against its being whole."""

    messages: tuple[tuple[Segment, ...], ...]
    malformed: tuple[Check, ...]


def read_interchange(text: str) -> Interchange:
    """Split the text into messages; raises UnreadableDocumentError where there is none."""
    start = _START.match(text)
    if start is None:
        raise UnreadableDocumentError("the EDIFACT file does not start with UNB")
    segments = tuple(_segments(text[start.end() :], start[1] or _DEFAULT))
    messages: list[tuple[Segment, ...]] = []
    begun: int | None = None
    malformed: list[Check] = []
    for index, segment in enumerate(segments):
        if segment.tag == "UNH":
            if begun is not None:
                malformed.append(_lacks("UNT", segments[begun]))
                messages.append(segments[begun:index])
            begun = index
        elif segment.tag == "UNT" and begun is not None:
            messages.append(segments[begun : index + 1])
            malformed.append(_counts("segments", segment, index + 1 - begun))
            begun = None
    if begun is not None:
        malformed.append(_lacks("UNT", segments[begun]))
        messages.append(segments[begun:])
    if not messages:
        raise UnreadableDocumentError("the EDIFACT file holds no message")
    end = next((segment for segment in segments if segment.tag == "UNZ"), None)
    grouped = any(segment.tag == "UNG" for segment in segments)
    if end is None:
        malformed.append(_lacks("UNZ", segments[0]))
    elif not grouped:  # with groups the UNZ counts those
        malformed.append(_counts("messages", end, len(messages)))
    return Interchange(tuple(messages), tuple(malformed))


def _segments(text: str, marks: str) -> Iterator[Segment]:
    component, element, _, release, _, end = marks
    splitting = _splitter(release)
    for number, raw in enumerate(splitting(text, end), start=1):
        stripped = raw.strip("\r\n\t ")
        if not stripped:
            continue
        if number > _MOST_SEGMENTS:
            raise UnreadableDocumentError(f"the EDIFACT file has over {_MOST_SEGMENTS} segments")
        parts = splitting(stripped, element)
        elements = tuple(
            tuple(_released(value, release) for value in splitting(part, component))
            for part in parts
        )
        yield Segment(elements[0][0].strip(), elements[1:], number)


def _splitter(release: str):  # noqa: ANN202 - a closure of one known shape
    """Return how to split at a mark that the release character does not precede."""

    def split(text: str, mark: str) -> list[str]:
        parts = text.split(mark)
        if not release.strip() or release not in text:
            return parts
        whole: list[str] = []
        open_part = ""
        for part in parts:
            open_part += part
            trailing = len(part) - len(part.rstrip(release))
            if trailing % 2:
                open_part += mark
            else:
                whole.append(open_part)
                open_part = ""
        if open_part:
            whole.append(open_part)
        return whole

    return split


def _released(text: str, release: str) -> str:
    if not release.strip() or release not in text:
        return text
    return re.sub(re.escape(release) + r"(.)", r"\1", text, flags=re.DOTALL)


def _counts(what: str, trailer: Segment, found: int) -> Check:
    stated = trailer.at(0)
    passed = stated.isascii() and stated.isdigit() and int(stated[:9]) == found
    detail = f"{trailer.tag} counts {stated[:12]!a} {what}, there are {found}"
    return Check(name=f"all_{what}_arrived", passed=passed, detail=detail)


def _lacks(tag: str, begun: Segment) -> Check:
    detail = f"{begun.place} has no {tag} that ends it"
    return Check(name="interchange_is_whole", passed=False, detail=detail)
