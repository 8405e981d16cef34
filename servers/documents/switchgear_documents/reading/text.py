"""Bytes into characters: the encodings that plain text arrives in."""

import codecs
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MOST_CONTROLS = 0.02


def decode(data: bytes) -> str | None:
    """Return the text, by its mark, as UTF-8 or as Western European; None if it is not text."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _lines(data.decode(encoding, errors="replace"))
    if b"\0" in data:
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    controls = sum(character < " " and character not in "\t\n\r\f\x1a\x1b" for character in text)
    return _lines(text) if controls <= len(text) * _MOST_CONTROLS else None


def read_email(data: bytes) -> str:
    """Return a message's subject, sender and date, then its text; attachments are left out."""
    message = message_from_bytes(data, policy=default)
    headers = [f"{name}: {message[name]}" for name in ("Subject", "From", "Date") if message[name]]
    return "\n".join([*headers, "", _body(message)])


def _body(message: EmailMessage) -> str:
    parts = [part for part in message.walk() if part.get_content_type() == "text/plain"]
    parts = parts or [part for part in message.walk() if part.get_content_maintype() == "text"]
    return "\n".join(_part_text(part) for part in parts)


def _part_text(part: EmailMessage) -> str:
    payload = part.get_payload(decode=True)
    return (decode(payload) or "") if isinstance(payload, bytes) else ""


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
