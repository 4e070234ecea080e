"""What a reader takes away: the printed page, the PDF, the EPUB, the zips, and the list of them on the landing page.

The PDF is made of three of the site's pages, the EPUB of a small book of its own; `make downloads` makes the real ones.
"""

import io
import os
import re
import subprocess
import sys
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from figure_probe import boxes
from notebook_file import write_notebook
from pypdf import PdfReader
from site_server import HTML, soup

from press.__main__ import NAME
from press.archives import tracked, zip_notebooks, zip_site
from press.browser import HEIGHT, WIDTH, show_all_figures
from press.document import pages_in_order, place, target, whole_book
from press.pdf import print_book

ROOT = Path(__file__).parent.parent
CHAPTERS = ["notebooks/stride_padding.html", "notebooks/classification.html", "notebooks/detection.html"]
TALLEST = HEIGHT - 20  # less in the PDF, which has running heads

# Names of elements that would run over the paper's edge.
OVER_THE_EDGE = """() => [...document.querySelectorAll(".bd-article *")]
  .filter((box) => box.checkVisibility() && !box.closest(".grid, .scene, svg, [aria-hidden=true]") && box.clientWidth > 1)
  .filter((box) => box.getBoundingClientRect().right > innerWidth + 1)
  .map((box) => box.outerHTML.slice(0, 100))"""
VISIBLE = "(selector) => [...document.querySelectorAll(selector)].filter((box) => box.checkVisibility()).map((box) => box.outerHTML.slice(0, 100))"


# ---------------------------------------------------------------- the printed page


@pytest.fixture
def printed(new_page, address):
    """``printed("notebooks/pooling.html")``: the page on paper, for a reader who has the dark theme."""

    def open_page(path, width=WIDTH):
        page = new_page(width=width, height=HEIGHT, color_scheme="dark")
        page.goto(address + path)
        page.emulate_media(media="print")
        show_all_figures(page)
        return page

    return open_page


def tallest(page):
    """The height of the page's tallest figure, in pixels; 0 where there is none."""
    return max((box["height"] for box in boxes(page, ".cnnbook")), default=0)


@pytest.mark.parametrize("path", CHAPTERS)
def test_a_printed_page_holds_the_text_and_whole_figures_alone(printed, path):
    page = printed(path)
    furniture = (
        "header, footer, .bd-sidebar, #pst-back-to-top, .headerlink, .copybtn, .toggle-button, details.hide"
    )
    actions = ".cnnbook :is(input[type=range], input[type=file], button:not([aria-pressed]))"
    assert page.evaluate(VISIBLE, furniture) == []
    assert page.evaluate(VISIBLE, actions) == []
    assert page.evaluate(OVER_THE_EDGE) == []
    assert 0 < tallest(page) <= TALLEST
    title = page.locator("article h1").first
    assert title.is_visible() and title.bounding_box()["y"] < 100


def test_all_answers_are_open_on_paper(printed):
    page = printed(CHAPTERS[0])
    answers = page.locator(".admonition.dropdown").all()
    assert len(answers) > 5
    for answer in answers:
        box, last = answer.bounding_box(), answer.locator("> :last-child").bounding_box()
        assert last["height"] > 10 and last["y"] + last["height"] <= box["y"] + box["height"]
        assert answer.locator("p").last.evaluate("(text) => getComputedStyle(text).opacity === '1'")
        assert answer.locator("p").last.is_visible()


def test_lists_that_scroll_on_the_screen_are_whole_on_paper(printed):
    page = printed("notebooks/classification.html")
    lists = page.locator(".listing")
    assert lists.count() == 2
    assert lists.evaluate_all("all => all.every((list) => list.scrollHeight <= list.clientHeight + 1)")


def test_paper_shows_the_state_that_the_reader_set(new_page, address):
    page = new_page(width=1280)
    page.goto(address + "book/intro.html")
    figure = page.locator("[data-figure=PhotoFilter]")
    figure.get_by_role("slider", name="stride", exact=True).press("End")
    said = figure.get_by_role("status").inner_text()
    page.emulate_media(media="print")
    setting = figure.locator(".control", has_text="stride")
    assert setting.is_visible() and f"stride {setting.locator('.value').inner_text()}:" in said
    assert "stride 1:" not in said and figure.get_by_role("status").inner_text() == said


