"""The glossary is whole, the chapters link to it, and a term says its meaning in place."""

import re

import pytest
from site_server import CHAPTERS, HTML, soup

GLOSSARY = "book/glossary.html"
NOTEBOOKS = sorted((HTML.parent.parent / "notebooks").glob("*.ipynb"))
# Every term of the study notes from which the book grew.
NOTES = """
    fully connected layer, parameter, convolution, kernel, filter, feature detector, parameter sharing, translation invariance,
    translation equivariance, local connectivity, neuron, ReLU, pooling, max pooling, average pooling, feature map, activation,
    receptive field, edge, corner, hierarchical features, convolutional neural network, CNN, image classification, classification,
    AlexNet, VGG, object detection, bounding box, YOLO, semantic segmentation, encoder, decoder, hourglass, stride, downsampling,
    padding, channel, pixel, weight
"""


@pytest.fixture(scope="module")
def entries():
    """Each entry of the glossary: its terms by their id, and the box of its definition."""
    found = []
    for definition in soup(GLOSSARY).select("dl.glossary dd"):
        terms = {}
        for term in definition.find_previous_siblings():
            if term.name == "dd":
                break
            terms = {term["id"]: term.contents[0].strip()} | terms
        found.append((terms, definition))
    return found


def test_every_entry_has_a_definition_and_the_section_that_explains_it(entries):
    assert len(entries) > 90
    for terms, definition in entries:
        meaning, place, *_ = definition.find_all("p", recursive=False)
        assert 10 < len(meaning.get_text()) < 250 and meaning.get_text().endswith((".", "”.")), terms
        path, _, section = place.a["href"].removeprefix("../").partition("#")
        assert place.get_text().startswith("See ") and path in CHAPTERS
        assert soup(path).find("section", id=section).find(["h2", "h3"]), terms


def test_entries_stand_in_the_order_of_the_alphabet(entries):
    names = [next(iter(terms.values())).lower() for terms, _ in entries]
    assert names == sorted(names)


def test_every_term_of_the_notes_is_an_entry(entries):
    names = {name for terms, _ in entries for name in terms.values()}
    assert {term.strip() for term in NOTES.split(",")} - names == set()


OUTSIDE = """
() => [...document.querySelectorAll("svg.picture")].filter((picture) => {
  const { x, y, width, height } = picture.getBBox();
  const frame = picture.viewBox.baseVal;
  return x < 0 || y < 0 || x + width > frame.width || y + height > frame.height;
}).map((picture) => picture.ariaLabel)
"""


@pytest.mark.parametrize("width", [360, 1280])
def test_pictures_are_whole(visit, width):
    page = visit(GLOSSARY, width=width)
    assert page.evaluate(OUTSIDE) == []
    for picture in page.locator("svg.picture").all():
        box, text = picture.bounding_box(), picture.locator("xpath=..").bounding_box()
        assert text["x"] <= box["x"] and box["x"] + box["width"] <= text["x"] + text["width"]


def test_pictures_have_a_text_alternative():
    pictures = soup(GLOSSARY).select("dl.glossary svg")
    assert len(pictures) >= 12
    assert all(picture["role"] == "img" and len(picture["aria-label"]) > 20 for picture in pictures)


@pytest.mark.parametrize("path", CHAPTERS)
def test_a_chapter_links_each_of_its_terms_once(entries, path):
    page = soup(path)
    links = page.select("a.term")
    terms = [link["href"].removeprefix(f"../{GLOSSARY}#") for link in links]
    assert len(terms) >= 10 and len(terms) == len(set(terms))
    assert set(terms) <= {term for found, _ in entries for term in found}
    for link, term in zip(links, terms, strict=True):
        (tooltip,) = page.select(f"#{link['aria-describedby']}")
        assert link["id"] == f"uses-{term}" and tooltip["role"] == "tooltip"
        assert not link.find_parent(["h1", "h2", "h3", "pre"])
        assert not link.find_parent(class_="admonition-title")


def test_a_tooltip_says_what_the_glossary_says(entries):
    meanings = {term: definition.p.get_text() for terms, definition in entries for term in terms}
    for path in CHAPTERS:
        for tooltip in soup(path).select(".about-term"):
            assert tooltip.get_text() == meanings[tooltip["id"].removeprefix("about-")]


