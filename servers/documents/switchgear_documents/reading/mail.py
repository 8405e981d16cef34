"""E-mail messages: what they say, and the files they bring."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.errors import (
    CloseBoundaryNotFoundDefect,
    InvalidBase64PaddingDefect,
    StartBoundaryNotFoundDefect,
)
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32

from switchgear_documents.reading.hypertext import html_text
from switchgear_documents.reading.reading import MOST_ATTACHED_BYTES, Attachment, Check
from switchgear_documents.reading.signatures import MEDIA_TYPES
from switchgear_documents.reading.text import decode

MOST_ATTACHMENTS = 50

_SIGNATURES = (
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
)
_CUT_SHORT = (CloseBoundaryNotFoundDefect, StartBoundaryNotFoundDefect, InvalidBase64PaddingDefect)
_DEEPEST = 20
_LONGEST_HEADER = 10_000


@dataclass
class Mail:
    """A message: its text, its attachments in order, and what was wrong with those."""

    text: str
    attachments: list[Attachment] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    def attach(self, name: str, content: bytes) -> None:
        """Add an attachment; one too many, too large or empty is a failed check instead."""
        taken = sum(attachment.size_bytes for attachment in self.attachments)
        if not content:
            self.refuse("attachment_is_empty", f"{name[:60]!a} holds nothing")
        elif len(self.attachments) >= MOST_ATTACHMENTS:
            self.refuse("attachments_all_taken", f"at most {MOST_ATTACHMENTS} are taken")
        elif taken + len(content) > MOST_ATTACHED_BYTES:
            limit = f"at most {MOST_ATTACHED_BYTES} bytes are taken"
            self.refuse("attachments_all_taken", limit)
        else:
            self.attachments.append(Attachment.of(name, content))

    def refuse(self, name: str, detail: str) -> None:
        """Add a failed check, once."""
        check = Check(name=name, passed=False, detail=detail)
        if check not in self.checks:
            self.checks.append(check)


def read_mail(data: bytes) -> Mail:
    """Return the message's subject, sender and date, its text, and what is attached to it.

    Pictures that its HTML shows and signatures are parts of the message, not attachments. A message
    in it is an attachment, as it came.
    """
    message = message_from_bytes(data, policy=compat32)
    mail = Mail("")
    texts: list[str] = []
    _walk(message, mail, texts, depth=0)
    named = ((name, header_text(message, name)) for name in ("Subject", "From", "Date"))
    headers = [f"{name}: {value}" for name, value in named if value]
    mail.text = "\n".join([*headers, "", *texts])
    return mail


def header_text(message: Message, name: str) -> str:
    """Return a header in characters; one that is wrongly encoded as it stands."""
    raw = message.get(name)
    if raw is None:
        return ""
    return " ".join(_decoded(str(raw)).split())


def _decoded(raw: str) -> str:
    """Return a header's text; decoding takes longer the more of it there is, and by the square."""
    raw = raw[:_LONGEST_HEADER]
    try:
        return str(make_header(decode_header(raw)))
    except (LookupError, ValueError):
        return raw


def _walk(part: Message, mail: Mail, texts: list[str], *, depth: int) -> None:
    """Collect the part's texts and attachments in order."""
    if any(isinstance(defect, _CUT_SHORT) for defect in part.defects):
        mail.refuse("message_is_whole", "it ends before its last part does")
    if depth > _DEEPEST:
        mail.refuse("attachments_all_taken", f"parts are nested deeper than {_DEEPEST}")
        return
    kind = part.get_content_type()
    if kind == "message/rfc822" and depth > 0:
        _attach_message(part, mail)
    elif part.is_multipart() and kind == "multipart/alternative":
        _walk_alternatives(part, mail, texts, depth)
    elif part.is_multipart():
        for child in _children(part):
            _walk(child, mail, texts, depth=depth + 1)
    elif _is_attachment(part):
        mail.attach(_name(part, len(mail.attachments) + 1), _content(part))
    elif part.get_content_maintype() == "text":
        texts.append(_text(part))


def _walk_alternatives(part: Message, mail: Mail, texts: list[str], depth: int) -> None:
    """Take the plain text of several ways to say the same, or the last that says anything."""
    said: list[tuple[bool, list[str]]] = []
    for child in _children(part):
        found: list[str] = []
        _walk(child, mail, found, depth=depth + 1)
        if any(text.strip() for text in found):
            said.append((child.get_content_type() == "text/plain", found))
    plain = [found for is_plain, found in said if is_plain]
    if said:
        texts.extend(plain[0] if plain else said[-1][1])


def _children(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (child for child in payload if isinstance(child, Message))


def _is_attachment(part: Message) -> bool:
    kind = part.get_content_type()
    if part.get_content_disposition() == "attachment":
        return kind not in _SIGNATURES
    if kind in _SIGNATURES or (part.get("Content-ID") and part.get_content_maintype() == "image"):
        return False
    return part.get_content_maintype() != "text" or part.get_filename() is not None


def _attach_message(part: Message, mail: Mail) -> None:
    inner = next(_children(part), None)
    if inner is None:
        mail.attach("message.eml", b"")
        return
    name = header_text(inner, "Subject") or "message"
    mail.attach(f"{name[:80]}.eml", inner.as_bytes(policy=compat32))


def _name(part: Message, number: int) -> str:
    name = part.get_filename()
    if name:
        return _decoded(name)
    endings = (e for e, kinds in MEDIA_TYPES.items() if part.get_content_type() in kinds)
    return f"attachment-{number}{next(endings, '')}"


def _content(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message) -> str:
    content = _content(part)
    if part.get_content_type() == "text/html":
        return html_text(content)
    try:
        text = content.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return decode(content) or ""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
