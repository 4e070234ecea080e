"""The book as an EPUB, made by Sphinx, with pictures of the figures that Chromium takes on the built site."""

import json
import shutil
import sys
from pathlib import Path

from jupyter_book.sphinx import build_sphinx

from press.browser import paper, show_all_figures
from press.document import pages_in_order

QUESTIONS = """(figure) => [...figure.querySelectorAll(":scope[data-figure=Quiz] fieldset")].map((box) => ({
  question: box.querySelector("legend").textContent,
  choices: [...box.querySelectorAll(".choice")].map((choice) => choice.textContent),
  why: [...box.querySelectorAll(".unseen")].map((why) => why.textContent),
}))"""

IN_WORDS = """(figure) => {
  const status = figure.querySelector("[role=status]");
  return (status ? status.innerText : [...figure.querySelectorAll("pre")].map((pre) => pre.innerText).join("\\n")).trim();
}"""


def take_stills(browser, html: Path, folder: Path):
    """Pictures of all figures of the site in `html`, and `figures.json`, which tells what is in each; see book_epub.py."""
    folder.mkdir(parents=True, exist_ok=True)
    stills = {}
    with paper(browser, html, scale=2) as (page, address):
        for name in (name for _, names in pages_in_order(html) for name in names):
            page.goto(address + name)
            show_all_figures(page)
            document = name.removesuffix(".html")
            stills[document] = [
                still(figure, folder, f"{document.replace('/', '-')}-{at}.png")
                for at, figure in enumerate(page.locator(".cnnbook, .cnnbook-lab").all(), 1)
            ]
    (folder / "figures.json").write_text(json.dumps(stills), encoding="utf-8")


def still(figure, folder, name) -> dict:
    questions = figure.evaluate(QUESTIONS)
    says = figure.evaluate(IN_WORDS) or "What the lab shows at its default setting"
    if not questions:
        figure.screenshot(path=folder / name)
    return {"picture": name, "says": says, "questions": questions}


def make_epub(browser, root: Path) -> Path:
    """The path of the book's EPUB, from the sources in `root` and the site that was built there.

    Raises:
        SystemExit: when Sphinx has a warning or an error, after saying it.
    """
    build = root / "_build"
    take_stills(browser, build / "html", build / "stills")
    shutil.rmtree(build / "epub", ignore_errors=True)
    status = build_sphinx(
        root,
        build / "epub",
        noconfig=True,
        path_config=root / "_config.yml",
        confoverrides={
            "external_toc_path": (root / "_toc.yml").as_posix(),
            "latex_individualpages": False,
            "html_js_files": [],
            "html_static_path": ["book/epub"],
            "templates_path": [],
        },
        builder="epub",
        warningiserror=True,
        keep_going=True,
    )
    if status:
        sys.exit("the EPUB has warnings, which are above")
    (book,) = (build / "epub").glob("*.epub")
    return book