def test_paper_is_light_and_the_dark_screen_comes_back(new_page, address):
    page = new_page(width=1280, color_scheme="dark")
    page.goto(address + "book/intro.html")
    page.wait_for_selector("html[data-figures=ready]")
    page.evaluate(
        """() => addEventListener("beforeprint", () => {
             const figure = document.querySelector(".cnnbook");
             globalThis.paper = [document.documentElement.dataset.theme, getComputedStyle(figure).backgroundColor];
           })"""
    )
    page.pdf()
    assert page.evaluate("paper") == ["light", "rgb(255, 255, 255)"]
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


# ---------------------------------------------------------------- the PDF

PARTS = [("", ["book/intro.html"]), ("From pixels", [CHAPTERS[0]]), ("At hand", ["book/references.html"])]


@pytest.fixture(scope="module")
def pdf(browser):
    return PdfReader(io.BytesIO(print_book(browser, HTML, PARTS)))


@pytest.fixture(scope="module")
def words(pdf):
    """Each page's text, with ligatures taken apart."""
    return [re.sub(r"\s+", " ", unicodedata.normalize("NFKC", page.extract_text())) for page in pdf.pages]


def outline(reader, entries=None, depth=0):
    for entry in reader.outline if entries is None else entries:
        if isinstance(entry, list):
            yield from outline(reader, entry, depth + 1)
        else:
            yield depth, entry.title, reader.get_destination_page_number(entry)


def test_every_link_of_the_pdf_leads_somewhere(pdf):
    notes = [note.get_object() for page in pdf.pages for note in page.get("/Annots", [])]
    inside = [note["/Dest"] for note in notes if "/Dest" in note]
    outside = [note["/A"]["/URI"] for note in notes if "/A" in note]
    assert len(inside) > 30 and set(inside) <= set(pdf.named_destinations)
    assert [address for address in outside if urlparse(address).hostname in (None, "127.0.0.1")] == []


def test_the_outline_names_chapters_and_sections_and_finds_them(pdf, words):
    entries = list(outline(pdf))
    assert [title for depth, title, _ in entries if depth == 0] == [
        "How Convolutional Networks See",
        "3. Stride, padding, dilation, channels",
        "References",
    ]
    assert (1, "3.1 Stride: count the places") in [entry[:2] for entry in entries]
    for _, title, number in entries:
        assert title in words[number]


def test_the_contents_give_the_pages_as_they_are_printed(pdf, words):
    for _, title, number in outline(pdf):
        assert f"{title} {number + 1}" in words[1]
        assert words[number].endswith(f" {number + 1}") or f" {number + 1} " in words[number]


def test_the_pdf_is_a4_and_names_itself(pdf, words):
    assert pdf.metadata.title == "How Convolutional Networks See"
    assert words[0].startswith("How Convolutional Networks See") and "authors" in words[0]
    assert {(round(page.mediabox.width), round(page.mediabox.height)) for page in pdf.pages} == {(595, 842)}


def test_the_pdf_holds_the_figures_the_answers_and_what_the_quiz_says(words):
    text = " ".join(words)
    for said in (
        "Conv2d(3, 4, 3, padding=1): 112 parameters",
        "output 3 × 3.",
        "Solution to Exercise 3.1",
        "Not so.",
    ):
        assert said in text


@pytest.fixture(scope="module")
def document():
    return BeautifulSoup(whole_book(HTML), "html.parser")


def test_the_whole_book_holds_every_page_and_every_figure(document):
    pages = [page for _, pages in pages_in_order(HTML) for page in pages]
    assert len(pages) == len(list((ROOT / "notebooks").glob("*.ipynb"))) + len(
        list((ROOT / "book").glob("*.md"))
    )
    figures = ".cnnbook-place, .cnnbook-lab"
    there = sum(len(soup(page).select(figures)) for page in pages)
    assert len(document.select(figures)) == there > 30


def test_ids_are_unique_and_links_stay_inside_the_whole_book(document):
    # The extension for exercises gives one id to all of a page; no link leads there.
    ids = Counter(tag["id"] for tag in document.select("[id]"))
    assert [name for name, many in ids.items() if many > 1 and not name.endswith("-content")] == []
    links = [link["href"] for link in document.select("a[href]") if not urlparse(link["href"]).scheme]
    assert [link for link in links if unquote(link.removeprefix("#")) not in ids] == []


