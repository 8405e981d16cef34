"""Field 86 of a bank statement: who paid whom for what, in the ways that banks put it."""

import re
from typing import NamedTuple

_STRUCTURED = re.compile(r"\d{3}([?<>~^|@#])(?=\d\d)")
_WORDS = re.compile(r"(?:^|/)(EREF|IREF|MREF|CREF|NAME|IBAN|BIC|REMI|TRTP|ORDP|BENM|CNTP)/")
_PURPOSE = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|COAM|OAMT|S?VWZ|ABWA|ABWE|IBAN|BIC|PURP)\+ ?")
_NO_REFERENCE = ("", "NONREF", "NOTPROVIDED")
_PURPOSE_CODES = (*range(20, 30), *range(60, 64))


class Details(NamedTuple):
    """What a field 86 tells of its entry; None where it does not say."""

    name: str | None = None
    account: str | None = None
    reference: str | None = None
    text: str | None = None


def read_details(value: str) -> Details:
    """Read the field by its form: subfields by number, words between slashes, or plain text."""
    joined = value.replace("\n", "")
    if match := _STRUCTURED.match(joined):
        return _by_number(joined[match.end() :], match[1])
    if value.startswith("/") and _WORDS.match(joined):
        return _by_word(joined)
    return Details(text=" ".join(value.split()) or None)


def _by_number(joined: str, separator: str) -> Details:
    parts: dict[int, str] = {}
    for part in joined.split(separator):
        if part[:2].isascii() and part[:2].isdigit():
            parts[int(part[:2])] = parts.get(int(part[:2]), "") + part[2:]
        elif parts:  # the separator stood in a text
            parts[next(reversed(parts))] += separator + part
    purpose = "".join(parts[code] for code in _PURPOSE_CODES if code in parts)
    said = _keywords(purpose)
    text = said.get("SVWZ") or said.get("VWZ") or (said.get("") if said else None)
    return Details(
        name=_text(parts.get(32, "") + parts.get(33, "")),
        account=_text(parts.get(31, "")),
        reference=_reference(said.get("EREF") or said.get("KREF")),
        text=_text(text or parts.get(0, "")),
    )


def _keywords(purpose: str) -> dict[str, str]:
    """Return the SEPA parts by keyword; what stands before the first is under an empty one."""
    texts = _PURPOSE.split(purpose)
    said = {"": texts[0]}
    for keyword, text in zip(texts[1::2], texts[2::2], strict=True):
        said.setdefault(keyword, text.strip())
    return said


def _by_word(joined: str) -> Details:
    texts = _WORDS.split(joined)
    said = {word: text.strip("/ ") for word, text in zip(texts[1::2], texts[2::2], strict=True)}
    remittance = re.sub(r"^(?:USTD|STRD/CUR)//?", "", said.get("REMI", ""))
    return Details(
        name=_text(said.get("NAME", "")),
        account=_text(said.get("IBAN", "")),
        reference=_reference(said.get("EREF")),
        text=_text(remittance or said.get("TRTP", "")),
    )


def _reference(text: str | None) -> str | None:
    text = _text(text or "")
    return text if text and text.upper() not in _NO_REFERENCE else None


def _text(text: str) -> str | None:
    return " ".join(text.split()) or None
