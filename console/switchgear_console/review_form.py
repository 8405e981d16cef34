"""The form of a decision: what was read, what the reviewer typed, and what that comes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from switchgear_console.forms import Form
from switchgear_console.visit import Answer
from switchgear_shared.errors import InvalidRequestError

_FIELD, _READ = "field.", "read."
_TYPE, _READ_TYPE = "type", "read_type"
_SCALE = 1000
_SURE = 0.9


@dataclass(frozen=True, slots=True)
class Entry:
    """One field on the form: its value as read, and as it stands in the input."""

    name: str
    read: str
    value: str
    confidence: float | None = None
    place: str | None = None
    page: int | None = None
    is_required: bool = False

    @property
    def is_doubtful(self) -> bool:
        """Whether the reading is less sure of it than a person would want."""
        return self.confidence is not None and self.confidence < _SURE

    @property
    def is_changed(self) -> bool:
        """Whether the reviewer typed something else than what was read."""
        return self.value.strip() != self.read.strip()


@dataclass(frozen=True, slots=True)
class Box:
    """Where a field stands on a page, in thousandths of its width and height."""

    name: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Typed:
    """What a reviewer typed into the form, whatever became of it."""

    values: dict[str, str]
    document_type: str
    reason: str
    to: str = ""
    handing_reason: str = ""
    parts: str = ""

    @classmethod
    def of(cls, form: Form) -> Typed:
        """Return what a form holds."""
        return cls(
            form.starting(_FIELD),
            form.text(_TYPE),
            form.text("reason"),
            form.text("to"),
            form.text("handing_reason"),
            form.text("parts"),
        )


def decision_of(form: Form) -> dict[str, Any]:
    """Return the arguments of the decision that a form asks for.

    Approving with changed fields is correcting. What counts as changed is judged by what the
    reviewer was shown, so that a form says the same however often it is sent.

    Raises:
        InvalidRequestError: nothing was decided, rejected without a reason, or parted and corrected
            at once.
    """
    typed, read = Typed.of(form), form.starting(_READ)
    decision = form.text("decision")
    reason = {"reason": typed.reason} if typed.reason else {}
    if decision == "reject":
        if not typed.reason:
            raise InvalidRequestError("say why it is rejected", field="reason")
        return {"decision": "reject", **reason}
    if decision not in ("approve", "part"):
        raise InvalidRequestError("approve, part or reject", field="decision")
    fields = {
        name: value.strip()
        for name, value in typed.values.items()
        if value.strip() != read.get(name, "").strip()
    }
    changed: dict[str, Any] = {"fields": fields} if fields else {}
    if typed.document_type and typed.document_type != form.text(_READ_TYPE):
        changed["type"] = typed.document_type
    if decision == "approve":
        return {"decision": "correct" if changed else "approve", **changed, **reason}
    if changed:
        raise InvalidRequestError("its parts are read anew: correct them, not the file")
    if not typed.parts:
        raise InvalidRequestError("say which pages are a document each", field="parts")
    return {"decision": "part", "parts": typed.parts, **reason}


def entries_of(review: Answer, types: list[Answer], typed: Typed | None) -> list[Entry]:
    """Return the fields as the form shows them: those read, then those its type lacks."""
    given = typed.values if typed else {}
    shown_type = (typed.document_type if typed else "") or review["document_type"]
    required = _required(types, shown_type)
    entries = {
        field["name"]: Entry(
            name=field["name"],
            read=field["value"],
            value=str(given.get(field["name"], field["value"])),
            confidence=field["confidence"],
            place=field["place"],
            page=field["page"],
            is_required=field["name"] in required,
        )
        for field in reversed(review["fields"])
    }
    found = [entries[name] for name in dict.fromkeys(f["name"] for f in review["fields"])]
    lacking = [name for name in required if name not in entries]
    typed_in = [name for name, value in given.items() if value.strip()]
    more = dict.fromkeys((*lacking, *(name for name in typed_in if name not in entries)))
    return [*found, *(Entry(n, "", given.get(n, ""), is_required=n in required) for n in more)]


def other_fields(names: Iterable[str], entries: list[Entry]) -> list[Entry]:
    """Return the fields that a document may have and this one shows none of."""
    shown = {entry.name for entry in entries}
    return [Entry(name, "", "") for name in names if name not in shown]


def ranges_of(review: Answer) -> str:
    """Return the parts that the file seems to have as a person types them, such as `1-2, 3`."""
    return ", ".join(
        str(part["first"]) if part["first"] == part["last"] else f"{part['first']}-{part['last']}"
        for part in review["parts"]
    )


def boxes_of(review: Answer) -> list[tuple[int, list[Box]]]:
    """Return the page numbers with the boxes of the fields on each."""
    pages: list[tuple[int, list[Box]]] = []
    for number in range(1, len(review["pages"]) + 1):
        boxes = [
            _box(field["name"], field["box"])
            for field in review["fields"]
            if field["page"] == number and field["box"]
        ]
        pages.append((number, boxes))
    return pages


def _box(name: str, edges: list[float]) -> Box:
    left, top, right, bottom = (round(edge * _SCALE, 2) for edge in edges)
    return Box(name, left, top, round(right - left, 2), round(bottom - top, 2))


def _required(types: list[Answer], document_type: str | None) -> list[str]:
    return next((t["required_fields"] for t in types if t["document_type"] == document_type), [])
