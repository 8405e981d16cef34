"""Outlook's .msg files: the same message in a compound file (MS-OXMSG)."""

import struct
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from io import BytesIO
from typing import Any

from olefile import OleFileIO
from oxmsg.domain import constants
from oxmsg.properties import Properties
from oxmsg.storage import Storage

from switchgear_documents.reading.hypertext import html_text
from switchgear_documents.reading.mail import Mail
from switchgear_shared.errors import UnreadableDocumentError

MEDIA_TYPE = "application/vnd.ms-outlook"

_PROPERTIES = "__properties_version1.0"
_ENCRYPTED = "EncryptedPackage"
_EMBEDDED = f"__substg1.0_{constants.PID_ATTACH_DATA_BINARY:04X}000D"
_ROOT_HEADER, _EMBEDDED_HEADER, _ATTACHMENT_HEADER = 32, 24, 8
_MOST_BYTES = 64 * 1024 * 1024
_DEEPEST = 8
_DAMAGED = (OSError, KeyError, ValueError, IndexError, AttributeError, AssertionError, struct.error)
"""What the libraries end in on a file that is not what its directory says."""


def read_msg(data: bytes) -> Mail | None:
    """Return the message, or None for a compound file of another kind, such as an old Word file.

    Raises UnreadableDocumentError if it is damaged, or an Office file locked with a password.
    """
    try:
        with OleFileIO(BytesIO(data)) as ole:
            if ole.exists(_ENCRYPTED):
                raise UnreadableDocumentError("the Office file is locked with a password")
            if not ole.exists(_PROPERTIES):
                return None
            entries: list[Any] = ole.direntries  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType] - its types lag behind
            total = sum(entry.size for entry in entries if entry is not None)
            if total > _MOST_BYTES:  # entries may share their bytes
                raise UnreadableDocumentError(f"the message unpacks to {total} bytes")
            storage = Storage.from_ole(ole)
        return _mail(storage, _ROOT_HEADER, depth=0)
    except _DAMAGED as error:
        kind = type(error).__name__
        raise UnreadableDocumentError(f"the Outlook message is damaged: {kind}") from error


def _mail(storage: Storage, header: int, *, depth: int) -> Mail:
    properties = Properties(storage, properties_header_offset=header)
    named = (("Subject", _subject(properties)), ("From", _sender(properties)))
    lines = [f"{name}: {value}" for name, value in named if value]
    if sent := properties.date_prop_value(constants.PID_CLIENT_SUBMIT_TIME):
        lines.append(f"Date: {sent.isoformat()}")
    mail = Mail("\n".join([*lines, "", _body(properties)]))
    for place in storage.iter_attachment_storages():
        name, content = _attachment(place, depth)
        mail.attach(name, content)
    return mail


def _attachment(place: Storage, depth: int) -> tuple[str, bytes]:
    properties = Properties(place, properties_header_offset=_ATTACHMENT_HEADER)
    inner = next((s for s in place.storages if s.name == _EMBEDDED), None)
    names = (constants.PID_ATTACH_LONG_FILENAME, constants.PID_ATTACH_FILENAME)
    name = next((n for pid in names if (n := properties.str_prop_value(pid))), "attachment")
    if inner is None:
        return name, properties.binary_prop_value(constants.PID_ATTACH_DATA_BINARY) or b""
    subject = _subject(Properties(inner, properties_header_offset=_EMBEDDED_HEADER))
    if depth >= _DEEPEST:
        raise UnreadableDocumentError(f"messages are nested deeper than {_DEEPEST}")
    return f"{(subject or 'message')[:80]}.eml", _as_eml(inner, depth + 1)


def _as_eml(storage: Storage, depth: int) -> bytes:
    """Return a message within the message as an e-mail file, the same bytes every time."""
    properties = Properties(storage, properties_header_offset=_EMBEDDED_HEADER)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _subject(properties) or "(none)"
    message["X-Unpacked-From"] = "Outlook message"
    if sent := properties.date_prop_value(constants.PID_CLIENT_SUBMIT_TIME):
        message["Date"] = sent
    sender = _sender(properties)
    text = f"From: {sender}\n\n{_body(properties)}" if sender else _body(properties)
    message.set_content(text or "\n", charset="utf-8")
    for place in storage.iter_attachment_storages():
        name, content = _attachment(place, depth)
        message.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=_one_line(name)
        )
    if message.is_multipart():
        message.set_boundary(f"=={sha256(_subject(properties).encode()).hexdigest()[:32]}==")
    return message.as_bytes()


def _subject(properties: Properties) -> str:
    return _one_line(properties.str_prop_value(constants.PID_SUBJECT) or "")


def _sender(properties: Properties) -> str:
    pids = (
        constants.PID_SENDER_NAME,
        constants.PID_SENDER_SMTP_ADDRESS,
        constants.PID_SENDER_EMAIL_ADDRESS,
    )
    found = [value for pid in pids if (value := properties.str_prop_value(pid))]
    return _one_line(" ".join(dict.fromkeys(found[:2])))


def _body(properties: Properties) -> str:
    return next(_bodies(properties), "").replace("\r\n", "\n").replace("\0", "")


def _bodies(properties: Properties) -> Iterator[str]:
    if plain := properties.str_prop_value(constants.PID_BODY):
        yield plain
    if html := properties.binary_prop_value(constants.PID_HTML):
        yield html_text(html)
    if html := properties.str_prop_value(constants.PID_BODY_HTML):
        yield html_text(html.encode())


def _one_line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())
