"""What a first visit costs: requests and gzipped bytes of every page, images aside and in all."""

import gzip
from urllib.parse import urlparse

import find_chromium
from conftest import CHROMIUM_FLAGS
from playwright.sync_api import sync_playwright
from site_server import HTML, serve

from benchmarks.table import print_table

IMAGES = (".png", ".svg", ".jpg", ".webp")
# The usual way to show widgets on a static page, gzipped (html-manager) and the theme's icon script that the book leaves out.
LEFT_OUT = {"html-manager": 916, "icon script": 542}


def visit(browser, address, path):
    """Requests of a first visit, and kilobytes gzipped of what they fetched."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    urls = []
    page.on("request", lambda request: urls.append(request.url))
    page.goto(address + path, wait_until="networkidle")
    context.close()
    files = [urlparse(url).path.lstrip("/") for url in urls if url.startswith(address)]
    sizes = {name: len(gzip.compress((HTML / name).read_bytes())) / 1000 for name in set(files)}
    lean = sum(size for name, size in sizes.items() if not name.endswith(IMAGES))
    return {
        "page": path,
        "requests": len(files),
        "elsewhere": sum(not url.startswith((address, "blob:", "data:")) for url in urls),
        "kB without images": lean,
        "kB": sum(sizes.values()),
        "with html-manager and icon script ÷ this": (lean + sum(LEFT_OUT.values())) / lean,
    }


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
