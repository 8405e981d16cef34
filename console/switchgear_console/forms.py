"""What a form sends: texts by name, within bounds, each form with a key of its own."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request

from switchgear_shared.errors import InvalidRequestError

MOST_FIELDS = 300
_ENCODING = "application/x-www-form-urlencoded"
_OWN = ("form_token",)
_KEY = re.compile(r"[\w-]{16,64}")


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form as they were sent; a text area's line ends are single."""

    values: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return a field without the blanks around it, empty where there is none."""
        return self.values.get(name, "").strip()

    @property
    def token(self) -> str:
        """The proof that one of our pages held the form."""
        return self.values.get("form_token", "")

    @property
    def key(self) -> str:
        """The form's key: what is sent with it twice is done once.

        Raises:
            InvalidRequestError: it is not one that a page of ours was given.
        """
        key = self.values.get("form_key", "")
        if not _KEY.fullmatch(key):
            raise InvalidRequestError("the form has lost its key: load the page again")
        return key

    def starting(self, prefix: str) -> dict[str, str]:
        """Return the fields whose names begin so, without that beginning."""
        return {n[len(prefix) :]: v for n, v in self.values.items() if n.startswith(prefix)}

    def kept(self) -> str:
        """Return the form in one line, to be sent again after signing in."""
        return urlencode({n: v for n, v in self.values.items() if n not in _OWN})


NO_FORM = Form({})


def new_key() -> str:
    """Return a key for a form that is about to be shown."""
    return secrets.token_urlsafe(18)


async def read_form(request: Request) -> Form:
    """Return the form that a request carries.

    Raises:
        InvalidRequestError: it is no form, has too many fields, or one of them twice.
    """
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != _ENCODING:
        raise InvalidRequestError(f"send a form as {_ENCODING}")
    return form_of((await request.body()).decode("utf-8", "replace"))


def form_of(line: str) -> Form:
    """Return the form that a line describes. See `read_form`."""
    try:
        pairs = parse_qsl(line, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise InvalidRequestError(f"a form has at most {MOST_FIELDS} fields") from error
    values = {name: value.replace("\r\n", "\n") for name, value in pairs}
    if len(values) != len(pairs):
        raise InvalidRequestError("the form has a field twice")
    return Form(values)
