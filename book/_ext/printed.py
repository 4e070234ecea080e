"""The role `printed`: a page quotes a number that a chapter's cell has printed, so that nobody types it twice.

    {printed}`pooling/nets-table: max [3]`         the third number after "max", in what the cell nets-table printed
    {printed}`pooling/nets-flat: 21,634`           these very words, if that cell printed them

A row begins with the words, where any space is as good as another. A number behind ± does not count. What is not
there is a warning, which fails the build. The outputs are those on the chapter's page.
"""

import re
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

logger = logging.getLogger(__name__)

ADDRESS = re.compile(r"(?P<chapter>\w+)/(?P<cell>[\w-]+): (?P<words>.+?)(?: \[(?P<place>\d+)\])?")
NUMBER = re.compile(r"(?<![±\w.])-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")


class Quotation(nodes.Inline, nodes.TextElement):
    """Stands where the number will, until all pages are read."""


class Printed(SphinxRole):
    def run(self):
        address = ADDRESS.fullmatch(self.text)
        if not address:
            logger.warning(
                "printed: %r is no CHAPTER/CELL: WORDS [PLACE]", self.text, location=self.get_location()
            )
            return [], []
        self.env.note_dependency(f"notebooks/{address['chapter']}.ipynb")
        quotation = Quotation(self.rawtext, **address.groupdict())
        self.set_source_info(quotation)
        return [quotation], []


def quote(printed, words, place):
    """What stands there; None if nothing does.

    >>> quote("max     80.2 ±1.2 80.3 ±1.3", "max", 2)
    '80.3'
    """
    lines = [" ".join(line.split()) for line in printed.splitlines()]
    if place is None:
        return words if any(words in line for line in lines) else None
    for line in lines:
        rest = line.removeprefix(words)
        if line.startswith(words) and rest.startswith(" "):
            numbers = NUMBER.findall(rest)
            return numbers[place - 1].replace("-", "−") if place <= len(numbers) else None
    return None


def printed_in(env, chapter):
    """The text that each cell of a chapter printed, by the cells' names, as it stands on the chapter's page."""
    source = Path(env.srcdir) / f"notebooks/{chapter}.ipynb"
    if not source.exists():
        return {}
    names = [one.id for one in nbformat.read(source, as_version=4).cells]
    printed = {}
    for box in env.get_doctree(f"notebooks/{chapter}").findall(nodes.container):
        if box.get("nb_element") == "cell_code":
            outputs = box.findall(
                lambda node: isinstance(node, nodes.container) and "cell_output" in node["classes"]
            )
            printed[names[box["cell_index"]]] = "\n".join(
                text.astext() for output in outputs for text in output.findall(nodes.literal_block)
            )
    return printed


class Quote(SphinxPostTransform):
    default_priority = 5

    def run(self, **kwargs):
        quotations = list(self.document.findall(Quotation))
        outputs = {
            chapter: printed_in(self.env, chapter) for chapter in {node["chapter"] for node in quotations}
        }
        for node in quotations:
            printed = outputs[node["chapter"]].get(node["cell"])
            place = node["place"] and int(node["place"])
            text = None if printed is None else quote(printed, node["words"], place)
            if text is None:
                logger.warning("printed: the book has no %s", node.rawsource, location=node)
            node.replace_self(nodes.inline(text=text or "", classes=["printed"]))


def setup(app):
    app.add_node(Quotation)
    app.add_role("printed", Printed())
    app.add_post_transform(Quote)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
