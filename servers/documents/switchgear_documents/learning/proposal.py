"""A template out of a corrected document: tried on it until it yields what the person typed."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import yaml

from switchgear_documents.learning.rules import AMOUNTS, DATES, dialects, rules_for, same
from switchgear_documents.reading.reading import FieldName, Reading
from switchgear_documents.reading.templates import FieldRule, Template
from switchgear_documents.reading.written import Dialect
from switchgear_shared.errors import ConflictError

PREFIX = "learned-"
_MOST_TRIES = 40

Read = Callable[[Template], Awaitable[Reading]]
"""Reads the document as one taught by this template would."""


@dataclass(frozen=True)
class Lesson:
    """What a person made of one document: its type and the values that they typed."""

    document_type: str
    supplier: str
    marks: tuple[str, ...]
    """What its pages may be known by: the supplier's name, tax number and account."""
    corrected: Mapping[FieldName, str]
    text: str
    known: Template | None = None
    """What was learned about these pages before: it is added to."""
    name: str = "learned"


async def propose(lesson: Lesson, read: Read) -> tuple[Template, Reading]:
    """Return a template that yields every corrected value, and the reading it gives.

    Raises ConflictError, saying what stands in the way, where there is none.
    """
    keywords = tuple(mark for mark in lesson.marks if _folded(mark) in _folded(lesson.text))
    if lesson.known is not None:
        keywords = lesson.known.keywords
    if not keywords:
        raise ConflictError(
            f"neither the name of {lesson.supplier} nor its tax number or account stands on the "
            "page: nothing tells its pages from others'"
        )
    wanted = {name: value for name, value in lesson.corrected.items() if name != "supplier"}
    problem = ""
    for dialect in await asyncio.to_thread(list, dialects(lesson.text)):
        rules = await asyncio.to_thread(_rules, wanted, lesson.text, dialect, keywords)
        missing = sorted(name for name, found in rules.items() if not found)
        if missing:
            name = missing[0]
            problem = problem or (
                f"field {name}: {wanted[name]!r} does not stand on the page where a rule leads to"
            )
            continue
        found = await _tried(lesson, keywords, dialect, rules, read)
        if isinstance(found, str):
            problem = found
            continue
        return found
    raise ConflictError(problem or "nothing was corrected that a template could find")


def _rules(
    wanted: Mapping[FieldName, str], text: str, dialect: Dialect, keywords: tuple[str, ...]
) -> dict[FieldName, list[FieldRule]]:
    return {name: rules_for(name, value, text, dialect, keywords) for name, value in wanted.items()}


async def _tried(
    lesson: Lesson,
    keywords: tuple[str, ...],
    dialect: Dialect,
    rules: dict[FieldName, list[FieldRule]],
    read: Read,
) -> tuple[Template, Reading] | str:
    """Go through the rules of whatever is read wrong until all is right, or say what is not."""
    chosen = dict.fromkeys(rules, 0)
    for _ in range(_MOST_TRIES):
        template = _template(lesson, keywords, dialect, {n: rules[n][chosen[n]] for n in rules})
        reading = await read(template)
        if not reading.classifier.startswith("template/"):
            return f"the page is read by {reading.classifier}, which stands before any template"
        wrong = [n for n, v in lesson.corrected.items() if not same(n, reading.value(n), v)]
        if not wrong:
            return template, reading
        for name in wrong:
            if name not in chosen or chosen[name] + 1 == len(rules[name]):
                seen = reading.value(name)
                return f"field {name}: no rule leads to {lesson.corrected[name]!r}, but to {seen!r}"
            chosen[name] += 1
    return "no rules were found that read all corrected fields right"


def _template(
    lesson: Lesson,
    keywords: tuple[str, ...],
    dialect: Dialect,
    fields: dict[FieldName, FieldRule],
) -> Template:
    before = lesson.known
    kept = dict(before.fields) if before else {}
    rules = {**kept, **fields}
    return Template.model_validate(
        {
            "name": lesson.name,
            "supplier": lesson.supplier,
            "keywords": keywords,
            "without": before.without if before else (),
            "type": lesson.document_type,
            "decimal_mark": dialect.decimal_mark if AMOUNTS & rules.keys() else None,
            "date_order": _order(dialect) if DATES & rules.keys() else None,
            "fields": rules,
        }
    )


def file_names(supplier: str) -> Iterator[str]:
    """Yield names of files for templates about a supplier, without their ending."""
    plain = re.sub(r"[^a-z0-9]+", "-", supplier.casefold()).strip("-")[:80] or "supplier"
    yield PREFIX + plain
    for number in count(2):
        yield f"{PREFIX}{plain}-{number}"


def to_yaml(template: Template) -> str:
    """Return the template as its file holds it."""
    content: dict[str, Any] = template.model_dump(mode="json", exclude_none=True)
    kept = {name: value for name, value in content.items() if name != "name" and value}
    return yaml.safe_dump(kept, allow_unicode=True, sort_keys=False)


def _order(dialect: Dialect) -> str:
    return "mdy" if dialect.is_month_first else "dmy"


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()
