"""What a file is by its first bytes, whatever it is called."""

import re
import zipfile
from io import BytesIO
from typing import Literal

from switchgear_documents.reading.edifact_message import TYPES as EDIFACT_TYPES
from switchgear_documents.reading.reading import Check, Format

Kind = Literal["pdf", "zip", "image", "ole", "xml", "html", "email", "text"]

_PDF = b"%PDF-"
_MARKS: tuple[tuple[bytes, Kind, str], ...] = (
    (_PDF, "pdf", "application/pdf"),
    (b"PK\x03\x04", "zip", "application/zip"),
    (b"PK\x05\x06", "zip", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole", "application/x-ole-storage"),
    (b"\x89PNG\r\n\x1a\n", "image", "image/png"),
    (b"\xff\xd8\xff", "image", "image/jpeg"),
    (b"GIF8", "image", "image/gif"),
    (b"II*\0", "image", "image/tiff"),
    (b"MM\0*", "image", "image/tiff"),
    (b"BM", "image", "image/bmp"),
)
_PDF_WITHIN = 1024
_XML = re.compile(rb"<(\?xml|!--|!DOCTYPE|[A-Za-z_:][\w.:-]*[\s/>])", re.IGNORECASE)
_HTML = re.compile(rb"(<\?xml[^>]{0,200}\?>\s*)?<(!DOCTYPE\s+html|html|head|body)\b", re.IGNORECASE)
_HEADER = re.compile(
    rb"^(From|To|Subject|Date|Message-ID|Received|Return-Path|MIME-Version|Delivered-To|Reply-To"
    rb"|X-[\w-]+):",
    re.IGNORECASE | re.MULTILINE,
)
_MT940 = re.compile(r"^:(28C?|60[FM]|61|62[FM]|64|86):", re.MULTILINE)
_MT940_START = re.compile(r"\A\s*:(20|25|28C?|60[FM]|61|62[FM]|86|NS):")
_OFX = re.compile(r"\A\s*(OFXHEADER:|(<\?[^>]*>\s*)*<OFX>)")
_EDIFACT = re.compile(r"\A\s*(UNA.{6}\s*)?UNB.*?UNH.\w+.(\w{6})", re.DOTALL)
_MT940_TAGS = 2
_LEAST_HEADERS = 3

MEDIA_TYPES: dict[str, tuple[str, ...]] = {
    ".xml": ("application/xml",),
    ".pdf": ("application/pdf",),
    ".png": ("image/png",),
    ".jpg": ("image/jpeg",),
    ".jpeg": ("image/jpeg",),
    ".tif": ("image/tiff",),
    ".tiff": ("image/tiff",),
    ".eml": ("message/rfc822",),
    ".msg": ("application/vnd.ms-outlook",),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document",),
    ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
    ".zip": ("application/zip",),
    ".html": ("text/html",),
    ".txt": ("text/plain",),
}


def kind_of(data: bytes) -> tuple[Kind, str]:
    """Return what the content is and its media type; what shows no signature is `text`.

    A mark at the very start goes before one further in, which may be part of something else.
    """
    for mark, kind, media_type in _MARKS:
        if data.startswith(mark):
            return kind, media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image", "image/webp"
    kind, media_type = _markup_or_text(data)
    if kind == "text" and _PDF in data[:_PDF_WITHIN]:
        return "pdf", "application/pdf"
    return kind, media_type


def check_one_format(data: bytes, kind: Kind, media_type: str) -> tuple[Check, ...]:
    """Return a failed check for a file that other programs open as something else."""
    other = None
    if kind == "pdf" and zipfile.is_zipfile(BytesIO(data)):
        other = "a zip container"
    elif kind == "pdf" and not data.startswith(_PDF):
        head = data[: data.index(_PDF)].lstrip(b"\xef\xbb\xbf \t\r\n\0")
        other = "something else before it" if head else None
    elif kind in ("xml", "html", "image", "zip") and media_type != "application/zip":
        other = "a PDF" if _PDF in data[:_PDF_WITHIN] else None
    if other is None:
        return ()
    detail = f"it is {media_type} and {other} at once"
    return (Check(name="content_is_one_format", passed=False, detail=detail),)


def _markup_or_text(data: bytes) -> tuple[Kind, str]:
    head = data[:4096].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").lstrip()
    if _HTML.match(head):
        return "html", "text/html"
    if _XML.match(head) and not head.startswith(b"<OFX>"):  # OFX 1 is SGML, not XML
        return "xml", "application/xml"
    block = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    if len({name.lower() for name in _HEADER.findall(block)}) >= _LEAST_HEADERS:
        return "email", "message/rfc822"
    return "text", "text/plain"


def signed_format(text: str) -> Format | None:
    """Return the banking or EDI format that the text is written in, if it is one."""
    if _OFX.match(text):
        return "ofx"
    tags = {match[1] for match in _MT940.finditer(text)}
    if _MT940_START.match(text) or len(tags) >= _MT940_TAGS:
        return "mt940"
    message = _EDIFACT.match(text)
    return "edifact" if message is not None and message[2] in EDIFACT_TYPES else None


def check_name(suffix: str, media_type: str) -> tuple[Check, ...]:
    """Return whether the content is what the file's name says; an unknown ending says nothing."""
    expected = MEDIA_TYPES.get(suffix)
    if expected is None:
        return ()
    detail = f"named {suffix}, the content is {media_type}"
    return (Check(name="content_fits_name", passed=media_type in expected, detail=detail),)
