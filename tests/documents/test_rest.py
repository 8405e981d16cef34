"""The REST intake: both forms, every refusal, and a description of it that stands alone."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from journeys.desk import Desk, Samples
from switchgear_documents.samples import to_ubl

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOCUMENTS = "/api/v1/documents"
JSON = {"content-type": "application/json"}


def letter(samples: Samples) -> bytes:
    """Return a text that nobody handed in before."""
    return f"Dear Sir or Madam, about {samples.small().number}. Yours sincerely, Ann".encode()


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


async def test_a_form_hands_a_document_in_and_its_state_is_followed(
    desk: Desk, samples: Samples
) -> None:
    spec = samples.small()
    answer = await desk.http.post(
        DOCUMENTS,
        files={"file": ("invoice.xml", to_ubl(spec), "text/html")},
        data={"type": "invoice", "sha256": hashlib.sha256(to_ubl(spec)).hexdigest()},
        headers={"X-Correlation-ID": "mail-4711"},
    )
    receipt = answer.json()

    assert (answer.status_code, receipt["correlation_id"]) == (202, "mail-4711")
    assert answer.headers["X-Correlation-ID"] == "mail-4711"
    await desk.until(receipt, "filed")
    status = await desk.http.get(f"{DOCUMENTS}/{receipt['id']}")
    assert (status.status_code, status.json()["state"]) == (200, "filed")
    assert [state for state, _ in await desk.booked(spec.number)] == ["posted"]


async def test_json_hands_a_document_in(desk: Desk, samples: Samples) -> None:
    content = letter(samples)
    body = {"name": "a.txt", "content_base64": encoded(content), "type": "letter"}

    answer = await desk.http.post(DOCUMENTS, json=body)

    assert (answer.status_code, answer.json()["sha256"]) == (
        202,
        hashlib.sha256(content).hexdigest(),
    )
    assert (await desk.until(answer.json()))["document_type"] == "letter"


async def test_the_same_bytes_by_either_form_are_the_same_document(
    desk: Desk, samples: Samples
) -> None:
    content = letter(samples)
    first = await desk.http.post(DOCUMENTS, files={"file": ("a.txt", content)})
    second = await desk.http.post(
        DOCUMENTS, json={"name": "b.txt", "content_base64": encoded(content)}
    )

    assert second.json()["id"] == first.json()["id"]
    assert (second.status_code, second.json()["is_duplicate"]) == (202, True)
    await desk.until(first.json())


async def test_the_idempotency_key_header_is_the_key_of_the_submission(
    desk: Desk, samples: Samples
) -> None:
    headers = {"Idempotency-Key": "scan-17"}
    content = letter(samples)
    first = await desk.http.post(DOCUMENTS, files={"file": ("a.txt", content)}, headers=headers)
    again = await desk.http.post(DOCUMENTS, files={"file": ("a.txt", content)}, headers=headers)
    other = await desk.http.post(
        DOCUMENTS, files={"file": ("a.txt", letter(samples))}, headers=headers
    )
    empty = await desk.http.post(
        DOCUMENTS, files={"file": ("a.txt", content)}, headers={"Idempotency-Key": ""}
    )

    assert again.json() == {**first.json(), "replayed": True}
    assert (other.status_code, other.json()["error"]["code"]) == (409, "conflict")
    assert (empty.status_code, empty.json()["error"]["field"]) == (422, "idempotency_key")
    await desk.until(first.json())


FILE = {"file": ("a.txt", b"never to be stored")}
GOOD = {"name": "a.txt", "content_base64": encoded(b"never to be stored")}


@pytest.mark.parametrize(
    ("sent", "message", "field"),
    [
        ({"content": b"x"}, "send multipart/form-data", "content-type"),
        ({"content": b"x", "headers": {"content-type": "text/xml"}}, "send multi", "content-type"),
        ({"data": {"name": "a"}, "files": {"other": ("a", b"x")}}, "no `file`", "file"),
        ({"files": {"file": (None, b"text")}}, "no `file`", "file"),
        ({"files": {"file": ("a.txt", b"")}}, "the document is empty", "content"),
        ({"files": FILE, "data": {"colour": "red"}}, "no field 'colour'", "colour"),
        ({"files": FILE, "data": {"type": "spell"}}, "spell", "type"),
        ({"files": FILE, "data": {"sha256": "0" * 64}}, "SHA-256 is", "sha256"),
        ({"files": FILE, "data": {"sha256": "zz"}}, "zz", "sha256"),
        ({"files": {"file": ("x" * 300, b"never to be stored")}}, "name: ", "name"),
        ({"files": [("file", FILE["file"]), ("file", FILE["file"])]}, "Too many files", None),
        ({"files": FILE, "data": {f"f{n}": "x" for n in range(9)}}, "Too many fields", None),
        ({"files": FILE, "headers": {"X-Correlation-ID": "two words"}}, "correlation ID", None),
        ({"files": FILE, "headers": {"Idempotency-Key": "x" * 129}}, "x", "idempotency_key"),
        (
            {"content": b"--b", "headers": {"content-type": "multipart/form-data"}},
            "the form cannot be read",
            None,
        ),
        (
            {"content": b"junk", "headers": {"content-type": "multipart/form-data; boundary=b"}},
            "the form cannot be read",
            None,
        ),
        ({"content": b"", "headers": JSON}, "the body is not JSON", None),
        ({"content": b"{", "headers": JSON}, "the body is not JSON", None),
        ({"content": b"[" * 100_000, "headers": JSON}, "the body is not JSON", None),
        ({"json": ["a"]}, "valid dictionary", None),
        ({"json": {"name": "a"}}, "content_base64: Field required", "content_base64"),
        ({"json": {**GOOD, "name": ""}}, "name: ", "name"),
        ({"json": {**GOOD, "name": "x" * 201}}, "name: ", "name"),
        ({"json": {**GOOD, "name": "a\0b"}}, "text holds a NUL character", "name"),
        ({"json": {**GOOD, "name": 7}}, "name: ", "name"),
        ({"json": {**GOOD, "type": "spell"}}, "type: ", "type"),
        ({"json": {**GOOD, "tpye": "letter"}}, "tpye: ", "tpye"),
        ({"json": {**GOOD, "sha256": "0" * 64}}, "SHA-256 is", "sha256"),
        ({"json": {**GOOD, "content_base64": "%"}}, "is not base64", "content_base64"),
        ({"json": {**GOOD, "content_base64": "é"}}, "is not base64", "content_base64"),
    ],
)
async def test_what_cannot_be_used_is_refused_with_the_field_and_nothing_is_kept(
    desk: Desk, sent: dict[str, Any], message: str, field: str | None
) -> None:
    before = desk.stored()

    answer = await desk.http.post(DOCUMENTS, **sent)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, "invalid_request", field)
    assert message in error["message"]
    assert error["correlation_id"] == answer.headers["X-Correlation-ID"]
    assert desk.stored() == before


async def test_who_may_not_submit_leaves_no_file(desk: Desk) -> None:
    before = desk.stored()
    headers = await desk.headers("operator")

    answer = await desk.http.post(DOCUMENTS, files=FILE, headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "policy_denied")
    assert desk.stored() == before


@pytest.mark.parametrize("declares", [True, False], ids=["with content-length", "chunked"])
async def test_a_document_over_the_limit_is_refused_and_leaves_no_file(
    desk: Desk, declares: bool
) -> None:
    """The form stays within the bound on bodies, the file in it does not."""
    before = desk.stored()
    size = desk.running.host.settings.document_max_bytes + 1
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    whole = head + b"0" * size + b"\r\n--b--\r\n"

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(whole), 1 << 20):
            yield whole[start : start + (1 << 20)]

    answer = await desk.http.post(
        DOCUMENTS,
        content=whole if declares else chunks(),
        headers={"content-type": "multipart/form-data; boundary=b"},
    )

    assert (answer.status_code, answer.json()["error"]["message"]) == (
        413,
        f"the document is larger than {size - 1} bytes",
    )
    assert desk.stored() == before


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", f"{DOCUMENTS}/doc_0", 404, "not_found"),
        ("GET", f"{DOCUMENTS}/{'x' * 65}", 422, "invalid_request"),
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("DELETE", DOCUMENTS, 405, "invalid_request"),
        ("GET", "/api/v1/../../etc/passwd", 404, None),
    ],
)
async def test_other_paths_and_methods_are_refused_in_the_same_words(
    desk: Desk, method: str, path: str, status: int, code: str | None
) -> None:
    answer = await desk.http.request(method, path)

    assert answer.status_code == status
    if code is not None:
        assert answer.json()["error"]["code"] == code


async def test_the_description_is_valid_openapi_that_names_both_forms(desk: Desk) -> None:
    answer = await desk.http.get("/api/openapi.json", headers={"Authorization": ""})
    described = answer.json()
    submit = described["paths"]["/v1/documents"]["post"]

    assert answer.status_code == 200
    assert described["openapi"].startswith("3.1")
    assert set(submit["requestBody"]["content"]) == {"multipart/form-data", "application/json"}
    assert set(submit["responses"]) >= {"202", "401", "413", "422"}
    assert {p["name"] for p in submit["parameters"]} == {"Idempotency-Key", "X-Correlation-ID"}
    names = set(described["components"]["schemas"])
    refs = set(re.findall(r'"#/components/schemas/(\w+)"', answer.text))
    assert refs <= names
    assert '"#/$defs/' not in answer.text


async def test_the_documentation_needs_no_other_host(desk: Desk) -> None:
    page = await desk.http.get("/api/docs", headers={"Authorization": ""})
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert page.status_code == 200
    assert re.findall(r"https?://", page.text) == []
    assert assets
    for asset in assets:
        assert (await desk.http.get(asset, headers={"Authorization": ""})).status_code == 200
