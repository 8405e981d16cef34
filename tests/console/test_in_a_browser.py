"""What only a browser shows: keys, boxes, the list that renews itself, and no rule broken."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from random import Random

import pytest
from playwright.async_api import Page, async_playwright

from journeys.desk import Answer, Desk, Samples
from switchgear_documents.generating.as_page import to_pdf
from switchgear_documents.generating.collection import draft
from switchgear_shared.testing import is_ci

CHROMIUM = shutil.which("chromium")
WIDTHS = (1280, 400)

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(CHROMIUM is None and not is_ci(), reason="no chromium is installed here"),
]


@asynccontextmanager
async def browsing(desk: Desk, party: str, width: int = 1280) -> AsyncGenerator[Page]:
    """Give a page of a browser in which a party is signed in; complaints of it fail the test."""
    assert CHROMIUM is not None, "no chromium is installed here, and this run may not skip"
    complaints: list[str] = []
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": width, "height": 900})
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                complaints.append(said.text) if said.type in ("error", "warning") else None
            ),
        )
        await page.goto(f"{desk.running.url}/console/sign-in")
        await page.fill("#credential", await desk.running.token(party))
        await page.press("#credential", "Enter")
        await page.wait_for_url("**/console/")
        yield page
        await browser.close()
    assert complaints == []


async def paper(desk: Desk, seed: int) -> Answer:
    """Hand in an invoice on a page of its own; return its review."""
    written = to_pdf(draft(0, seed=3), Random(seed))  # noqa: S311 - the same page every time
    return await desk.review(await desk.submit(written, f"paper-{seed}.pdf"))


async def test_focus_on_a_field_shows_its_box_and_a_click_on_a_box_leads_to_its_field(
    desk: Desk,
) -> None:
    review = await paper(desk, 11)
    async with browsing(desk, "clerk") as page:
        await page.goto(f"{desk.running.url}/console/reviews/{review['id']}")
        await page.focus("#f-number")
        lit = await page.locator("rect.on").evaluate_all("boxes => boxes.map(b => b.dataset.box)")
        box = await page.locator("rect[data-box=number]").bounding_box()
        picture = await page.locator("figure img").bounding_box()
        await page.locator("rect[data-box=date]").click()
        focused = await page.evaluate("document.activeElement.id")

    assert lit == ["number"]
    assert focused == "f-date"
    assert box is not None
    assert picture is not None
    assert picture["x"] < box["x"] < picture["x"] + picture["width"]
    assert picture["y"] < box["y"] < picture["y"] + picture["height"]


async def test_a_correction_is_marked_and_control_enter_sends_it(desk: Desk) -> None:
    review = await paper(desk, 12)
    async with browsing(desk, "clerk") as page:
        await page.goto(f"{desk.running.url}/console/reviews/{review['id']}")
        button = page.locator("[data-default]")
        before = await button.inner_text()
        await page.fill("#f-number", "R-4711")
        after = await button.inner_text()
        is_marked = await page.locator(".field.changed .was").inner_text()
        await page.press("#f-number", "Enter")  # decides nothing
        assert page.url.endswith(review["id"])
        await page.press("#f-number", "Control+Enter")
        await page.wait_for_url("**done=correct**")

    assert (before, after) == ("Approve", "Approve with corrections")
    assert is_marked.startswith("was read as")
    seen = await desk.ask("documents_get_review", review_id=review["id"])
    assert (seen["decision"], seen["decided_by"]) == ("correct", "clerk")


async def test_the_list_renews_itself_and_keeps_the_focus(desk: Desk, samples: Samples) -> None:
    text = f"zxq {samples.small().number}"
    await desk.review(await desk.submit(text.encode(), "first.txt"))
    async with browsing(desk, "clerk") as page:
        await page.clock.install()
        await page.goto(f"{desk.running.url}/console/reviews?type=other&reason=known")
        await page.keyboard.press("j")
        focused = await page.evaluate("document.activeElement.closest('tr').id")
        later = await desk.review(await desk.submit(f"{text} later".encode(), "later.txt"))
        await page.clock.run_for(21_000)
        await page.locator(f"tr[id='{later['id']}']").wait_for()
        still = await page.evaluate("document.activeElement.closest('tr').id")

    assert focused == still != ""


@pytest.mark.parametrize("width", WIDTHS)
async def test_no_page_is_wider_than_its_window(desk: Desk, width: int) -> None:
    review = await paper(desk, 13)
    async with browsing(desk, "clerk", width) as page:
        for path in ("/reviews", f"/reviews/{review['id']}"):
            await page.goto(f"{desk.running.url}/console{path}")
            wanted = await page.evaluate("document.documentElement.scrollWidth")
            assert wanted <= width, path
