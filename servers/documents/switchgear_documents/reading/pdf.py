"""The pages' text and the attachments of a PDF."""

from dataclasses import dataclass

import pypdfium2

from switchgear_shared.errors import UnreadableDocumentError

MEDIA_TYPE = "application/pdf"

_WRONG_PASSWORD = 4
_TRAILER_BYTES = 4096


@dataclass(frozen=True)
class Pdf:
    """The text of each page in reading order, and the XML files attached, by name."""

    page_texts: tuple[str, ...]
    attachments: dict[str, bytes]


def read_pdf(data: bytes, max_pages: int) -> Pdf:
    """Read a PDF; raises UnreadableDocumentError if it is damaged, locked or too long."""
    if b"%%EOF" not in data[-_TRAILER_BYTES:]:
        raise UnreadableDocumentError("the PDF is cut short: its end marker is missing")
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if error.err_code == _WRONG_PASSWORD:
            raise UnreadableDocumentError("the PDF is locked with a password") from error
        raise UnreadableDocumentError("the PDF is damaged and cannot be opened") from error
    try:
        if len(document) > max_pages:
            raise UnreadableDocumentError(
                f"the PDF has {len(document)} pages, at most {max_pages} are read"
            )
        return Pdf(_page_texts(document), _attachments(document))
    except pypdfium2.PdfiumError as error:
        raise UnreadableDocumentError("the PDF is damaged inside") from error
    finally:
        document.close()


def _page_texts(document: pypdfium2.PdfDocument) -> tuple[str, ...]:
    texts: list[str] = []
    for page in document:
        text_page = page.get_textpage()
        texts.append(_clean(text_page.get_text_range()))
        text_page.close()
        page.close()
    return tuple(texts)


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\0", "").replace("\ufffe", "-")


def _attachments(document: pypdfium2.PdfDocument) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for number in range(document.count_attachments()):
        attachment = document.get_attachment(number)
        name = attachment.get_name()
        if name.lower().endswith(".xml"):
            found[name] = bytes(attachment.get_data())
    return found
