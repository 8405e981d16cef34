"""A hybrid PDF as it would be without the XML inside: the pages alone."""

from io import BytesIO

import pypdfium2
import pypdfium2.raw


def without_xml(data: bytes) -> bytes:
    """Return the PDF without its attachments; as it is if it has none or cannot be opened."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError:
        return data
    try:
        count = document.count_attachments()
        for number in reversed(range(count)):
            pypdfium2.raw.FPDFDoc_DeleteAttachment(document, number)
        if not count:
            return data
        file = BytesIO()
        document.save(file)
        return file.getvalue()
    finally:
        document.close()
