"""What Tryton refuses, in our words: it says so in HTTP 200, in statuses and in pages."""

import re
from http import HTTPStatus
from typing import Any, NoReturn

from switchgear_shared.errors import (
    BackendRejectedError,
    ConflictError,
    Doneness,
    InvalidRequestError,
    NotFoundError,
    PolicyDeniedError,
    SwitchgearError,
)
from switchgear_shared.storage.http import Answer, Now

_MOST_CHARACTERS = 500
_MISSING = re.compile(r"\b(?:don't|does not|doesn't) exist\b")
_FORBIDDEN = re.compile(
    r"^You are not allowed to (?:access|execute|search|\w+(?: to)? records) |^Calling button "
)
_OVERTAKEN = re.compile(
    r"could not serialize|concurrent (?:update|delete)|deadlock detected|could not obtain lock"
    r"|database (?:table )?is locked"
)


class TrytonWarningError(BackendRejectedError):
    """Tryton warns and goes on only once the warning is accepted: nothing has happened yet.

    `name` is for `accept_warning`; `kind` is its part that is the same for every record.
    """

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        self.kind = name.rpartition(".")[2]
        super().__init__(f"Tryton warns: {message}", details={"warning": self.kind})


def refuse_call(answer: Answer, subject: str, now: Now) -> NoReturn:
    """Raise what an answer to RPC other than 200 means."""
    if answer.status == HTTPStatus.NOT_FOUND:  # the only thing that RPC does not find
        raise BackendRejectedError("Tryton has no such database")
    _refuse_status(answer, subject, now)


def refuse_read(answer: Answer, subject: str, now: Now) -> NoReturn:
    """Raise what an answer of REST other than 200 means."""
    if answer.status == HTTPStatus.BAD_REQUEST and answer.is_json:  # a UserError or UserWarning
        body = answer.json()
        if isinstance(body, dict):
            raise _user_error(str(body.get("message")), str(body.get("description") or ""))
    if answer.status == HTTPStatus.INTERNAL_SERVER_ERROR:  # a model or field that this Tryton lacks
        raise BackendRejectedError(f"Tryton cannot answer {subject}", outcome=answer.outcome)
    _refuse_status(answer, subject, now)


def refuse_error(error: Any, subject: str, outcome: Doneness) -> NoReturn:
    """Raise what the `error` inside an answer 200 means; what was under way is rolled back."""
    match error:
        case ["UserError", [str() as message, description, *_]]:
            raise _user_error(message, str(description or ""))
        case ["UserWarning", [str() as name, str() as message, *_]]:
            raise TrytonWarningError(name, _shortened(message))
        case ["ConcurrencyException", *_]:
            raise ConflictError(f"{subject}: the record moved on")
        case ["LoginException", *_]:
            raise BackendRejectedError("Tryton asks for more than a password")
        case _:
            # The rest is an exception's text and its stack, which are nobody's business.
            raise BackendRejectedError(f"Tryton failed at {subject}", outcome=outcome)


def _refuse_status(answer: Answer, subject: str, now: Now) -> NoReturn:
    if answer.status == HTTPStatus.FORBIDDEN:
        raise PolicyDeniedError(f"Tryton does not let our user do {subject}")
    text = answer.content.decode("utf-8", errors="replace")
    if answer.status == HTTPStatus.SERVICE_UNAVAILABLE and _OVERTAKEN.search(text):
        # Rolled back, and only after Tryton itself had tried several times.
        raise ConflictError(f"{subject}: another change of the record came first")
    answer.refuse(subject, now)


def _user_error(message: str, description: str) -> SwitchgearError:
    cls = InvalidRequestError
    if _MISSING.search(message):
        cls = NotFoundError
    elif _FORBIDDEN.search(message):
        return PolicyDeniedError(_shortened(message))  # the description lists the user's groups
    return cls(_shortened(f"{message} {description}".strip()))


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"
