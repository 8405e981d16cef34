"""What people teach the reader about one supplier's pages: a YAML file for each."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from switchgear_documents.reading.labels import (
    Candidate,
    Finder,
    Label,
    Value,
    beside,
    date_finder,
    money_finder,
    numbers_in,
)
from switchgear_documents.reading.reading import FIELD_NAMES, DocumentType, FieldName
from switchgear_documents.reading.words import Cell, Page
from switchgear_documents.reading.written import Dialect, dialect_of
from switchgear_shared.errors import InvalidRequestError
from switchgear_shared.observability.logs import logger

log = logger(__name__)

CONFIDENCE = 0.95
"""Of a value found as it was taught; a wrong sum or date still sends the document to a person."""

_MOST_FILES, _MOST_BYTES = 1000, 64 * 1024
_DATES = {"date", "due_date"}
_AMOUNTS = {"total_net", "total_tax", "total_gross", "total_due"}
_CODES = {"number", "order_ref", "iban", "supplier_vat", "buyer_vat", "currency"}
_CURRENCY = re.compile(r"[A-Z]{3}")

LONGEST_TEXT = 300

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class _Taught(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldRule(_Taught):
    """How to find one field: beside an anchor, by a pattern of one group, or always the same."""

    after: Text | None = None
    pattern: Text | None = None
    value: Text | None = None

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                groups = re.compile(pattern).groups
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from error
            if groups != 1:
                raise ValueError(f"has {groups} groups: the value is what one group holds")
        return pattern

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if sum(rule is not None for rule in (self.after, self.pattern, self.value)) != 1:
            raise ValueError("needs exactly one of `after`, `pattern` and `value`")
        return self


class Template(_Taught):
    """One supplier's pages: recognised by every one of `keywords` and by none of `without`.

    `decimal_mark` and `date_order` settle what the page itself leaves open.
    """

    name: str
    supplier: Text
    keywords: Annotated[tuple[Text, ...], Field(min_length=1)]
    without: tuple[Text, ...] = ()
    type: DocumentType | None = None
    decimal_mark: Literal[".", ","] | None = None
    date_order: Literal["dmy", "mdy"] | None = None
    fields: dict[FieldName, FieldRule] = {}

    def recognises(self, text: str) -> bool:
        """Tell whether the text is this supplier's; case and white space do not matter."""
        page = _folded(text)
        return all(_folded(keyword) in page for keyword in self.keywords) and not any(
            _folded(keyword) in page for keyword in self.without
        )

    def read(self, pages: Sequence[Page]) -> dict[FieldName, Candidate]:
        """Return the fields found as taught; what is not found is left to the general reader."""
        dialect = self._dialect("\n".join(page.text for page in pages))
        found: dict[FieldName, Candidate] = {}
        if pages and pages[0].cells:
            found["supplier"] = Candidate(self.supplier, _cell_of(pages, self.keywords), CONFIDENCE)
        for name, rule in self.fields.items():
            candidate = next(_apply(rule, pages, _finder(name, dialect)), None)
            if candidate is not None:
                found[name] = candidate._replace(score=CONFIDENCE)
        return found

    def _dialect(self, text: str) -> Dialect:
        seen = dialect_of(text)
        order = self.date_order or ("mdy" if seen.is_month_first else "dmy")
        return Dialect(self.decimal_mark or seen.decimal_mark, order == "mdy")


def load_templates(folder: Path) -> tuple[Template, ...]:
    """Return the templates in the folder's `.yaml` and `.yml` files, by file name.

    Raises InvalidRequestError, naming the file and what is wrong in it, or the folder's absence.
    """
    if not folder.is_dir():
        raise InvalidRequestError(f"the folder of document templates is not there: {folder}")
    files = sorted(file for file in folder.iterdir() if _is_one(file))
    if len(files) > _MOST_FILES:
        raise InvalidRequestError(f"{folder} holds {len(files)} templates, at most {_MOST_FILES}")
    return tuple(_load(file) for file in files)


