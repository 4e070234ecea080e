"""The built site in Chromium as it is printed: in light colours, at the width of the paper, with every figure shown."""

import contextlib

import find_chromium
from find_chromium import CHROMIUM_FLAGS
from playwright.sync_api import sync_playwright
from site_server import serve

# A4 less the margins of book.css, in pixels of 1/96 inch.
WIDTH, HEIGHT = 672, 1000

# A picture that comes only when a reader is near would be waited for in vain.
PICTURES = """() => Promise.all([document.fonts.ready, ...[...document.images].map((image) => {
  image.loading = "eager";
  return image.decode();
})]).then(() => {})"""


@contextlib.contextmanager
def chromium():
    """The browser of the tests, for as long as the block lasts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium.get(), args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def paper(browser, html, scale=1):
    """``with paper(browser, html) as (page, address)``: a page as wide as the paper's text; where the site in `html` is.

    Raises:
        RuntimeError: at the end, with all that the console or a script said.
    """
    said = []
    with serve(html) as address:
        context = browser.new_context(
            viewport={"width": WIDTH, "height": HEIGHT}, device_scale_factor=scale, color_scheme="light"
        )
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.emulate_media(media="print")
        yield page, address
        context.close()
    if said:
        raise RuntimeError(f"the printed site's console is not empty: {said}")


def show_all_figures(page):
    """Wait until each figure is there; those that come only when a reader is near come before a print."""
    page.wait_for_selector("html[data-figures=ready]")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(
        "!document.querySelector('.cnnbook-place, .cnnbook.reading, .cnnbook [aria-busy=true]')"
    )
    page.evaluate(PICTURES)
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
