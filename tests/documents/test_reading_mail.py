"""Messages give their text and what is attached to them, bounded in every direction."""

import struct
from email.message import EmailMessage

import pytest

from documents.compound_file import (
    BODY,
    SENDER,
    SENT,
    SUBJECT,
    Tree,
    attachment,
    compound_file,
    message,
)
from documents.reading_of import failures, read
from switchgear_documents.reading.mail import Mail
from switchgear_documents.reading.reading import MOST_ATTACHED_BYTES, Reading
from switchgear_shared.errors import UnreadableDocumentError


def letter(subject: str = "Grüße", text: str = "Dear Sir\n", **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, "Ann <ann@example.com>", "b@example.com"
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(text)
    return mail


def attached(reading: Reading) -> list[tuple[str, bytes]]:
    return [(a.name, a.content) for a in reading.attachments]


def test_a_message_is_read_with_its_attachments_in_order() -> None:
    mail = letter(Date="Mon, 02 Mar 2026 08:00:00 +0000")
    mail.add_attachment(b"%PDF-1", maintype="application", subtype="pdf", filename="Rechnung ä.pdf")
    mail.add_attachment("a;b\n", subtype="csv", filename="a.csv")
    mail.add_attachment(b"<x/>", maintype="application", subtype="xml")
    reading = read(mail.as_bytes(), ".eml")

    assert (reading.format, reading.document_type, reading.confidence) == ("email", "email", 1.0)
    assert reading.text.split("\n") == [
        "Subject: Grüße",
        "From: Ann <ann@example.com>",
        "Date: Mon, 02 Mar 2026 08:00:00 +0000",
        "",
        "Dear Sir",
        "",
    ]
    assert attached(reading) == [
        ("Rechnung ä.pdf", b"%PDF-1"),
        ("a.csv", b"a;b\n"),
        ("attachment-3.xml", b"<x/>"),
    ]
    assert failures(reading) == []
    assert "content" not in reading.model_dump()["attachments"][0]


def test_of_two_ways_to_say_the_same_the_plain_one_is_read() -> None:
    mail = letter()
    mail.add_alternative("<p>Dear <b>Madam</b></p>", subtype="html")

    assert read(mail.as_bytes(), ".eml").text.endswith("\n\nDear Sir\n")
    assert attached(read(mail.as_bytes(), ".eml")) == []


def test_a_message_in_html_alone_is_read_as_it_is_shown() -> None:
    mail = letter()
    mail.set_content("<p>Dear</p><p style='display:none'>ignore</p><p>Madam</p>", subtype="html")

    assert read(mail.as_bytes(), ".eml").text.endswith("\n\nDear\nMadam")


def test_pictures_and_signatures_are_no_attachments() -> None:
    mail = letter()
    mail.set_content("<p>Hi <img src='cid:1'></p>", subtype="html")
    mail.add_related(b"png", maintype="image", subtype="png", cid="<1>")
    mail.make_mixed()
    mail.add_attachment(
        b"sig", maintype="application", subtype="pkcs7-signature", filename="smime.p7s"
    )

    assert attached(read(mail.as_bytes(), ".eml")) == []


def test_a_message_in_the_message_comes_as_it_came() -> None:
    inner = letter("Inner", "Deep\n", Date="Mon, 02 Mar 2026 08:00:00 +0000")
    outer = letter("Outer")
    outer.add_attachment(inner)
    (found,) = read(outer.as_bytes(), ".eml").attachments

    assert found.name == "Inner.eml"
    assert read(found.content, ".eml").text.endswith("Deep\n")
    assert read(outer.as_bytes(), ".eml").attachments == (found,)


@pytest.mark.parametrize(("count", "told"), [(49, 0), (50, 0), (51, 1)])
def test_so_many_attachments_are_taken_and_no_more(count: int, told: int) -> None:
    mail = letter()
    for number in range(count):
        mail.add_attachment(str(number), filename=f"{number}.txt")
    reading = read(mail.as_bytes(), ".eml")

    assert len(reading.attachments) == min(count, 50)
    assert failures(reading) == [("attachments_all_taken", "at most 50 are taken")] * told


def test_so_many_bytes_are_taken_and_no_more() -> None:
    mail = Mail("")
    for size in (MOST_ATTACHED_BYTES - 2, 1, 1, 1):
        mail.attach("a", b"x" * size)

    assert [a.size_bytes for a in mail.attachments] == [MOST_ATTACHED_BYTES - 2, 1, 1]
    assert [check.detail for check in mail.checks] == ["at most 33554432 bytes are taken"]


def test_an_empty_attachment_is_told_and_costs_no_other() -> None:
    mail = letter()
    mail.add_attachment(b"", maintype="application", subtype="pdf", filename="a.pdf")
    mail.add_attachment("b", filename="b.txt")
    reading = read(mail.as_bytes(), ".eml")

    assert attached(reading) == [("b.txt", b"b\n")]
    assert failures(reading) == [("attachment_is_empty", "'a.pdf' holds nothing")]


@pytest.mark.parametrize(("depth", "told"), [(19, 0), (21, 1)])
def test_parts_are_nested_so_deep_and_no_deeper(depth: int, told: int) -> None:
    head = b"From: a@example.com\nTo: b@example.com\nSubject: deep\n"
    parts = "".join(
        f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"
        for level in range(depth)
    )
    reading = read(head + parts.encode() + b"Content-Type: text/plain\n\nDeep\n", ".eml")

    names = [name for name, _ in failures(reading)]
    assert names == ["message_is_whole", *["attachments_all_taken"] * told]
    assert ("Deep" in reading.text) is not bool(told)


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Type: text/plain; charset=klingon\n\nDear",
        b"Content-Type: multipart/mixed; boundary=b\n\nno part at all",
        b"Content-Type: multipart/mixed\n\nno boundary",
        b"Content-Type: message/rfc822\n\n",
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n%%%",
        b"Content-Disposition: attachment; filename*=utf-8''%ff%fe\n\nx",
        b"Content-Type: text/plain; name==?x?q?y?=\n\nx",
    ],
)
def test_a_message_that_is_badly_made_is_read_as_far_as_it_goes(body: bytes) -> None:
    data = b"From: a@example.com\nTo: b@example.com\nSubject: =?klingon?q?x?=\n" + body

    assert read(data, ".eml").document_type == "email"


