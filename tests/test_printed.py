"""The build's extension for quoted numbers: what the summary says is what a chapter's cell printed."""

import functools
import re
import runpy

import pytest
from site_server import HTML, soup

ROOT = HTML.parent.parent
EXTENSION = runpy.run_path(str(ROOT / "book/_ext/printed.py"))
TABLE = """
                accuracy         1         2
max            80.2 ±1.2 -80.3 ±1.3 1,081.1 ±3.1
max, flattened 83.6 ±0.5 78.4% 0
 12 × 12 cells: 0.1% have no cell
21,634 parameters
"""


@pytest.mark.parametrize(
    ("words", "place", "text"),
    [
        ("max", 1, "80.2"),
        ("max", 2, "−80.3"),
        ("max", 3, "1,081.1"),
        ("max", 4, None),
        ("max, flattened", 2, "78.4"),
        ("max, flattened", 3, "0"),
        ("12 × 12 cells:", 1, "0.1"),
        ("min", 1, None),
        ("ma", 1, None),
        ("21,634 parameters", None, "21,634 parameters"),
        ("max 80.2", None, "max 80.2"),
        ("21,635", None, None),
    ],
)
def test_a_quotation_is_what_stands_there(words, place, text):
    assert EXTENSION["quote"](TABLE, words, place) == text


def test_an_address_names_chapter_cell_words_and_place():
    parts = EXTENSION["ADDRESS"].fullmatch("building_a_cnn/stem: edge, line [1]").groupdict()
    assert parts == {"chapter": "building_a_cnn", "cell": "stem", "words": "edge, line", "place": "1"}
    assert EXTENSION["ADDRESS"].fullmatch("pooling/nets-flat: 21,634")["place"] is None
    assert EXTENSION["ADDRESS"].fullmatch("pooling: 21,634") is None


@functools.cache
def outputs(chapter):
    boxes = soup(f"notebooks/{chapter}.html").select(".cell_output")
    return " ".join(" ".join(box.get_text() for box in boxes).split())


def test_every_quoted_number_stands_on_its_chapter_s_page():
    source = (ROOT / "book/summary.md").read_text(encoding="utf-8")
    chapters = re.findall(r"\{printed\}`(\w+)/[^`]+`", source)
    quoted = [place.get_text() for place in soup("book/summary.html").select("article .printed")]
    assert len(quoted) == source.count("{printed}") > 50
    missing = [
        (chapter, text)
        for chapter, text in zip(chapters, quoted, strict=True)
        if text.replace("−", "-") not in outputs(chapter)
    ]
    assert missing == []


def test_the_summary_types_no_measured_number():
    source = (ROOT / "book/summary.md").read_text(encoding="utf-8")
    prose = re.sub(r"\{printed\}`[^`]*`|\]\([^)]*\)", "", source)
    numbers = re.findall(r"\d+(?:[.,]\d+)+", prose)
    assert numbers == ["1,000"]  # units of a layer: a choice, and no measurement
