"""A browser, a page with one figure in it, and what the tests ask of both."""

import re
import sys
from pathlib import Path

import axe_playwright_python
import find_chromium
import pytest
import torch
from find_chromium import CHROMIUM_FLAGS
from ipywidgets.embed import dependency_state, embed_data
from playwright.sync_api import Page, sync_playwright
from site_server import serve

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "book/_ext"))  # as the build does
import figures  # noqa: E402

KIT = ROOT / "src/cnnbook/figures/kit.js"
# A second thread costs more than it saves on arrays this small, and many times as much while other tests run beside.
torch.set_num_threads(1)
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def browser():
    path = find_chromium.get()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


def listened_to(page: Page, messages: list[str]) -> Page:
    """The page, whose console and uncaught errors go to the messages."""
    page.set_default_timeout(10_000)
    page.on("console", lambda message: messages.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: messages.append(f"uncaught: {error}"))
    return page


@pytest.fixture
def new_page(browser):
    """``new_page(width=1280, height=800, **context)``: a fresh page; any message in its console fails the test."""
    contexts, messages = [], []

    def open_page(width=1280, height=800, **options) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        return listened_to(context.new_page(), messages)

    yield open_page
    for context in contexts:
        context.close()
    assert messages == []


@pytest.fixture(scope="session")
def kept_pages():
    """Blank pages that one test leaves to the next, each with what its console says."""
    return []


@pytest.fixture
def blank_page(browser, kept_pages):
    """``blank_page(width=760)``: as `new_page`, in half the time, for tests that change nothing but the document."""
    used = []

    def open_page(width=1280) -> Page:
        if len(used) == len(kept_pages):
            messages = []
            kept_pages.append((listened_to(browser.new_page(), messages), messages))
        page, messages = kept_pages[len(used)]
        used.append((page, messages))
        page.set_viewport_size({"width": width, "height": 800})
        return page

    yield open_page
    said = []
    for page, messages in used:
        page.goto("about:blank")
        said += messages
        messages.clear()
    assert said == []


@pytest.fixture(scope="module")
def address():
    with serve() as address:
        yield address


@pytest.fixture
def visit(new_page, address):
    """``visit("book/intro.html", width=1280, theme="light")``: a page of the site, every other host blocked."""

    def open_page(path, width=1280, theme="light", **options):
        page = new_page(width=width, color_scheme=theme, **options)
        page.requested = []
        # Nothing is printed here; what is asked for is how many figures a print would lack.
        page.add_init_script(
            "globalThis.printed = []; globalThis.print = () => printed.push(document.querySelectorAll('.cnnbook-place').length)"
        )

        def gate(route):
            page.requested.append(route.request.url)
            ours = route.request.url.startswith((address, "blob:", "data:"))
            route.continue_() if ours else route.abort()

        page.route("**/*", gate)
        page.goto(address + path)
        page.wait_for_selector("html[data-figures=ready]")
        return page

    return open_page


@pytest.fixture
def mount(new_page, blank_page):
    """``mount(figure, width=760, theme="light")``: a page that holds just this figure, through the site's own host.js.

    ``page.evaluate("model.set('stride', 2)")`` sets a trait from outside, as Python would.
    """

    def mount_figure(figure, width=760, theme="light", **options) -> Page:
        page = new_page(width=width, **options) if options else blank_page(width)
        page.set_content(figure_page(figure, theme))
        page.wait_for_selector("html[data-figures=ready]")
        return page

    return mount_figure


def figure_page(figure, theme="light") -> str:
    # By itself embed_data embeds every widget that this process has made.
    data = embed_data(views=[figure], state=dependency_state([figure], drop_defaults=False))
    [view], parts = data["view_specs"], figures.Parts()
    place = figures.place(data["manager_state"]["state"][view["model_id"]]["state"], parts)
    host = (ROOT / "book/assets/host.js").read_text(encoding="utf-8")
    host = host.replace("class Model {", "class Model {\n  expose = (globalThis.model = this);", 1)
    scripts = "".join(f"<script>{script}</script>" for script in [*map(parts.script, parts), host])
    return (
        f'<!doctype html><html lang="en" data-theme="{theme}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>figure</title><style>body {{ margin: 16px; background: {'#14181d' if theme == 'dark' else '#fff'} }}"
        "[hidden] { display: none !important }</style>"  # as the book's theme has it
        f"<main><h1 style='font-size:0'>figure</h1>{place}{scripts}</main></html>"
    )


@pytest.fixture(scope="session")
def axe():
    """``axe(page, "main")``: the accessibility violations inside a selector, one line each; must be [].

    ``without``: selectors of what is left out.
    """

    def violations(page: Page, selector=".cnnbook", without=()):
        page.evaluate(AXE)
        where = {"include": [selector], "exclude": list(without)}
        # All that axe finds in order is long, and takes longer to send here than to find.
        found = page.evaluate(
            "where => axe.run(where, { preload: false, resultTypes: ['violations'] }).then(({ violations }) => violations)",
            where,
        )
        return [
            f"{v['id']}: {node['html'][:200]} {node['failureSummary']}" for v in found for node in v["nodes"]
        ]

    return violations


@pytest.fixture
def run_js(blank_page):
    """``run_js(files, "expression", argument)``: call a function in Chromium that knows the top-level names of JS files.

    ``run_js(["kit.js"], "rows => rows.map(row => outputSize(...row))", rows)``. Files are figures' modules; kit.js is
    always there.
    """
    pages = {}

    def run(files, expression, argument=None):
        page = pages[tuple(files)] = pages.get(tuple(files)) or blank_page()
        names = "\n".join(map(top_level, dict.fromkeys(["kit.js", *files])))
        page.evaluate(f"() => {{ {names}\n globalThis.run = {expression}; }}")
        return page.evaluate("argument => run(argument)", argument)

    return run


def top_level(name):
    """A figure module's text without its imports and exports."""
    text = (KIT.parent / name).read_text(encoding="utf-8")
    text = re.sub(r"^import\s*\{[^}]*\}\s*from.*;$", "", text, flags=re.M)
    return re.sub(
        r"^export default .*$", "", re.sub(r"^export (?!default)", "", text, flags=re.M), flags=re.M
    )
