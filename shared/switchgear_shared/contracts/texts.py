"""Texts that callers give, tidied and bounded: names, e-mail addresses, domains."""

import re
from collections.abc import Callable

from pydantic import AfterValidator

from switchgear_shared.spelling import fold

_EMAIL = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?P<domain>.+)")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_MOST_LOCAL = 64


def email_key(text: str) -> str:
    """Return the one spelling of an e-mail address; ValueError where it is none."""
    spelled = text.strip().lower()
    found = _EMAIL.fullmatch(spelled)
    if found is None or spelled.index("@") > _MOST_LOCAL:
        raise ValueError("not an e-mail address")
    domain_key(found["domain"])
    return spelled


def domain_key(text: str) -> str:
    """Return the one spelling of a domain in ASCII; ValueError where it is none."""
    spelled = text.strip().lower()
    if _DOMAIN.fullmatch(spelled) is None:
        raise ValueError("not a domain such as acme.com")
    return spelled


def one_line(text: str) -> str:
    """Return `text` in one line without doubled spaces; "" where it was blank."""
    return " ".join(text.split())


def filled(text: str) -> str:
    """Return `text` as it is; ValueError where it is empty."""
    if not text:
        raise ValueError("empty")
    return text


def said(text: str) -> str:
    """Return `text` in one line; ValueError where it holds nothing to find it by."""
    if not fold(text):
        raise ValueError("blank")
    return one_line(text)


def within(most: int, tidy: Callable[[str], str] = str) -> AfterValidator:
    """Return `tidy` as a check; its limit is told who passes it, not in every schema."""

    def checked(text: str) -> str:
        kept = tidy(text)
        if len(kept) > most:
            raise ValueError(f"longer than {most} characters")
        return kept

    return AfterValidator(checked)