class TemplateFolder:
    """Templates as their folder has them now: looked at again when a file of it changes.

    A mistake in one that came later is logged, and what was known before stays in force.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen = self._look()
        self._changed: tuple[Template, ...] | None = None

    def changed(self) -> tuple[Template, ...] | None:
        """Return the present templates, None where they are those of the beginning."""
        now = self._look()
        if now != self._seen:
            self._seen = now
            try:
                self._changed = load_templates(self._folder)
            except InvalidRequestError as error:
                log.warning("templates are not taken", reason=error.message)
        return self._changed

    def _look(self) -> tuple[tuple[str, int, int], ...]:
        try:
            found = [(file, file.stat()) for file in self._folder.iterdir() if _is_one(file)]
        except OSError:
            return ()
        return tuple(sorted((file.name, seen.st_mtime_ns, seen.st_size) for file, seen in found))


def template_for(templates: Sequence[Template], text: str) -> Template | None:
    """Return the first template that recognises the text."""
    return next((template for template in templates if template.recognises(text)), None)


def _is_one(file: Path) -> bool:
    return file.suffix in (".yaml", ".yml") and not file.name.startswith(".")


def _load(file: Path) -> Template:
    if file.stat().st_size > _MOST_BYTES:
        raise InvalidRequestError(f"{file.name}: more than {_MOST_BYTES} bytes")
    try:
        content: Any = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidRequestError(f"{file.name} is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise InvalidRequestError(f"{file.name}: a template is a mapping, such as `supplier: …`")
    try:
        return Template.model_validate({"name": file.stem, **content})
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, problem["loc"])) or "the template"
        allowed = f"; fields are {', '.join(FIELD_NAMES)}" if "fields" in where else ""
        raise InvalidRequestError(f"{file.name}: {where}: {problem['msg']}{allowed}") from error


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def _cell_of(pages: Sequence[Page], keywords: Sequence[str]) -> Cell:
    """Return where the first keyword stands, the first cell of all if it is spread over several."""
    wanted = _folded(keywords[0])
    cells = [cell for page in pages for cell in page.cells]
    return next((cell for cell in cells if wanted in _folded(cell.text)), cells[0])


def _finder(name: FieldName, dialect: Dialect) -> Finder:
    if name in _DATES:
        return date_finder(dialect)
    if name in _AMOUNTS:
        return money_finder(dialect, cents_only=False)
    return currencies_in if name == "currency" else numbers_in if name in _CODES else rest_of


def currencies_in(text: str) -> Iterator[Value]:
    """Yield what may be the code of a currency."""
    for match in _CURRENCY.finditer(text):
        yield Value(match[0], match.start(), match.end())


def rest_of(text: str) -> Iterator[Value]:
    """Yield all that is left of the cell."""
    value = text.strip(" :;,")
    if value:
        start = text.index(value)
        yield Value(value, start, start + len(value))


def _apply(rule: FieldRule, pages: Sequence[Page], find: Finder) -> Iterator[Candidate]:
    for page in pages:
        for cell in page.cells:
            if rule.after is not None:
                place = cell.text.casefold().find(rule.after.casefold())
                if place >= 0:
                    end = place + len(rule.after)
                    yield from beside(Label("number", CONFIDENCE, cell, place, end), page, find)
            elif rule.value is not None:
                yield Candidate(rule.value, cell, CONFIDENCE)
        if rule.pattern is not None:
            yield from _by_pattern(rule.pattern, page, find)


def _by_pattern(pattern: str, page: Page, find: Finder) -> Iterator[Candidate]:
    """Yield what the group holds, line by line, in the field's own form where it has one."""
    for line in page.lines:
        text = " ".join(cell.text for cell in line)
        match = re.search(pattern, text)
        if match is None or not match[1]:
            continue
        value = next(find(match[1]), None)
        whole = Cell(tuple(word for cell in line for word in cell.words), page.number, line[0].line)
        said = value.value if value is not None else match[1]
        yield Candidate(said, whole.part(match.start(1), match.end(1)), CONFIDENCE)
