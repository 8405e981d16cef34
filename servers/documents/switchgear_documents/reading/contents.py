"""One file's bytes into a Reading: what it is, then the parser for it, then the checks."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from switchgear_documents.reading.archives import read_archive
from switchgear_documents.reading.bundles import FilePages, in_parts
from switchgear_documents.reading.camt import NAMESPACES as CAMT
from switchgear_documents.reading.camt import read_camt
from switchgear_documents.reading.checks import make_checks
from switchgear_documents.reading.classifier import CLASSIFIER, Verdict, classify
from switchgear_documents.reading.cutting import TIFF
from switchgear_documents.reading.edifact_message import read_edifact
from switchgear_documents.reading.einvoice import all_text
from switchgear_documents.reading.extract import Extract
from switchgear_documents.reading.facturx import embedded_invoice, read_einvoice, syntax_of
from switchgear_documents.reading.fields import read_fields
from switchgear_documents.reading.hybrid import check_pages
from switchgear_documents.reading.hypertext import html_text
from switchgear_documents.reading.mail import Mail, read_mail
from switchgear_documents.reading.markup import local_name, namespace, parse_xml
from switchgear_documents.reading.mt940 import read_mt940
from switchgear_documents.reading.ofx import parse_sgml, read_ofx
from switchgear_documents.reading.outlook import MEDIA_TYPE as MSG
from switchgear_documents.reading.outlook import read_msg
from switchgear_documents.reading.own_reading import recognised
from switchgear_documents.reading.parting import MOST_PAGES
from switchgear_documents.reading.pdf import PLACED_PAGES, read_pdf
from switchgear_documents.reading.pictures import count_pages
from switchgear_documents.reading.reading import Check, Format, Reading
from switchgear_documents.reading.schemas import check_schema
from switchgear_documents.reading.signatures import (
    check_name,
    check_one_format,
    kind_of,
    signed_format,
)
from switchgear_documents.reading.templates import CONFIDENCE as TAUGHT
from switchgear_documents.reading.templates import Template, template_for
from switchgear_documents.reading.text import decode
from switchgear_documents.reading.unseen import check_seen
from switchgear_documents.reading.words import Page, pages_of_text
from switchgear_shared.errors import UnreadableDocumentError

if TYPE_CHECKING:
    from switchgear_documents.reading.ocr import Ocr

MOST_TEXT = 500_000
MOST_ROWS = 10_000
_SIGNED: dict[Format, Callable[[str], Extract]] = {
    "ofx": lambda text: read_ofx(parse_sgml(text)),
    "mt940": read_mt940,
    "edifact": read_edifact,
}


def read_contents(
    data: bytes,
    suffix: str,
    *,
    max_pages: int,
    today: date,
    ocr: "Ocr | None" = None,
    templates: tuple[Template, ...] = (),
) -> Reading:
    """Read a document; `suffix` is the ending of its name, which is checked and never trusted.

    Pages that are pictures are read by `ocr`; without it the reading names them as unread. Pages
    that one of `templates` recognises are read as it says, where it says anything.

    Raises UnreadableDocumentError for what is empty, damaged, locked or over a limit.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise UnreadableDocumentError("the file is empty")
    kind, media_type = kind_of(data)
    pages: FilePages | None = None
    if kind == "pdf":
        reading, pages = _read_pdf(data, max_pages, today, ocr, templates)
    elif kind == "image":
        reading, pages = _read_image(data, media_type, today, ocr, templates)
    elif kind == "xml":
        reading = _read_xml(data, today)
    elif kind == "zip":
        media_type, written_as, text = read_archive(data, MOST_TEXT)
        reading = _by_words(media_type, written_as, (text,), today, templates=templates)
    elif kind == "email":
        reading = _from_mail(read_mail(data), media_type, "signature/rfc822")
    elif kind == "ole" and (mail := read_msg(data)) is not None:
        reading = _from_mail(mail, MSG, "signature/msg")
    elif kind == "html":
        reading = _by_words("text/html", "html", (html_text(data),), today, templates=templates)
    else:
        text = None if kind == "ole" else decode(data)
        reading = _read_text(media_type, "other", text, today, templates)
    named = check_name(suffix.lower(), reading.media_type)
    single = check_one_format(data, kind, reading.media_type)
    reading = reading.model_copy(update={"checks": (*reading.checks, *named, *single)})
    return reading if pages is None else _in_parts(reading, data, pages, today, templates)


