"""What a first visit costs: requests and gzipped bytes of every page, images aside and in all, also when it is read to its
end; and how soon after opening the first figure answers."""

import gzip
import statistics
from urllib.parse import urlparse

import find_chromium
from conftest import CHROMIUM_FLAGS
from playwright.sync_api import sync_playwright
from site_server import HTML, serve, to_the_end

from benchmarks.table import print_table

IMAGES = (".png", ".svg", ".jpg", ".webp")
# The usual way to show widgets on a static page, gzipped (html-manager) and the theme's icon script that the book leaves out.
LEFT_OUT = {"html-manager": 916, "icon script": 542}
# Goes to the page's first figure, moves its first control, and waits until the answer is drawn: seconds since the page was asked for.
ANSWER = """
async () => {
  const frame = () => new Promise(requestAnimationFrame);
  let control;
  while (!(control = document.querySelector(".cnnbook :is(input:not([type=file]), select, button)"))) {
    document.querySelector(".cnnbook-place")?.scrollIntoView({ behavior: "instant" });
    await frame();
  }
  if (control.type === "range") {
    control.value = Number(control.value) + Number(control.step || 1);
    control.dispatchEvent(new Event("input", { bubbles: true }));
  } else control.click();
  await frame();
  await frame();
  return performance.now() / 1000;
}
"""
REPEATS = 5


def seconds_to_answer(browser, address, path):
    """The median of several openings, the browser's cache empty each time; None for a page without figures."""
    if "cnnbook-place" not in (HTML / path).read_text(encoding="utf-8"):
        return None
    spent = []
    for _ in range(REPEATS):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        page.goto(address + path, wait_until="commit")
        spent.append(page.evaluate(ANSWER))
        context.close()
    return statistics.median(spent)


def visit(browser, address, path):
    """Requests of a first visit, and kilobytes gzipped of what they fetched."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    urls = []
    page.on("request", lambda request: urls.append(request.url))
    page.goto(address + path, wait_until="networkidle")
    requests = sum(url.startswith(address) for url in urls)
    lean, whole = kilobytes(urls, address)
    to_the_end(page)
    page.evaluate("for (const image of document.images) image.loading = 'eager'")
    page.wait_for_load_state("networkidle")
    context.close()
    lean_to_end, whole_to_end = kilobytes(urls, address)
    return {
        "page": path,
        "requests": requests,
        "elsewhere": sum(not url.startswith((address, "blob:", "data:")) for url in urls),
        "kB without images": lean,
        "kB": whole,
        "kB to the end without images": lean_to_end,
        "kB to the end": whole_to_end,
        "s until the first figure answers": seconds_to_answer(browser, address, path),
        "with html-manager and icon script ÷ this": (lean + sum(LEFT_OUT.values())) / lean,
    }


def kilobytes(urls, address):
    """What the requests fetched, gzipped: without images, and all of it."""
    names = {urlparse(url).path.lstrip("/") for url in urls if url.startswith(address)}
    sizes = {name: len(gzip.compress((HTML / name).read_bytes())) / 1000 for name in names}
    return sum(size for name, size in sizes.items() if not name.endswith(IMAGES)), sum(sizes.values())


def main():
    pages = sorted(
        path.relative_to(HTML).as_posix()
        for folder in ("book", "notebooks")
        for path in (HTML / folder).glob("*.html")
    )
    with sync_playwright() as playwright, serve() as address:
        browser = playwright.chromium.launch(executable_path=find_chromium.get(), args=CHROMIUM_FLAGS)
        rows = [visit(browser, address, path) for path in pages]
        browser.close()
    print_table("A first visit, gzipped", rows)


if __name__ == "__main__":
    main()
