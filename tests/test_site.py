"""The built site, as a reader without a kernel and without any other host sees it."""

import gzip
import re
from urllib.parse import unquote, urlparse

import pytest
from bs4 import BeautifulSoup
from site_server import HTML

CHAPTERS = sorted(
    f"notebooks/{path.stem}.html" for path in (HTML.parent.parent / "notebooks").glob("*.ipynb")
)
PROSE = ["book/glossary.html", "book/notation.html", "book/references.html"]
PAGES = ["book/intro.html", *CHAPTERS, "book/summary.html", *PROSE]
IMAGES = (".png", ".svg", ".jpg", ".webp")
# Gzipped bytes of a first visit, images aside, and what a figure with trained networks may add to its page.
LIGHT = 450_000
LIVE = {"ShiftProbe": 250_000, "FeatureMaps": 250_000, "YoloGrid": 600_000, "SegmentationLab": 600_000}


# In figures what scrolls sideways, and words that are clipped, but for those that only screen readers get, in a box of one pixel:
# the theme has rules of its own, which a figure's may meet.
CUT_OFF = """
() => [...document.querySelectorAll(".cnnbook *")].filter((box) => {
  if (!box.checkVisibility() || box.clientWidth < 2 || !box.innerText?.trim()) return false;
  const { overflowX } = getComputedStyle(box);
  if (["auto", "scroll"].includes(overflowX)) return box.scrollWidth > box.clientWidth;
  return overflowX === "hidden" && (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1);
}).map((box) => box.outerHTML.slice(0, 80))
"""


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_no_other_host_and_shows_all_its_figures_whole(visit, address, path):
    page = visit(path)
    assert [url for url in page.requested if not url.startswith((address, "blob:", "data:"))] == []
    views = page.locator('script[type="application/vnd.jupyter.widget-view+json"]').count()
    assert page.locator(".cnnbook, .cnnbook-lab").count() == views
    assert page.locator(".cnnbook-lab:not(:has(img, pre))").count() == 0
    assert page.evaluate(CUT_OFF) == []
    assert (views > 0) == (path not in PROSE)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_and_fits_a_phone(visit, axe, path, theme):
    page = visit(path, width=360, theme=theme)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(CUT_OFF) == []
    # Code looks alike on all pages, and each figure has a test of its own: one page is enough for them. They take longest.
    elsewhere = [] if path == "notebooks/convolution.html" else [".cnnbook", ".highlight"]
    assert axe(page, "article", without=elsewhere) == []


@pytest.mark.parametrize("path", PAGES)
def test_nothing_shifts_while_a_page_loads(visit, path):
    page = visit(path)
    page.wait_for_function("!document.querySelector('.cnnbook.reading')")
    shift = page.evaluate(
        """() => new Promise((done) => new PerformanceObserver((list) =>
             done(list.getEntries().reduce((sum, entry) => sum + entry.value, 0))
           ).observe({ type: "layout-shift", buffered: true }) ?? requestAnimationFrame(() => requestAnimationFrame(() => done(0))))"""
    )
    assert shift < 0.01


def test_the_landing_page_has_a_living_figure_above_the_fold(visit):
    page = visit("book/intro.html")
    figure = page.locator(".cnnbook").first
    assert figure.bounding_box()["y"] < 400
    before = figure.get_by_role("status").inner_text()
    figure.get_by_role("slider", name="stride").press("End")
    assert figure.get_by_role("status").inner_text() != before


def test_the_exam_is_scored_leads_to_the_chapters_and_survives_a_reload(visit):
    page = visit("book/summary.html")
    exam = page.locator("[data-figure=Exam]")
    exam.get_by_role("radio").first.check()
    exam.get_by_role("button", name="Hand in").click()
    exam.get_by_role("button", name="Hand in").click()
    said = exam.get_by_role("status").inner_text()
    assert " of 20 right" in said
    page.reload()
    page.wait_for_selector("html[data-figures=ready]")
    assert exam.get_by_role("status").inner_text() == said
    links = exam.locator("tbody a")
    assert links.count() == len(CHAPTERS)
    links.first.click()
    page.wait_for_url("**/notebooks/fully_connected.html")


