"""The site without what no page uses: the theme's rules for elements that the book has none of, and files nobody asks for.

Of the theme's style sheet of 400 kB four fifths are about such things, icons above all.
"""

import itertools
import re
from pathlib import Path

import tinycss2

_BLOCKS = {"media", "supports", "layer", "container"}


def used_rules(rules, words) -> str:
    """The rules of a parsed style sheet whose classes are all among the words; the others can match nothing.

    >>> sheet = tinycss2.parse_stylesheet(".tabs, .note p:not(.tabs) { margin: 0 } .tabs:hover { color: red }")
    >>> used_rules(sheet, {"note"})
    '.note p:not(.tabs){ margin: 0 }'
    """
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = [
                tinycss2.serialize(one) for one in _parts(rule.prelude) if words.issuperset(_classes(one))
            ]
            if selectors:
                kept.append(f"{','.join(selectors).strip()}{{{tinycss2.serialize(rule.content)}}}")
        elif rule.type == "at-rule" and rule.at_keyword in _BLOCKS and rule.content is not None:
            inner = used_rules(
                tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True), words
            )
            if inner:
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}")
        elif rule.type == "at-rule" and "fontawesome" not in rule.serialize():  # book.css draws the icons
            kept.append(rule.serialize())
    return "".join(kept)


def _parts(selectors):
    """The selectors of a list; a comma inside of parentheses is not one of its own tokens."""
    commas = [at for at, token in enumerate(selectors) if token == ","]
    return [selectors[start + 1 : end] for start, end in itertools.pairwise([-1, *commas, None])]


def _classes(selector):
    """The classes that an element must have; what stands in parentheses may be an alternative, or excluded."""
    return {name.value for dot, name in itertools.pairwise(selector) if dot == "." and name.type == "ident"}


def make_lean(app, exception):
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    files = [path for path in static.rglob("*") if path.is_file()]
    pages = _text(path for path in Path(app.outdir).rglob("*.html") if static not in path.parents)
    words = set(
        re.findall(r"[\w-]+", pages + _text(p for p in files if p.suffix == ".js" and p.name in pages))
    )
    sheets = [path for path in files if path.suffix == ".css"]
    for path in sheets:
        rules = tinycss2.parse_stylesheet(_text([path]), skip_comments=True, skip_whitespace=True)
        path.write_text(used_rules(rules, words), encoding="utf-8")
    mentions = pages + _text(sheets)
    for path in [*files, *(Path(app.outdir) / "_images").glob("*")]:
        if path.name not in mentions:
            path.unlink()


def _text(paths):
    return "".join(path.read_text(encoding="utf-8") for path in paths)


def setup(app):
    app.connect("build-finished", make_lean, priority=900)  # after the theme has written its colours of code
    return {"parallel_read_safe": True, "parallel_write_safe": True}