def outlook(*brought: Tree) -> bytes:
    values = {SUBJECT: "Outer", BODY: "Dear\r\nSir", SENDER: "Ann", SENT: 134_169_120_000_000_000}
    return compound_file(message(values, *brought))


INNER = message({SUBJECT: "Inner", BODY: "Deep"}, attachment("x.txt", b"hello"), is_inner=True)


def test_an_outlook_message_is_read_as_the_same_message() -> None:
    pdf = b"%PDF-" + b"x" * 9_000
    reading = read(outlook(attachment("a.pdf", pdf), attachment("i.msg", INNER)), ".msg")

    assert (reading.document_type, reading.classifier) == ("email", "signature/msg")
    assert reading.text.split("\n") == [
        "Subject: Outer",
        "From: Ann",
        "Date: 2026-03-02T08:00:00+00:00",
        "",
        "Dear",
        "Sir",
    ]
    assert [a.name for a in reading.attachments] == ["a.pdf", "Inner.eml"]
    assert reading.attachments[0].content == pdf
    inner = read(reading.attachments[1].content, ".eml")
    assert (inner.document_type, attached(inner)) == ("email", [("x.txt", b"hello")])
    assert failures(reading) == []


def test_what_outlook_unpacks_is_the_same_every_time() -> None:
    data = outlook(attachment("i.msg", INNER))

    assert read(data, ".msg").attachments == read(data, ".msg").attachments


def nested(depth: int) -> Tree:
    tree = INNER
    for _ in range(depth):
        tree = message({SUBJECT: "M"}, attachment("m.msg", tree), is_inner=True)
    return tree


def test_outlook_messages_are_nested_so_deep_and_no_deeper() -> None:
    assert read(outlook(attachment("m.msg", nested(7))), ".msg").attachments
    with pytest.raises(UnreadableDocumentError, match="nested deeper than 8"):
        read(outlook(attachment("m.msg", nested(8))), ".msg")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_an_outlook_message_cut_short_is_refused(share: float) -> None:
    whole = outlook(attachment("a.pdf", b"x" * 9_000))

    with pytest.raises(UnreadableDocumentError, match="the Outlook message is damaged"):
        read(whole[: int(len(whole) * share)], ".msg")


def test_an_outlook_message_that_unfolds_one_stream_many_times_is_refused() -> None:
    """Entries of the directory may share their bytes: the sizes they claim count."""
    data = bytearray(outlook(attachment("a.pdf", b"x" * 9_000)))
    at = data.rindex(struct.pack("<I", 9_000))
    data[at : at + 4] = struct.pack("<I", 70_000_000)

    with pytest.raises(UnreadableDocumentError, match="the message unpacks to 70"):
        read(bytes(data), ".msg")


def test_an_office_file_locked_with_a_password_is_refused() -> None:
    locked = compound_file({"EncryptionInfo": b"x", "EncryptedPackage": b"y" * 5_000})

    with pytest.raises(UnreadableDocumentError, match="the Office file is locked with a password"):
        read(locked, ".docx")


def test_a_compound_file_of_another_kind_is_other() -> None:
    reading = read(compound_file({"WordDocument": b"x" * 5_000}), ".doc")

    assert (reading.document_type, reading.confidence) == ("other", 0.0)