def test_a_slider_moves_with_no_kernel(visit):
    page = visit("notebooks/stride_padding.html")
    figure = page.locator("[data-figure=ConvolutionExplorer]").first
    slider = figure.get_by_role("slider", name="stride", exact=True)
    slider.press("End")
    assert slider.input_value() == "4"


def test_a_cell_can_be_edited_inside_a_notebook_s_page(visit):
    page = visit("notebooks/convolution.html")
    figure = page.locator("[data-figure=ConvolutionExplorer]").first
    cell = figure.locator("[data-grid=input][data-row='2'][data-col='1']")
    cell.click()
    cell.click()
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    assert cell.get_attribute("data-value") == "5"


def test_labs_show_their_default_setting_and_say_how_to_run_them(visit):
    page = visit("notebooks/stride_padding.html")
    labs = page.locator(".cnnbook-lab").all()
    assert all("make lab" in lab.inner_text() for lab in labs)
    assert sum(lab.locator("img").count() for lab in labs) >= 1


def test_mathematics_is_typeset_with_our_own_font(visit):
    page = visit("book/notation.html")
    assert page.locator("math").count() > 10 and page.locator(".math-block mfrac").count() == 1
    page.wait_for_function("document.fonts.check('16px \"STIX Two Math\"')")


def test_the_theme_can_be_switched_and_is_remembered(visit):
    page = visit("book/notation.html")
    page.get_by_role("button", name="Color mode").first.click()
    theme = page.evaluate("document.documentElement.dataset.mode")
    page.reload()
    assert theme != "auto" and page.evaluate("document.documentElement.dataset.mode") == theme


def test_search_finds_a_word(visit):
    page = visit("search.html?q=dilation")
    page.locator("ul.search li a").first.wait_for()
    assert any(
        "stride_padding" in link.get_attribute("href") for link in page.locator("ul.search li a").all()
    )


def test_a_folded_answer_opens_by_keyboard(visit):
    page = visit(CHAPTERS[0])
    answer = page.locator(".admonition.dropdown").first
    button = answer.locator("button").first
    hidden = answer.locator("p").last
    assert not hidden.is_visible()
    button.focus()
    page.keyboard.press("Enter")
    assert hidden.is_visible()


@pytest.mark.parametrize("path", CHAPTERS)
def test_a_first_visit_is_light(visit, address, path):
    page = visit(path)
    files = {urlparse(url).path.lstrip("/") for url in page.requested if url.startswith(address)}
    sizes = {
        name: len(gzip.compress((HTML / name).read_bytes())) for name in files if not name.endswith(IMAGES)
    }
    live = [size for name, size in LIVE.items() if page.locator(f"[data-figure={name}]").count()]
    assert sum(sizes.values()) < LIGHT + sum(live), sizes


def html_files():
    return [path for path in HTML.rglob("*.html") if "_static" not in path.parts]


def link_problems():
    pages = {path: BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser") for path in html_files()}
    places = {
        path: {tag.get("id") or tag.get("name") for tag in page.select("[id], a[name]")}
        for path, page in pages.items()
    }
    for path, page in pages.items():
        for tag in page.select("a[href], link[href], script[src], img[src]"):
            reference = urlparse(tag.get("href") or tag.get("src"))
            if reference.scheme or reference.netloc:
                continue
            target = (path.parent / unquote(reference.path)).resolve() if reference.path else path
            if not target.exists():
                yield f"{path.name}: {reference.geturl()} leads nowhere"
            elif (
                reference.fragment and target in places and unquote(reference.fragment) not in places[target]
            ):
                yield f"{path.name}: {reference.geturl()} names no place on that page"


def test_every_internal_link_resolves():
    assert list(link_problems()) == []


def test_pages_name_no_other_host_for_what_they_load():
    for path in html_files():
        loads = re.findall(
            r'<(?:script|img|iframe)[^>]+src="(https?://[^"]+)"', path.read_text(encoding="utf-8")
        )
        assert loads == [], path.name
