"""The site for readers without a mouse, with a screen reader, at 200 % zoom, or who asked for less motion."""

import pytest
from site_server import PAGES, soup, to_the_end

# Where the keyboard is, and whether one sees it: the ring may be round a label whose input is not drawn.
REACHED = """
() => {
  const it = document.activeElement;
  if (it === document.body) return null;
  const visible = (one) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
    const ring = (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
    return ring && one.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  };
  return {
    html: it.outerHTML.slice(0, 90),
    at: [...document.querySelectorAll("*")].indexOf(it),
    visible: [it, it.closest("label")].filter(Boolean).some(visible),
  };
}
"""


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (360, "dark")])
@pytest.mark.parametrize("path", PAGES)
def test_a_whole_page_is_accessible(visit, axe, path, width, theme):
    page = visit(path, width=width, theme=theme)
    to_the_end(page)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    # Code looks alike on all pages, and takes longest: one page is enough for it.
    elsewhere = [] if path == "notebooks/pooling.html" else [".highlight"]
    assert axe(page, "html", without=elsewhere) == []


def test_the_first_tab_offers_to_skip_to_the_text(visit):
    page = visit("notebooks/pooling.html")
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to main content")
    assert link.evaluate("link => link === document.activeElement")
    page.wait_for_function("document.activeElement.getBoundingClientRect().top >= 0")  # it slides in
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_keyboard_goes_through_a_page_in_order_and_one_sees_where_it_is(visit, theme):
    page = visit("book/intro.html", theme=theme)
    reached = []
    for _ in range(400):
        page.keyboard.press("Tab")
        here = page.evaluate(REACHED)
        if here is None or (reached and here["at"] == reached[0]["at"]):
            break
        reached.append(here)
    else:
        pytest.fail("the keyboard doesn't come to the page's end")
    assert len(reached) > 40
    assert [stop["html"] for stop in reached if not stop["visible"]] == []
    places = [stop["at"] for stop in reached]
    assert places == sorted(places)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_when_it_is_enlarged(visit, path):
    """200 % of a window of 1280 pixels is a page of 640; 400 % is 320, which is what WCAG 1.4.10 asks for."""
    page = visit(path, width=640)
    to_the_end(page)
    for width in (640, 320):
        page.set_viewport_size({"width": width, "height": 512})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_moves_for_readers_who_asked_for_that(visit):
    page = visit("notebooks/fully_connected.html", reduced_motion="reduce")
    to_the_end(page)
    moving = """
      () => [...document.querySelectorAll("*")].filter((it) => {
        const style = getComputedStyle(it);
        return [style.transitionDuration, style.animationDuration].some((times) => times.split(",").some((time) => parseFloat(time) > 0));
      }).map((it) => it.outerHTML.slice(0, 80))
    """
    assert page.evaluate(moving) == []


@pytest.mark.parametrize("path", PAGES)
def test_every_picture_has_words_that_say_what_it_shows(path):
    words = [image.get("alt", "") for image in soup(path).select("article img")]
    assert [text for text in words if len(text.split()) < 5] == []
    assert len(set(words)) == len(words)