def test_an_entry_names_the_chapters_that_use_it_and_no_others(entries):
    used = {
        path: {link["href"].partition("#")[2] for link in soup(path).select("a.term")} for path in CHAPTERS
    }
    for terms, definition in entries:
        users = {path for path, linked in used.items() if linked & set(terms)}
        back = {
            link["href"].partition("#")[0].removeprefix("../") for link in definition.select(".used-in a")
        }
        assert users and users == back & set(CHAPTERS), terms


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_no_role_that_jupyterlab_shows_with_a_warning(path):
    assert not re.search(r"\{term\}", path.read_text(encoding="utf-8"))


def open_tooltips(page):
    return page.locator(".about-term:popover-open")


def test_a_definition_opens_on_hover_can_be_entered_and_closes(visit):
    page = visit("notebooks/pooling.html")
    word = page.locator("a.term", has_text="average pooling").first
    word.hover()
    tooltip = open_tooltips(page)
    tooltip.wait_for()
    assert "average of each window" in tooltip.inner_text()
    tooltip.hover()
    page.wait_for_timeout(400)
    assert tooltip.is_visible()
    page.mouse.move(5, 5)
    tooltip.wait_for(state="hidden")


def test_a_definition_opens_on_focus_and_escape_dismisses_it(visit):
    page = visit("notebooks/pooling.html")
    words = page.locator("a.term")
    words.nth(0).focus()
    assert "keeping one number of each" in open_tooltips(page).inner_text()
    page.keyboard.press("Tab")
    assert "largest number of each window" in open_tooltips(page).inner_text()
    page.keyboard.press("Escape")
    assert open_tooltips(page).count() == 0
    assert words.nth(1).evaluate("word => word === document.activeElement")
    page.keyboard.press("Enter")
    page.wait_for_url("**/book/glossary.html#term-max-pooling")


def test_escape_dismisses_a_definition_under_a_resting_pointer(visit):
    page = visit("notebooks/pooling.html")
    page.locator("a.term").first.hover()
    open_tooltips(page).wait_for()
    page.keyboard.press("Escape")
    page.wait_for_timeout(400)
    assert open_tooltips(page).count() == 0


def test_a_tap_opens_a_definition_and_a_second_one_leads_to_the_glossary(visit):
    page = visit("notebooks/pooling.html", width=360, has_touch=True, is_mobile=True)
    word = page.locator("a.term").nth(1)
    word.tap()
    assert "largest number of each window" in open_tooltips(page).inner_text()
    page.locator("article h1").first.tap()
    assert open_tooltips(page).count() == 0
    word.tap()
    word.tap()
    page.wait_for_url("**/book/glossary.html#term-max-pooling")


# Whether the open definition is whole on the screen, close to its word, and leaves it free.
BESIDE = """word => {
  const box = document.querySelector(".about-term:popover-open").getBoundingClientRect(), at = word.getBoundingClientRect();
  const free = Math.max(box.top - at.bottom, at.top - box.bottom);
  return box.left >= 0 && box.right <= 360 && box.top >= 0 && box.bottom <= 640 && free >= 0 && free < 10;
}"""


@pytest.mark.parametrize("path", ["notebooks/stride_padding.html", "notebooks/building_a_cnn.html"])
def test_no_definition_is_cut_on_a_phone(visit, path):
    """Nor is it left behind: going from word to word brings figures, which move the text."""
    page = visit(path, width=360, height=640)
    words = page.locator("a.term").locator("visible=true").all()  # not those in folded answers
    assert len(words) > 10
    for word in words:
        word.focus()
        page.wait_for_function(BESIDE, arg=word.element_handle())


def test_an_open_definition_goes_where_its_word_goes(visit):
    page = visit("notebooks/pooling.html", width=360, height=640)
    page.locator("a.term").nth(3).focus()
    page.evaluate("document.querySelector('article h1').style.paddingBottom = '50px'")
    page.wait_for_function(BESIDE, arg=page.locator("a.term").nth(3).element_handle())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_an_open_definition_is_accessible(visit, axe, theme):
    page = visit("notebooks/pooling.html", theme=theme)
    page.locator("a.term").first.focus()
    assert axe(page, ".about-term:popover-open") == []
    assert axe(page, "article section > p:has(a.term)") == []


def test_a_term_is_a_plain_link_where_scripts_are_off(new_page, address):
    page = new_page(java_script_enabled=False)
    page.goto(address + "notebooks/pooling.html")
    page.locator("a.term").nth(1).click()
    page.wait_for_url("**/book/glossary.html#term-max-pooling")
