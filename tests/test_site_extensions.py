"""The build's extensions that make the pages light."""

import doctest
import json

import figures
import lean
import pytest
import tinycss2
from bs4 import BeautifulSoup

from cnnbook.figures.figure import SEAM


@pytest.mark.parametrize("module", [figures, lean], ids=lambda module: module.__name__)
def test_the_examples_are_true(module):
    found = doctest.testmod(module)
    assert found.attempted > 0 and found.failed == 0


def placed(state):
    parts = figures.Parts()
    script = BeautifulSoup(figures.place(state, parts), "html.parser").script
    return json.loads(script.string), parts


def test_small_traits_stay_in_the_page_and_large_ones_become_parts():
    figure, parts = placed(
        {"_esm": "f", "_css": "", "_view_count": None, "stride": 2, "weight": [0.25] * 500}
    )
    assert figure["traits"] == {"stride": 2} and list(figure["parts"]) == ["weight"]
    assert parts[figure["parts"]["weight"]] == [0.25] * 500


def test_what_two_figures_share_is_one_part():
    parts = figures.Parts()
    for own in ("draw()", "count()"):
        figures.place({"_esm": f"kit{SEAM}{own}", "_css": f"root{SEAM}"}, parts)
    assert sorted(parts.values()) == ["count()", "draw()", "kit", "root"]


def test_text_that_looks_like_markup_stays_text():
    figure, parts = placed({"_esm": "'</script><!-- <script>'", "title": "</script><!-- <script>"})
    assert figure["traits"] == {"title": "</script><!-- <script>"}
    assert "</" not in parts.script(figure["module"][0])


@pytest.mark.parametrize(
    ("sheet", "kept"),
    [
        ("p, .tabs { margin: 0 }", "p{ margin: 0 }"),
        (".note.tabs {} .note .note {}", ".note .note {}"),
        (":is(.tabs, .note:not(.tabs, .icon)) a {}", ":is(.tabs, .note:not(.tabs, .icon)) a {}"),
        ('[class*=".tabs"] {}', '[class*=".tabs"] {}'),
        ("@media print { .tabs {} } @media print { .note {} }", "@media print {.note {}}"),
        ("@font-face { src: url(fontawesome.woff2) }", ""),
        ("@font-face { src: url(stix.woff2) }", "@font-face { src: url(stix.woff2) }"),
        ("a { b: 1.5 }", "a { b: 1.5 }"),
    ],
)
def test_rules_that_can_match_nothing_go(sheet, kept):
    found = lean.used_rules(tinycss2.parse_stylesheet(sheet), {"note"})
    assert "".join(found.split()) == "".join(kept.split())
