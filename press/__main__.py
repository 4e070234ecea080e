"""``python -m press pdf|epub|site|notebooks``: make one download from the site in `_build/html`; ``make downloads`` makes all."""

import sys
from pathlib import Path

from press.archives import zip_notebooks, zip_site
from press.browser import chromium
from press.epub import make_epub
from press.pdf import print_book

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "_build"
NAME = "how-convolutional-networks-see"


def main(form: str):
    folder = BUILD / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / {"pdf": f"{NAME}.pdf", "epub": f"{NAME}.epub"}.get(form, f"{NAME}-{form}.zip")
    if form == "pdf":
        with chromium() as browser:
            path.write_bytes(print_book(browser, BUILD / "html"))
    elif form == "epub":
        with chromium() as browser:
            path.write_bytes(make_epub(browser, ROOT).read_bytes())
    elif form == "site":
        zip_site(BUILD / "html", path)
    elif form == "notebooks":
        zip_notebooks(ROOT, path)
    else:
        sys.exit(f"{form!r} is no form of the book; expected pdf, epub, site or notebooks")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