def _in_parts(
    reading: Reading, data: bytes, pages: FilePages, today: date, templates: tuple[Template, ...]
) -> Reading:
    kind, written_as = reading.media_type, reading.format

    def alone(part: Sequence[Page]) -> Reading:
        texts = tuple(page.text for page in part)
        return _by_words(kind, written_as, texts, today, tuple(part), templates)

    return in_parts(reading, data, pages, alone)


def _read_xml(data: bytes, today: date) -> Reading:
    try:
        root = parse_xml(data)
    except UnreadableDocumentError:
        text = decode(data)
        if text is None or signed_format(text) != "ofx":
            raise
        extract = read_ofx(parse_sgml(text))  # some banks put SGML under an XML declaration
        return _exact("text/plain", "ofx", extract, text, make_checks(extract, today))
    text = all_text(root)
    extract = read_einvoice(root)
    if extract is not None:
        checks = (*check_schema(root), *make_checks(extract, today))
        return _exact("application/xml", syntax_of(root), extract, text, checks)
    if namespace(root).startswith(CAMT):
        extract = read_camt(root)
        return _exact("application/xml", "camt", extract, text, make_checks(extract, today))
    if local_name(root) == "OFX":
        extract = read_ofx(root)
        return _exact("application/xml", "ofx", extract, text, make_checks(extract, today))
    return _by_words("application/xml", "other", (text,))


def _read_pdf(
    data: bytes,
    max_pages: int,
    today: date,
    ocr: "Ocr | None",
    templates: tuple[Template, ...],
) -> tuple[Reading, FilePages | None]:
    """Return the reading, and the pages of one that may hold several documents."""
    pdf = read_pdf(data, max_pages)
    text = "\n\f\n".join(pdf.page_texts)
    unseen = check_seen(pdf.unseen, pdf.crowded)
    xml = embedded_invoice(pdf)
    root = None if xml is None else parse_xml(xml)
    extract = None if root is None else read_einvoice(root)
    if root is None or extract is None:
        scanned: tuple[Page, ...] = ()
        seen: tuple[Check, ...] = ()
        if ocr is not None and pdf.images:
            scanned, seen = ocr.read_pdf(data, pdf.images)
            pdf = pdf.with_pages(scanned)
        texts, pages = pdf.page_texts, pdf.pages
        reading = _by_words("application/pdf", "pdf", texts, today, pages, templates)
        unread = pdf.images if ocr is None else ()
        reading = reading.model_copy(
            update={"checks": (*reading.checks, *seen, *unseen), "unread_pages": unread}
        )
        if unread or pdf.attachments:
            return reading, None
        if PLACED_PAGES < len(texts) <= MOST_PAGES:
            whole = lambda: read_pdf(data, max_pages, MOST_PAGES).with_pages(scanned).pages  # noqa: E731 - one line, one use
            return reading, FilePages(pages, whole)
        return reading, FilePages(pages)
    shown = (*check_pages(extract, text), *unseen)
    checks = (*check_schema(root), *make_checks(extract, today), *shown)
    reading = _exact("application/pdf", "facturx", extract, text, checks)
    return reading.model_copy(update={"pages": len(pdf.page_texts)}), None


