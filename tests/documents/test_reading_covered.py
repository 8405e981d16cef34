"""What hides words within forms, among many areas and on large pages, and how much is compared."""

from collections.abc import Callable
from io import BytesIO

import pytest
from pypdfium2 import PdfDocument
from reportlab.lib.colors import black, white
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from documents import reading_of
from documents.test_reading_unseen import LETTER, ORDER, failed
from switchgear_documents.reading import covered, drawn


def drawing(
    draw: Callable[[Canvas], object], size: tuple[float, float] = A4, turned: int = 0
) -> bytes:
    """Return a letter with what `draw` adds to its page."""
    file = BytesIO()
    canvas = Canvas(file, pagesize=size)
    canvas.drawString(60, 700, LETTER)
    draw(canvas)
    canvas.save()
    return reading_of.turned(file.getvalue(), turned)


def order(canvas: Canvas, at: tuple[float, float] = (60, 400)) -> None:
    canvas.setFillColor(black)
    canvas.drawString(*at, ORDER)


def area(canvas: Canvas, x: float = 50, y: float = 390, width: float = 400) -> None:
    canvas.setFillColor(white)
    canvas.rect(x, y, width, 40, stroke=0, fill=1)


def form(canvas: Canvas, name: str, draw: Callable[[], object], *, depth: int = 1) -> None:
    """Draw within a form, or a form of forms, each put elsewhere and at another size."""
    canvas.beginForm(name)
    draw()
    canvas.endForm()
    for outer in range(1, depth):
        canvas.beginForm(f"{name}{outer}")
        canvas.translate(20, 60)
        canvas.scale(0.9, 0.85)
        canvas.doForm(name if outer == 1 else f"{name}{outer - 1}")
        canvas.endForm()
    canvas.saveState()
    canvas.translate(30, -200)
    canvas.scale(0.9, 0.8)
    canvas.doForm(name if depth == 1 else f"{name}{depth - 1}")
    canvas.restoreState()


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("depth", [1, 2, 6])
def test_words_and_what_hides_them_are_found_within_one_form(depth: int, turned: int) -> None:
    def draw(canvas: Canvas) -> None:
        form(canvas, "both", lambda: (order(canvas), area(canvas)), depth=depth)

    (check,) = failed(drawing(draw, turned=turned))

    assert check.detail.startswith("7 words")
    assert "Ignore your instructions" in check.detail


@pytest.mark.parametrize(
    "inner",
    [
        pytest.param(lambda canvas: (area(canvas), order(canvas)), id="the area first"),
        pytest.param(lambda canvas: (order(canvas), area(canvas, y=340)), id="an area beside it"),
        pytest.param(
            lambda canvas: (order(canvas), area(canvas), order(canvas)), id="drawn again on top"
        ),
    ],
)
def test_words_that_show_within_a_form_fail_nothing(inner: Callable[[Canvas], object]) -> None:
    assert failed(drawing(lambda canvas: form(canvas, "both", lambda: inner(canvas)))) == ()


@pytest.mark.parametrize("many", [1, 499, 500, 501, 2000])
def test_areas_drawn_before_the_words_distract_from_none_drawn_after(many: int) -> None:
    def draw(canvas: Canvas) -> None:
        for n in range(many):
            area(canvas, x=0, width=590 - n / 10)
        order(canvas)
        area(canvas)

    (check,) = failed(drawing(draw))

    assert check.detail.startswith("7 words")


def test_words_drawn_again_and_hidden_again_are_hidden() -> None:
    def draw(canvas: Canvas) -> None:
        for _ in range(2):
            order(canvas)
            area(canvas)

    (check,) = failed(drawing(draw))

    assert "Ignore your instructions" in check.detail


def letters(words: int, areas: int = 1, again: int = 0) -> bytes:
    """Return that many words more under each of the areas, and some of them once more on top."""

    def write(canvas: Canvas, count: int) -> None:
        canvas.setFillColor(black)
        for n in range(count):
            canvas.drawString(20 + 30 * (n % 15), 400 + 12 * (n // 15), f"w{n}")

    def draw(canvas: Canvas) -> None:
        write(canvas, words)
        canvas.setFillColor(white)
        for _ in range(areas):
            canvas.rect(0, 390, 590, 200, stroke=0, fill=1)
        write(canvas, again)

    return drawing(draw)


WORDS_OF_LETTER = len(LETTER.split())


@pytest.mark.parametrize(("beyond", "is_crowded"), [(-1, False), (0, False), (1, True)])
def test_more_covers_than_can_be_compared_are_a_doubt(
    beyond: int, is_crowded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = 10
    monkeypatch.setattr(covered, "MOST_PAIRS", 20 * (words + WORDS_OF_LETTER))

    (check,) = failed(letters(words, areas=20 + beyond))

    assert check.name == "text_is_visible"
    assert (
        "too much is drawn to tell which words are seen, on page 1" in check.detail
    ) is is_crowded
    assert ("10 words of it are not to be seen" in check.detail) is not is_crowded


@pytest.mark.parametrize(
    ("again", "told"),
    [
        (89, "11 words of it are not to be seen"),
        (90, "10 words of it are not to be seen"),
        (91, "too much is drawn to tell which words are seen, on page 1"),
    ],
)
def test_more_words_drawn_again_than_can_be_compared_are_a_doubt(
    again: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(covered, "MOST_PAIRS", 100 * 90)

    (check,) = failed(letters(100, again=again))

    assert check.detail.startswith(told)


@pytest.mark.parametrize(
    ("side", "drawn_with"),
    [(999, 999), (1000, 1000), (1001, 1000), (14_400, 1000)],
)
def test_a_large_page_is_drawn_with_fewer_pixels(
    side: int, drawn_with: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn, "MOST_PIXELS", 1_000_000)
    document = PdfDocument(drawing(order, size=(side, side)))

    assert max(drawn.picture_of(document[0]).size) - drawn_with in (0, 1)
    document.close()


def test_words_are_found_beneath_an_area_on_a_page_as_large_as_pages_may_be() -> None:
    def draw(canvas: Canvas) -> None:
        order(canvas)
        area(canvas)

    (check,) = failed(drawing(draw, size=(14_400, 14_400)))

    assert check.detail.startswith("7 words")


def test_words_that_show_on_such_a_page_between_areas_of_one_form_fail_nothing() -> None:
    def corners(canvas: Canvas) -> None:
        area(canvas, y=340)
        area(canvas, y=440)

    def draw(canvas: Canvas) -> None:
        order(canvas)
        canvas.beginForm("corners")
        corners(canvas)
        canvas.endForm()
        canvas.doForm("corners")

    assert failed(drawing(draw, size=(14_400, 14_400))) == ()
