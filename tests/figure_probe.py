"""What tests read off a figure's page, and how they set its traits from outside."""


def status(page):
    """What the figure says in words."""
    return page.get_by_role("status").inner_text()


def trait(page, name):
    return page.evaluate(f"model.get('{name}')")


def set_traits(page, **traits):
    """Set traits from outside, as Python would."""
    page.evaluate(
        "traits => Object.entries(traits).forEach(([name, value]) => model.set(name, value))", traits
    )


def boxes(page, selector):
    """The rectangles of all elements that match, as the browser lays them out."""
    return page.eval_on_selector_all(selector, "all => all.map(one => one.getBoundingClientRect().toJSON())")


def touch(page, *points):
    """A finger that goes down at the first point, over the others, and up."""
    client = page.context.new_cdp_session(page)
    for kind, (x, y) in zip(["touchStart"] + ["touchMove"] * (len(points) - 1), points, strict=True):
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
