"""What only a browser shows: keys, boxes, the list that renews itself, and no rule broken."""

import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from random import Random
from typing import Literal

import pytest
from playwright.async_api import Page, async_playwright

from documents.test_dead_letters import die, lost
from journeys.desk import Answer, Desk, Samples
from switchgear_documents.generating.as_page import to_pdf
from switchgear_documents.generating.collection import draft
from switchgear_shared.testing import is_ci

CHROMIUM = shutil.which("chromium")
WIDTHS = (1280, 400)
SCHEMES = ("light", "dark")
PAIRS = {
    "ink": ("paper", "card", "field", "blue-tint", "green-tint", "red-tint", "amber-tint"),
    "dim": ("paper", "card", "blue-tint"),
    "link": ("paper", "card", "blue-tint"),
    "red": ("card", "red-tint"),
    "amber": ("card", "amber-tint"),
    "green": ("card", "green-tint"),
    "on-blue": ("blue",),
    "on-red": ("red",),
}
COLOURS = """() => {
  const names = [
    "ink", "dim", "link", "red", "amber", "green", "on-blue", "on-red", "paper", "card", "field",
    "blue", "blue-tint", "green-tint", "red-tint", "amber-tint",
  ];
  const probe = document.body.appendChild(document.createElement("i"));
  const found = {};
  for (const name of names) {
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color.match(/\\d+/g).slice(0, 3).map(Number);
  }
  probe.remove();
  return found;
}"""
UNNAMED = """() => [...document.querySelectorAll("input, select, textarea, button")]
  .filter((e) => e.type !== "hidden" && !e.ariaHidden)
  .filter((e) => !(e.labels && e.labels.length) && !e.ariaLabel && !e.textContent.trim())
  .map((e) => e.outerHTML)"""

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(CHROMIUM is None and not is_ci(), reason="no chromium is installed here"),
]


@asynccontextmanager
async def browsing(
    desk: Desk, party: str, width: int = 1280, expected: str | None = None
) -> AsyncGenerator[Page]:
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
    assert [said for said in complaints if expected is None or expected not in said] == []


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
    first = await desk.review(await desk.submit(text.encode(), "first.txt"))
    await desk.ask("documents_claim_review", by="clerk", review_id=first["id"])
    async with browsing(desk, "clerk") as page:
        await page.clock.install()
        await page.goto(f"{desk.running.url}/console/reviews?claim=mine&type=other")
        await page.keyboard.press("j")
        focused = await page.evaluate("document.activeElement.closest('tr').id")
        later = await desk.review(await desk.submit(f"{text} later".encode(), "later.txt"))
        await desk.ask("documents_claim_review", by="clerk", review_id=later["id"])
        await page.clock.run_for(21_000)
        await page.locator(f"tr[id='{later['id']}']").wait_for()
        still = await page.evaluate("document.activeElement.closest('tr').id")

    assert focused == still != ""


async def test_a_list_on_screen_leads_to_the_door_once_its_session_is_over(desk: Desk) -> None:
    async with browsing(desk, "clerk", expected="status of 401") as page:
        await page.clock.install()
        await page.goto(f"{desk.running.url}/console/reviews")
        await page.context.clear_cookies()
        await page.clock.run_for(21_000)
        await page.locator("#credential").wait_for()


@pytest.mark.parametrize("width", WIDTHS)
async def test_no_page_is_wider_than_its_window_and_every_input_has_a_label(
    desk: Desk, width: int
) -> None:
    review = await paper(desk, 13)
    (letter, *_) = await die(desk, lost(f"doc_{'long' * 20}"))
    async with browsing(desk, "operator", width) as page:
        for path in (
            *("/", "/reviews", "/approvals", "/dead-letters", "/documents"),
            f"/reviews/{review['id']}",
            f"/documents/{review['document_id']}",
            f"/dead-letters/{letter['id']}",
        ):
            await page.goto(f"{desk.running.url}/console{path}")
            wanted = await page.evaluate("document.documentElement.scrollWidth")
            assert wanted <= width, path
            unnamed = await page.evaluate(UNNAMED)
            assert unnamed == [], path


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_text_has_contrast_enough_in_light_and_in_dark(
    desk: Desk, scheme: Literal["light", "dark"]
) -> None:
    """WCAG 2.2, AA: 4.5 to 1."""
    async with browsing(desk, "operator") as page:
        await page.emulate_media(color_scheme=scheme)
        colours = await page.evaluate(COLOURS)

    for ink, papers in PAIRS.items():
        for paper in papers:
            found = contrast(colours[ink], colours[paper])
            assert found >= 4.5, f"{ink} on {paper}: {found:.2f}"


def contrast(one: list[int], other: list[int]) -> float:
    """Return the contrast of two colours (sRGB), as WCAG defines it."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: list[int]) -> float:
    parts = [part / 255 for part in colour]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
