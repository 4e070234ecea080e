"""The built site, as a reader without a kernel and without any other host sees it."""

import gzip
import re
import shutil
from urllib.parse import unquote, urlparse

import pytest
from site_server import CHAPTERS, HTML, PAGES, PROSE, soup, to_the_end

IMAGES = (".png", ".svg", ".jpg", ".webp")
LIGHT = 250_000  # gzipped bytes of a first visit, images aside


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
    to_the_end(page)
    assert [url for url in page.requested if not url.startswith((address, "blob:", "data:"))] == []
    views = len(re.findall('class="cnnbook-(?:place|lab)"', (HTML / path).read_text(encoding="utf-8")))
    assert page.locator(".cnnbook, .cnnbook-lab").count() == views
    assert page.locator(".cnnbook-lab:not(:has(img, pre))").count() == 0
    assert page.evaluate(CUT_OFF) == []
    assert (views > 0) == (path not in PROSE)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_a_phone(visit, path):
    page = visit(path, width=360)
    to_the_end(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.evaluate(CUT_OFF) == []


# Down the page in steps that a reader could take, the next when what is near has come and has read its photograph.
READ_ON = """
async () => {
  let seen = -1;
  const end = performance.now() + 60_000;
  for (let y = 0; y > seen; seen = y, y = scrollY) {
    scrollBy({ top: 0.6 * innerHeight, behavior: "instant" });
    const isNear = (place) => place.getBoundingClientRect().top < 1.9 * innerHeight;
    do await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    while ([...document.querySelectorAll(".cnnbook-place, .cnnbook.reading")].some(isNear) && performance.now() < end);
  }
}
"""


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("path", PAGES)
def test_nothing_shifts_while_a_page_loads_and_is_read(visit, path, width):
    page = visit(path, width)
    page.evaluate(READ_ON)
    assert page.locator(".cnnbook-place").count() == 0
    page.wait_for_function("!document.querySelector('.cnnbook.reading')")
    shift = page.evaluate(
        """() => new Promise((done) => new PerformanceObserver((list) =>
             done(list.getEntries().reduce((sum, entry) => sum + entry.value, 0))
           ).observe({ type: "layout-shift", buffered: true }) ?? requestAnimationFrame(() => requestAnimationFrame(() => done(0))))"""
    )
    assert shift < 0.01


def test_figures_come_when_the_reader_is_near(visit):
    page = visit("notebooks/segmentation.html")
    parts = [url for url in page.requested if "/figures/" in url]
    assert page.locator(".cnnbook").count() == 0 and parts == []
    place = page.locator(".cnnbook-place").first
    place.evaluate("place => scrollTo(0, place.getBoundingClientRect().top - 1.5 * innerHeight)")
    page.wait_for_selector(".cnnbook")
    assert page.locator(".cnnbook").first.bounding_box()["y"] > 800
    assert page.locator(".cnnbook-place").count() > 0


def test_what_figures_share_travels_once(visit):
    page = visit("notebooks/convolution.html")
    to_the_end(page)
    assert page.locator("[data-figure=ConvolutionExplorer]").count() > 1
    parts = [url for url in page.requested if "/figures/" in url]
    assert len(parts) == len(set(parts))
    texts = [(HTML / urlparse(url).path.lstrip("/")).read_text(encoding="utf-8") for url in parts]
    assert sum("function figure({ model, el }" in text for text in texts) == 1


def places_above(page, selector):
    """Figures still to come above an element, and where the element is on the screen."""
    return page.evaluate(
        """selector => {
          const target = document.querySelector(selector);
          const above = (place) => place.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING;
          return [[...document.querySelectorAll(".cnnbook-place")].filter(above).length, target.getBoundingClientRect().top];
        }""",
        selector,
    )


@pytest.mark.parametrize("path", CHAPTERS)
def test_a_link_into_a_page_lands_where_it_points(visit, path):
    page = visit(f"{path}#summary")
    places, top = places_above(page, "#summary")
    assert places == 0 and 0 <= top < 120
    page.wait_for_timeout(300)
    assert places_above(page, "#summary") == [0, top]


def test_a_link_within_a_page_lands_where_it_points(visit):
    page = visit("notebooks/convolution.html")
    page.locator("#pst-page-toc-nav a[href='#summary']").click()
    page.wait_for_function(
        "!document.querySelector('.cnnbook-place') && document.querySelector('#summary').getBoundingClientRect().top < 120"
    )
    page.wait_for_timeout(300)
    assert 0 <= places_above(page, "#summary")[1] < 120


@pytest.mark.parametrize("path", ["notebooks/convolution.html", "notebooks/stride_padding.html"])
def test_a_reader_who_reloads_is_where_he_was(visit, path):
    page = visit(path)
    page.evaluate(READ_ON)
    page.evaluate("scrollTo({ top: 0.6 * document.documentElement.scrollHeight, behavior: 'instant' })")
    word = "(() => { const { offsetNode, offset } = document.caretPositionFromPoint(500, 400); return [offsetNode.textContent, offset]; })()"
    before = page.evaluate(word)
    page.reload()
    page.wait_for_selector("html[data-figures=ready]")
    assert page.evaluate(word) == before


@pytest.mark.parametrize("how", ["keys", "button", "the browser's menu"])
def test_figures_come_before_a_page_is_printed(visit, how):
    page = visit("notebooks/convolution.html")
    assert page.locator(".cnnbook-place").count() > 0
    if how == "keys":
        page.keyboard.press("Control+p")
    elif how == "button":
        page.get_by_role("button", name=".pdf").click()
    else:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.wait_for_selector(".cnnbook-place", state="detached")
        return
    page.wait_for_function("globalThis.printed.length")
    assert page.evaluate("printed") == [0]


def test_the_landing_page_has_a_living_figure_above_the_fold(visit):
    page = visit("book/intro.html")
    figure = page.locator(".cnnbook").first
    assert figure.bounding_box()["y"] < 400
    before = figure.get_by_role("status").inner_text()
    figure.get_by_role("slider", name="stride").press("End")
    assert figure.get_by_role("status").inner_text() != before


def test_the_exam_is_scored_leads_to_the_chapters_and_survives_a_reload(visit):
    page = visit("book/summary.html")
    to_the_end(page)
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
    to_the_end(page)
    figure = page.locator("[data-figure=ConvolutionExplorer]").first
    slider = figure.get_by_role("slider", name="stride", exact=True)
    slider.press("End")
    assert slider.input_value() == "4"


def test_a_cell_can_be_edited_inside_a_notebook_s_page(visit):
    page = visit("notebooks/convolution.html")
    to_the_end(page)
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


@pytest.mark.parametrize("path", PAGES)
def test_a_first_visit_is_light(visit, address, path):
    page = visit(path)
    page.wait_for_load_state("networkidle")
    files = {urlparse(url).path.lstrip("/") for url in page.requested if url.startswith(address)}
    sizes = {
        name: len(gzip.compress((HTML / name).read_bytes())) for name in files if not name.endswith(IMAGES)
    }
    assert sum(sizes.values()) < LIGHT, sizes


def test_the_site_holds_no_file_that_nothing_asks_for():
    texts = {path: path.read_text(encoding="utf-8") for path in [*HTML.rglob("*.html"), *HTML.rglob("*.css")]}
    files = [
        path for folder in ("_static", "_images") for path in (HTML / folder).rglob("*") if path.is_file()
    ]
    assert [path.name for path in files if not any(path.name in text for text in texts.values())] == []
    assert not any("fontawesome" in text for text in texts.values())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the site in a folder, as an address: no server."""
    copy = tmp_path_factory.mktemp("a copy") / "site"
    shutil.copytree(HTML, copy)
    return copy.as_uri() + "/"


@pytest.mark.parametrize("name", ["fully_connected", "convolution", "stride_padding"])
def test_a_copy_in_a_folder_is_alive(new_page, folder, name):
    page = new_page(color_scheme="light")
    page.goto(f"{folder}notebooks/{name}.html")
    page.wait_for_selector("html[data-figures=ready]")
    to_the_end(page)
    slider = page.locator(".cnnbook input[type=range]").first
    figure = page.locator(".cnnbook:has(input[type=range])").first
    before, value = figure.inner_text(), slider.input_value()
    slider.press("ArrowRight" if value != slider.get_attribute("max") else "ArrowLeft")
    assert slider.input_value() != value and figure.inner_text() != before
    page.get_by_role("button", name="Color mode").first.click()
    assert page.evaluate("document.documentElement.dataset.mode") != "auto"
    page.wait_for_function("document.fonts.check('16px \"STIX Two Math\"')")


def test_a_copy_in_a_folder_can_be_searched(new_page, folder):
    page = new_page()
    page.goto(f"{folder}search.html?q=dilation")
    page.locator("ul.search li a").first.click()
    page.wait_for_selector("html[data-figures=ready]")
    assert page.url.startswith(folder) and "search.html" not in page.url


def test_a_figure_that_does_not_load_says_so(browser, address):
    page = browser.new_page()  # whose console reports what did not load
    page.route("**/_static/figures/*", lambda route: route.abort())
    page.goto(address + "book/intro.html")
    page.get_by_text("This figure did not load. Reload the page to try again.").wait_for()
    page.close()


def html_files():
    return [path for path in HTML.rglob("*.html") if "_static" not in path.parts]


def link_problems():
    pages = {path: soup(path.relative_to(HTML).as_posix()) for path in html_files()}
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
