"""All that a reviewer needs: pages as pictures, fields in their places, and the same by REST."""

import asyncio
import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from documents.scans import INVOICE, picture_of, saved
from journeys.desk import Desk, Samples, off_by_one
from switchgear_documents.page_images import PageImages
from switchgear_documents.reading.sandbox import Reader
from switchgear_documents.samples import to_facturx
from switchgear_shared.errors import UnreadableDocumentError
from switchgear_shared.storage.files import Files

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIXELS_PER_SIDE = 1600


def size_of(png: bytes) -> tuple[int, int]:
    picture = Image.open(BytesIO(png))
    assert picture.format == "PNG"
    return picture.size


def picture(text: str) -> bytes:
    file = BytesIO()
    Image.new("RGB", (400, 200), "white").save(file, "PNG")
    return file.getvalue() + text.encode()


async def http_as(desk: Desk, agent: str) -> httpx2.AsyncClient:
    headers = await desk.headers(agent)
    return httpx2.AsyncClient(base_url=desk.running.url, headers=headers, timeout=30)


async def test_one_answer_has_all_that_a_decision_needs(desk: Desk, samples: Samples) -> None:
    spec = samples.small()
    receipt = await desk.submit(off_by_one(spec), "invoice.xml")
    waiting = await desk.review(receipt)

    found = await desk.ask("documents_get_review", review_id=waiting["id"])

    assert {name: found[name] for name in waiting} == waiting
    values = {field["name"]: field["value"] for field in found["fields"]}
    assert (values["number"], values["supplier"]) == (spec.number, spec.seller.name)
    assert [check["name"] for check in found["failed_checks"]] == ["net_plus_tax_is_gross"]
    assert (found["document_type"], found["pages"]) == ("invoice", [])
    assert found["text"] == f"documents://{receipt['id']}/text"
    assert [line["line_no"] for line in found["lines"]] != []
    assert [step["what"] for step in found["history"]][:2] == [
        "documents.document.received",
        "documents.document.classified",
    ]
    assert found["history"][0]["by"] == "assistant"
    refused = await desk.refusal("documents_get_review", review_id="rev_0")
    assert (refused["code"], refused["field"]) == ("not_found", "review_id")


async def test_where_words_decided_the_likeliest_types_are_told(
    desk: Desk, samples: Samples
) -> None:
    text = f"zxq {samples.small().number} Dear Sir, the invoice, the order, the bill. zxq"
    receipt = await desk.submit(text.encode(), "riddle.txt")
    waiting = await desk.review(receipt)

    found = await desk.ask("documents_get_review", review_id=waiting["id"])

    shares = [candidate["confidence"] for candidate in found["candidates"]]
    assert len(shares) == 3
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1.001


async def test_pages_of_a_pdf_are_pictures_for_who_may_read_it_and_drawn_once(
    desk: Desk, samples: Samples
) -> None:
    receipt = await desk.submit(to_facturx(samples.small()), "invoice.pdf")
    await desk.until(receipt)
    uri = f"documents://{receipt['id']}/pages/1.png"

    async def read() -> bytes:
        async with desk.direct("documents") as client:
            (content,) = (await client.read_resource(uri)).contents
            assert content.mime_type == "image/png"
            return base64.b64decode(getattr(content, "blob", ""))

    first, second = await read(), await read()

    assert first == second
    assert max(size_of(first)) == PIXELS_PER_SIDE
    kept = list((desk.running.host.settings.data / "pages").rglob("1.png"))
    assert first in [path.read_bytes() for path in kept]
    async with await http_as(desk, "assistant") as http:
        path = f"/api/v1/documents/{receipt['id']}/pages"
        answer = await http.get(f"{path}/1.png")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        assert answer.content == first
        for page, status in (("2", 404), ("0", 422), ("x", 422), ("99999", 422)):
            assert (await http.get(f"{path}/{page}.png")).status_code == status
        missing = await http.get("/api/v1/documents/doc_0/pages/1.png")
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    async with httpx2.AsyncClient(base_url=desk.running.url) as http:
        assert (await http.get(f"{path}/1.png")).status_code == 401


