"""Document types that a company adds by installing a package: the entry point is all it takes.

A package names each in the group `switchgear.document_types`; what it imports of ours is this
module alone, for the names of types and fields are settled before anything else is.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Literal

from switchgear_shared.errors import InvalidRequestError

GROUP = "switchgear.document_types"

FieldKind = Literal["text", "code", "date", "amount", "currency"]

OURS = (
    "invoice",
    "credit_note",
    "purchase_order",
    "order_confirmation",
    "delivery_note",
    "receipt",
    "bank_statement",
    "contract",
    "complaint",
    "letter",
    "email",
    "resume",
    "form",
    "other",
)
"""The types that come with this package; `other` is what none of them is."""
BUNDLE = "bundle"
"""What a file is whose parts are documents of their own; only its pages say so."""

_NAME = re.compile(r"[a-z][a-z0-9_]{1,31}")


@dataclass(frozen=True, slots=True)
class OwnField:
    """A field of an own type: the labels it stands after, in any language, and what it holds.

    Labels are compared without regard to case. A `date` is given out as ISO 8601, an `amount` as a
    plain decimal, a `code` is one that has a digit in it, a `currency` three capital letters.
    """

    kind: FieldKind
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnType:
    """A document type of a company's own.

    `recognise` is given the whole text and says how sure it is, from 0 (not this type) to 1; asked
    before the model, it decides from 0.5 on. `check` is given what was read and yields what is
    wrong with it, in plain words for a reviewer. `process` is the name of the process that takes
    the document, None if it is only filed. Both functions run in the sandbox, on a stranger's text.
    """

    name: str
    recognise: Callable[[str], float]
    fields: Mapping[str, OwnField]
    required_fields: tuple[str, ...] = ()
    straight_through_confidence: float = 0.9
    process: str | None = None
    check: Callable[[Mapping[str, str]], Iterable[str]] | None = None

    def __post_init__(self) -> None:
        wrong = [name for name in (self.name, *self.fields) if not _NAME.fullmatch(name)]
        missing = [name for name in self.required_fields if name not in self.fields]
        if wrong:
            raise InvalidRequestError(f"{wrong[0]!r} is no name: 2 to 32 of a-z, 0-9 and _")
        if missing:
            raise InvalidRequestError(f"type {self.name} requires {missing[0]}, but never reads it")
        if not 0 < self.straight_through_confidence <= 1:
            raise InvalidRequestError(f"type {self.name}: a confidence is above 0, at most 1")


@cache
def own_types() -> Mapping[str, OwnType]:
    """Return the installed types by name, in the order of their names.

    Raises InvalidRequestError for an entry point that cannot be loaded or is no OwnType, and for
    a name that is taken.
    """
    found: dict[str, OwnType] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            loaded = point.load()
        except Exception as error:
            raise InvalidRequestError(f"document type {point.name}: {error}") from error
        if not isinstance(loaded, OwnType):
            raise InvalidRequestError(f"document type {point.name}: {point.value} is no OwnType")
        if loaded.name in found or loaded.name in (*OURS, BUNDLE):
            raise InvalidRequestError(f"document type {point.name}: {loaded.name} is there already")
        found[loaded.name] = loaded
    return found
