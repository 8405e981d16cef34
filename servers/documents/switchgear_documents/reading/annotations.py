"""What is filled into a PDF's forms or laid over its pages, made part of the pages."""

import pypdfium2
from pypdfium2 import raw

_NOT_DRAWN = {raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP}


def page_as_shown(document: pypdfium2.PdfDocument, place: int) -> pypdfium2.PdfPage:
    """Return a page, from 0, with its fields' values, notes and stamps among its own text.

    What a viewer does not show is left out. Raises PdfiumError if they cannot be merged.
    """
    page = document[place]
    if not _is_drawn_over(page):
        return page
    if raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_FAIL:
        raise pypdfium2.PdfiumError("annotations cannot be merged")
    page.close()
    return document[place]


def _is_drawn_over(page: pypdfium2.PdfPage) -> bool:
    for place in range(raw.FPDFPage_GetAnnotCount(page)):
        annotation = raw.FPDFPage_GetAnnot(page, place)
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        raw.FPDFPage_CloseAnnot(annotation)
        if kind not in _NOT_DRAWN:
            return True
    return False