async def test_the_queue_the_claim_and_the_decision_by_rest(desk: Desk, samples: Samples) -> None:
    receipt = await desk.submit(f"zxq {samples.small().number}".encode(), "riddle.txt")
    review = await desk.review(receipt)
    path = f"/api/v1/reviews/{review['id']}"

    async with await http_as(desk, "clerk") as http, await http_as(desk, "assistant") as other:
        page = await http.get("/api/v1/reviews", params={"claim": "unclaimed", "limit": "50"})
        assert review["id"] in [item["id"] for item in page.json()["items"]]
        claim = await http.post(f"{path}/claim")
        assert (claim.status_code, claim.json()["claimed_by"]) == (200, "clerk")
        mine = await http.get(
            "/api/v1/reviews",
            params={"claim": "mine", "overdue": "false", "reason": "document type"},
        )
        assert [item["id"] for item in mine.json()["items"]] == [review["id"]]
        seen = (await http.get(path)).json()
        assert (seen["id"], seen["claimed_by"]) == (review["id"], "clerk")
        assert (await other.post(f"{path}/claim")).status_code == 403
        body = {"decision": "correct", "type": "letter"}
        decided = await http.post(
            f"{path}/decide", json=body, headers={"Idempotency-Key": review["id"]}
        )
        again = await http.post(
            f"{path}/decide", json=body, headers={"Idempotency-Key": review["id"]}
        )
        assert (decided.status_code, again.json()["replayed"]) == (200, True)
        late = await http.post(f"{path}/decide", json={"decision": "reject"})
        assert (late.status_code, late.json()["error"]["code"]) == (409, "conflict")
    assert (await desk.until(receipt, "filed"))["document_type"] == "letter"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "?colour=red", None, 422),
        ("GET", "?limit=51", None, 422),
        ("GET", "?limit=many", None, 422),
        ("GET", "?overdue=perhaps", None, 422),
        ("GET", "?reason=x", None, 422),
        ("GET", "/rev_0", None, 404),
        ("POST", "/rev_0/decide", b"{", 422),
        ("POST", "/rev_0/decide", b"[]", 422),
        ("POST", "/rev_0/decide", b'{"decision": "perhaps"}', 422),
        ("POST", "/rev_0/decide", b'{"decision": "reject", "review_id": "rev_1"}', 422),
        ("POST", "/rev_0/claim", b'{"colour": "red"}', 422),
        ("POST", "/rev_0/claim", b"", 404),
    ],
)
async def test_what_makes_no_sense_by_rest_is_refused(
    desk: Desk, method: str, path: str, body: bytes | None, status: int
) -> None:
    async with await http_as(desk, "clerk") as http:
        answer = await http.request(method, f"/api/v1/reviews{path}", content=body)

    assert (answer.status_code, "code" in answer.json()["error"]) == (status, True)


async def test_the_description_of_the_routes_names_all_of_them(desk: Desk) -> None:
    described: dict[str, Any] = (await desk.http.get("/api/openapi.json")).json()["paths"]

    assert {
        "/v1/reviews",
        "/v1/reviews/{review_id}",
        "/v1/reviews/{review_id}/claim",
        "/v1/reviews/{review_id}/decide",
        "/v1/documents/{document_id}/pages/{page}.png",
    } <= described.keys()


async def test_scans_and_images_are_drawn_in_the_sandbox_within_its_limits(tmp_path: Path) -> None:
    files = Files(tmp_path / "files", max_bytes=10_000_000)
    reader = Reader(workers=1, ocr_max_pixels=400 * 200)
    images = PageImages(tmp_path / "pages", files, reader)
    try:
        at_limit = await files.put(picture("a"))
        assert size_of(await images.png(at_limit.sha256, 1)) == (800, 400)
        wide = BytesIO()
        Image.new("RGB", (401, 200), "white").save(wide, "PNG")
        above = await files.put(wide.getvalue())
        with pytest.raises(UnreadableDocumentError, match="401 x 200 pixels, at most 80000"):
            await images.png(above.sha256, 1)
        with pytest.raises(UnreadableDocumentError, match="there is no page 2"):
            await images.png(at_limit.sha256, 2)
        text = await files.put(b"only words")
        with pytest.raises(UnreadableDocumentError, match="only PDFs and images"):
            await images.png(text.sha256, 1)
        scan = await files.put(saved(picture_of(to_facturx(INVOICE)), "PDF"))
        pictures = await asyncio.gather(*(images.png(scan.sha256, 1) for _ in range(3)))
        assert len(set(pictures)) == 1
        images.forget(scan.sha256)
        images.forget(scan.sha256)
        assert list((tmp_path / "pages").rglob("*.png")) != []
        assert await images.png(scan.sha256, 1) == pictures[0]
    finally:
        await reader.close()
