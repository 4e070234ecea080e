"""The whole book as one PDF, printed by Chromium."""

import io
from pathlib import Path

from pypdf import PdfReader, PdfWriter
from pypdf.generic import Fit

from press.browser import paper, show_all_figures
from press.document import whole_book

CONTENTS = """() => [...document.querySelectorAll(".book-contents a")].map((link) => ({
  place: decodeURIComponent(link.hash.slice(1)),
  title: link.firstChild.textContent,
  section: link.className === "of-section",
}))"""
FILL_IN = """(numbers) => document.querySelectorAll(".book-contents a").forEach((link, at) => (link.lastChild.textContent = numbers[at]))"""


def print_book(browser, html: Path, parts=None) -> bytes:
    """The site in `html` as a PDF: title, contents with page numbers, every page with its figures, an outline.

    `parts` are captions and pages as ``pages_in_order`` gives them, by default all of the site. A first print finds the
    pages on which the chapters start, a second has their numbers in its contents.
    """
    document = whole_book(html, parts)
    with paper(browser, html) as (page, address):
        page.route(
            address + "book.html", lambda route: route.fulfill(body=document, content_type="text/html")
        )
        page.goto(address + "book.html")
        show_all_figures(page)
        entries = page.evaluate(CONTENTS)
        draft = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
        places = destinations(draft)
        page.evaluate(FILL_IN, [places[entry["place"]][0] + 1 for entry in entries])
        return with_outline(page.pdf(prefer_css_page_size=True, print_background=True, tagged=True), entries)


def destinations(reader: PdfReader) -> dict[str, tuple[int, float]]:
    """Where the places lie that links lead to: the page, counted from 0, and the height on it, in points."""
    return {
        name.removeprefix("/"): (reader.get_destination_page_number(found), found.top)
        for name, found in reader.named_destinations.items()
    }


def with_outline(pdf: bytes, entries) -> bytes:
    """The PDF with an outline of chapters and their sections.

    Chromium can write one, but says a heading twice where it stands next to the edge of a page.
    """
    writer = PdfWriter(io.BytesIO(pdf), incremental=True)
    places = destinations(PdfReader(io.BytesIO(pdf)))
    chapter = None
    for entry in entries:
        number, top = places[entry["place"]]
        parent = chapter if entry["section"] else None
        item = writer.add_outline_item(
            title=entry["title"], page_number=number, parent=parent, fit=Fit.xyz(top=top)
        )
        chapter = chapter if entry["section"] else item
    writer.page_mode = "/UseOutlines"
    result = io.BytesIO()
    writer.write(result)
    return result.getvalue()