def test_every_page_fits_the_paper(printed, subtests):
    for page in (page for _, pages in pages_in_order(HTML) for page in pages if page not in CHAPTERS):
        with subtests.test(page=page):
            opened = printed(page)
            assert opened.evaluate(OVER_THE_EDGE) == []
            assert tallest(opened) <= TALLEST
            opened.close()


def test_links_between_pages_become_places_in_the_document():
    assert target("notebooks/pooling.html", "#max") == ("notebooks/pooling.html", "max")
    assert place("notebooks/pooling.html", "max") == "notebooks-pooling--max"


# ---------------------------------------------------------------- the EPUB and the list, from a small book

INTRO = """# A small book

A formula, $\\frac{1}{2}$, and a [chapter](../notebooks/chapter.ipynb).

```{downloads}
```
"""
CELLS = [
    (
        "markdown",
        "# A chapter\n\nBack to [the start](../book/intro.md). See {cite:t}`prince2023understanding`.",
        [],
    ),
    ("code", "from cnnbook.figures import ConvolutionExplorer, Quiz\nConvolutionExplorer()", ["hide-input"]),
    (
        "markdown",
        "```{exercise}\n:label: one\nAdd.\n```\n\n````{solution} one\n:class: dropdown\nTwo.\n````",
        [],
    ),
    (
        "code",
        'Quiz([{"question": "Why?", "choices": ["a", "b"], "answer": 0, "why": ["yes", "no"]}])',
        ["remove-input"],
    ),
    ("markdown", "```{bibliography}\n```", []),
]


@pytest.fixture(scope="module")
def small_book(tmp_path_factory):
    """A book with our configuration, one page and one chapter: its root, and a function that builds its site."""
    root = tmp_path_factory.mktemp("book")
    (root / "notebooks").mkdir()
    (root / "book").mkdir()
    for name in ("_ext", "_templates", "assets", "epub", "references.bib"):
        (root / "book" / name).symlink_to(ROOT / "book" / name)
    (root / "_config.yml").write_text((ROOT / "_config.yml").read_text("utf-8"), "utf-8")
    part = {"caption": "Chapters", "numbered": 1, "chapters": [{"file": "notebooks/chapter"}]}
    (root / "_toc.yml").write_text(
        yaml.safe_dump({"format": "jb-book", "root": "book/intro", "parts": [part]}), "utf-8"
    )
    (root / "book/intro.md").write_text(INTRO, "utf-8")
    cells = [
        getattr(nbformat.v4, f"new_{kind}_cell")(text, metadata={"tags": tags} if tags else {})
        for kind, text, tags in CELLS
    ]
    write_notebook(root / "notebooks/chapter.ipynb", cells)

    def build():
        command = [Path(sys.executable).with_name("jupyter-book"), "build", str(root), "-W", "--keep-going"]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    return root, build


def environment():
    paths = [ROOT, ROOT / "tests", ROOT / "src"]
    return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}