def _read_image(
    data: bytes,
    media_type: str,
    today: date,
    ocr: "Ocr | None",
    templates: tuple[Template, ...],
) -> tuple[Reading, FilePages | None]:
    """Return the reading, and the pages of one that may hold several documents."""
    count = {"pages": count_pages(data)}
    if ocr is None:
        reading = _by_words(media_type, "image", ("",))
        return reading.model_copy(update={"unread_pages": (1,), **count}), None
    pages, seen = ocr.read_image(data)
    texts = tuple(page.text for page in pages)
    reading = _by_words(media_type, "image", texts, today, pages, templates)
    reading = reading.model_copy(update={"checks": (*reading.checks, *seen), **count})
    return reading, FilePages(pages) if media_type == TIFF else None


def _read_text(
    media_type: str,
    written_as: Format,
    text: str | None,
    today: date,
    templates: tuple[Template, ...],
) -> Reading:
    if text is None:
        return Reading(
            media_type=media_type if media_type != "text/plain" else "application/octet-stream",
            format=written_as,
            document_type="other",
            confidence=0.0,
            classifier="none",
            checks=(_no_text(),),
        )
    signed = signed_format(text)
    if signed is None:
        return _by_words("text/plain", "text", (text,), today, templates=templates)
    extract = _SIGNED[signed](text)
    return _exact("text/plain", signed, extract, text, make_checks(extract, today))


def _exact(
    media_type: str, written_as: Format, extract: Extract, text: str, checks: tuple[Check, ...]
) -> Reading:
    rows = max(len(extract.lines), len(extract.entries))
    if rows > MOST_ROWS:
        detail = f"it has {rows} lines, the first {MOST_ROWS} are kept"
        checks = (*checks, Check(name="all_lines_are_kept", passed=False, detail=detail))
    return Reading(
        media_type=media_type,
        format=written_as,
        document_type=extract.document_type,
        confidence=0.0 if extract.document_type == "other" else 1.0,
        classifier=extract.classifier,
        fields=tuple(extract.fields),
        lines=tuple(extract.lines[:MOST_ROWS]),
        entries=tuple(extract.entries[:MOST_ROWS]),
        text=text[:MOST_TEXT],
        checks=checks,
    )


def _from_mail(mail: Mail, media_type: str, classifier: str) -> Reading:
    return Reading(
        media_type=media_type,
        format="email",
        document_type="email",
        confidence=1.0,
        classifier=classifier,
        attachments=tuple(mail.attachments),
        text=mail.text[:MOST_TEXT],
        checks=tuple(mail.checks),
    )


def _by_words(
    media_type: str,
    written_as: Format,
    texts: tuple[str, ...],
    today: date | None = None,
    pages: tuple[Page, ...] = (),
    templates: tuple[Template, ...] = (),
) -> Reading:
    """Read what has no structure but its words; `pages` says where they stand, if that is known."""
    text = "\n\f\n".join(texts)
    if not text.strip():
        return Reading(
            media_type=media_type,
            format=written_as,
            document_type="other",
            confidence=0.0,
            classifier="none",
            pages=len(texts),
            checks=(_no_text(),),
        )
    verdict, classifier = classify(text), CLASSIFIER
    candidates = verdict.candidates
    template = template_for(templates, text)
    if template is not None and template.type is not None:
        verdict, classifier = Verdict(template.type, TAUGHT), f"template/{template.name}"
    own = recognised(text)
    if own is not None:
        verdict, classifier = Verdict(own[0].name, own[1]), f"own/{own[0].name}"
    extract = Extract(verdict.document_type, classifier)
    if today is not None:
        read_fields(pages or pages_of_text(texts), extract, template)
    return Reading(
        media_type=media_type,
        format=written_as,
        document_type=verdict.document_type,
        confidence=verdict.confidence,
        classifier=classifier,
        fields=tuple(extract.fields),
        lines=tuple(extract.lines),
        text=text[:MOST_TEXT],
        pages=len(texts),
        checks=make_checks(extract, today)
        if today is not None and (extract.fields or extract.malformed)
        else (),
        candidates=candidates,
    )


def _no_text() -> Check:
    return Check(name="has_text", passed=False, detail="no text was found")
