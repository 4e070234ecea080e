"""All pages of the built site as one HTML document, in the order of the site's table of contents."""

import posixpath
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlparse

from bs4 import BeautifulSoup

STYLE = Path(__file__).parent / "press.css"


def pages_in_order(html: Path) -> list[tuple[str, list[str]]]:
    """The parts of the book: the caption of each and its pages, such as ``("At hand", ["book/notation.html"])``.

    The first part is the landing page and has no caption.
    """
    first = urlparse(
        BeautifulSoup(read(html, "index.html"), "html.parser").meta["content"].split("url=")[1]
    ).path
    parts = [("", [])]
    for tag in BeautifulSoup(read(html, first), "html.parser").select(".bd-docs-nav :is(.caption, a)"):
        if tag.name == "a":
            parts[-1][1].append(target(first, tag["href"])[0])
        else:
            parts.append((tag.get_text(strip=True), []))
    return parts


def read(html: Path, page: str) -> str:
    return (html / page).read_text(encoding="utf-8")


def target(page: str, link: str) -> tuple[str, str]:
    """The page and the place on it that a link on a page leads to, both from the site's root.

    >>> target("notebooks/pooling.html", "../book/references.html#id5")
    ('book/references.html', 'id5')
    """
    url = urlparse(link)
    path = (
        posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(url.path))) if url.path else page
    )
    return path, unquote(url.fragment)


def place(page: str, fragment: str = "") -> str:
    """The id in the whole document of a page, or of a place on it.

    >>> place("book/references.html", "id5")
    'book-references--id5'
    """
    name = page.removesuffix(".html").replace("/", "-")
    return f"{name}--{fragment}" if fragment else name


def chapter(page: str, soup: BeautifulSoup, pages: set[str]):
    """A page's article with ids of its own, links that lead inside the document, and numbered sections."""
    article = soup.select_one("article.bd-article").section
    for tag in article.select(".headerlink, .toctree-wrapper, .downloads, details.hide"):
        tag.decompose()
    for tag in [article, *article.select("[id]")]:
        tag["id"] = place(page, tag["id"])
    # Some places are empty elements beside the page's heading: the section itself stands for the page.
    article.insert(0, soup.new_tag("span", id=place(page)))
    for tag in article.select("[src]"):
        tag["src"] = target(page, tag["src"])[0]
    for link in article.select("a[href]"):
        path, fragment = target(page, link["href"])
        if urlparse(link["href"]).scheme:
            continue
        if path in pages:
            link["href"] = "#" + place(path, fragment)
        else:
            link.unwrap()
    number = article.h1.select_one(".section-number")
    if number:
        for at, heading in enumerate(article.select("h2"), 1):
            mark = soup.new_tag("span", attrs={"class": "section-number"})
            mark.string = f"{number.get_text(strip=True)}{at} "
            heading.insert(0, mark)
    return article


def contents(parts, chapters) -> str:
    """The table of contents; each page's number is filled in once the pages are known."""
    rows = []
    for caption, pages in parts:
        rows += [f"<p>{escape(caption)}</p>"] if caption else []
        for page in pages:
            for heading in chapters[page].select("h1, h2"):
                kind = "chapter" if heading.name == "h1" else "section"
                anchor = heading.find_parent("section")["id"]
                rows.append(
                    f'<a class="of-{kind}" href="#{anchor}"><span>{escape(heading.get_text())}</span><span data-page></span></a>'
                )
    return "\n".join(rows)


def whole_book(html: Path, parts=None) -> str:
    """The document, to be served from the site's root, where its styles, pictures and ``host.js`` lie.

    Raises:
        FileNotFoundError: when a page that the table of contents names is not there.
    """
    parts = parts or pages_in_order(html)
    order = [page for _, pages in parts for page in pages]
    soups = {page: BeautifulSoup(read(html, page), "html.parser") for page in order}
    chapters = {page: chapter(page, soup, set(order)) for page, soup in soups.items()}
    first = soups[order[0]]
    title, author = first.h1.get_text(), first.select_one(".component-author")
    styles = "".join(
        f'<link rel="stylesheet" href="{target(order[0], link["href"])[0]}">'
        for link in first.select("link[rel=stylesheet]")
    )
    host = first.select_one('script[src*="host.js"]')
    host["src"] = target(order[0], host["src"])[0]
    bodies = "".join(
        f'<div class="chapter" style="page: chapter-{at}">{chapters[page]}</div>'
        for at, page in enumerate(order)
    )
    return f"""<!doctype html>
<html lang="en" data-theme="light" data-mode="light">
<head><meta charset="utf-8"><title>{escape(title)}</title>
{styles}<style>{STYLE.read_text(encoding="utf-8")}{running_heads(chapters.values())}</style></head>
<body><header class="title-page"><img src="_static/logo.svg" alt=""><p>{escape(title)}</p>{author or ""}</header>
<main class="bd-main"><div class="bd-content"><article class="bd-article">
<nav class="book-contents" aria-label="Contents"><h1>Contents</h1>{contents(parts, chapters)}</nav>
{bodies}</article></div></main>
{host}</body></html>"""


def running_heads(chapters) -> str:
    """At the top of each page the title of its chapter."""
    return "".join(
        f"@page chapter-{at} {{ @top-left {{ content: {css_string(article.h1.get_text())}; }} }}\n"
        for at, article in enumerate(chapters)
    )


def css_string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