@pytest.fixture(scope="module")
def epub(small_book):
    root, build = small_book
    made = root / f"_build/downloads/{NAME}.pdf"
    made.parent.mkdir(parents=True)
    made.write_bytes(bytes(1_500_000))
    build()
    code = (
        "from pathlib import Path; from press.browser import chromium; from press.epub import make_epub\n"
        f"with chromium() as browser: make_epub(browser, Path({str(root)!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return zipfile.ZipFile(root / f"_build/epub/{NAME}.epub")


def test_the_epub_is_packed_as_its_standard_asks(epub):
    first = epub.infolist()[0]
    assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
    assert epub.read("mimetype") == b"application/epub+zip"
    package = ElementTree.fromstring(epub.read("content.opf"))
    space = {"": "http://www.idpf.org/2007/opf"}
    items = {item.get("id"): item for item in package.iterfind("manifest/item", space)}
    files = {unquote(item.get("href")) for item in items.values()}
    assert files == set(epub.namelist()) - {"mimetype", "META-INF/container.xml", "content.opf"}
    spine = [items[entry.get("idref")].get("href") for entry in package.iterfind("spine/itemref", space)]
    assert [name for name in spine if name != "nav.xhtml"] == ["book/intro.xhtml", "notebooks/chapter.xhtml"]
    assert [i.get("href") for i in items.values() if i.get("properties") == "mathml"] == ["book/intro.xhtml"]
    assert [i.get("href") for i in items.values() if i.get("properties") == "nav"] == ["nav.xhtml"]
    assert epub.read("content.opf").count(b"properties=") == 2


def test_every_page_of_the_epub_is_xml_with_links_that_lead_somewhere(epub):
    pages = {
        name: ElementTree.fromstring(epub.read(name)) for name in epub.namelist() if name.endswith(".xhtml")
    }
    ids = {name: [tag.get("id") for tag in page.iter() if tag.get("id")] for name, page in pages.items()}
    for name, page in pages.items():
        assert len(ids[name]) == len(set(ids[name]))
        for tag in page.iter():
            assert not tag.tag.endswith("}script")
            url = urlparse(tag.get("href") or tag.get("src") or "")
            if url.scheme or not (url.path or url.fragment):
                continue
            path, fragment = target(name, url.geturl())
            assert path in epub.namelist()
            assert not fragment or fragment in ids[path]


def test_the_epub_shows_figures_as_pictures_and_quizzes_as_lists(epub):
    chapter = BeautifulSoup(epub.read("notebooks/chapter.xhtml"), "html.parser")
    picture = chapter.select_one(".still img")
    assert picture["alt"].startswith("output")
    assert epub.read(target("notebooks/chapter.xhtml", picture["src"])[0])[:4] == b"\x89PNG"
    assert "make lab" in chapter.select_one(".still .note").get_text()
    assert [choice.get_text() for choice in chapter.select(".quiz li")] == ["a Right. yes", "b Not so. no"]
    assert "ConvolutionExplorer()" not in chapter.get_text()
    assert chapter.select("details") == []
    assert [name for name in epub.namelist() if name.endswith((".js", "sphinx-design.min.css"))] == []


def test_the_landing_page_lists_what_has_been_made(epub, small_book):
    root, build = small_book
    page = (root / "_build/html/book/intro.html").read_text("utf-8")
    link = BeautifulSoup(page, "html.parser").select_one(".downloads a")
    assert link["href"] == f"../downloads/{NAME}.pdf" and "1.5 MB" in link.parent.get_text()
    copied = root / f"_build/html/downloads/{NAME}.pdf"
    assert copied.stat().st_size == 1_500_000
    assert b"downloads" not in epub.read("book/intro.xhtml")

    (root / f"_build/downloads/{NAME}.pdf").unlink()
    build()
    page = (root / "_build/html/book/intro.html").read_text("utf-8")
    assert "make downloads" in page and f"{NAME}.pdf" not in page and not copied.exists()


# ---------------------------------------------------------------- the zips


def test_the_zip_of_the_site_is_whole_and_links_to_nothing_outside_it(tmp_path):
    html = tmp_path / "html"
    (html / "book").mkdir(parents=True)
    (html / "downloads").mkdir()
    (html / "downloads/book.pdf").write_bytes(b"%PDF")
    (html / "style.css").write_text("p {}")
    listed = '<p>Before</p><div class="downloads"><ul><li><a href="../downloads/book.pdf">PDF</a></li></ul></div><p>after</p>'
    (html / "book/intro.html").write_text(listed)
    zip_site(html, tmp_path / "book-site.zip")
    archive = zipfile.ZipFile(tmp_path / "book-site.zip")
    assert set(archive.namelist()) == {"book-site/book/intro.html", "book-site/style.css"}
    page = BeautifulSoup(archive.read("book-site/book/intro.html"), "html.parser")
    assert (
        page.select("a") == [] and page.get_text().startswith("Before") and page.get_text().endswith("after")
    )


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("zip")
    zip_notebooks(ROOT, folder / "book-notebooks.zip")
    zipfile.ZipFile(folder / "book-notebooks.zip").extractall(folder)
    return folder / "book-notebooks"


def test_the_zip_of_the_notebooks_is_the_same_with_and_without_git(unpacked):
    assert sorted(tracked(unpacked)) == sorted(tracked(ROOT))


def test_the_zip_of_the_notebooks_runs_by_itself(unpacked):
    assert len(list(unpacked.glob("notebooks/*.ipynb"))) == len(list(ROOT.glob("notebooks/*.ipynb")))
    code = "import cnnbook.figures, cnnbook.checks; cnnbook.figures.PhotoFilter(); print(cnnbook.__file__)"
    environment = os.environ | {"PYTHONPATH": str(unpacked / "src")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()).is_relative_to(unpacked)
    dry = subprocess.run(["make", "--dry-run", "lab"], cwd=unpacked, capture_output=True, text=True)
    assert dry.returncode == 0 and "jupyter lab" in dry.stdout
