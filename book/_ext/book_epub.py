"""Sphinx's EPUB builder, for a book whose pages lie in folders and hold MathML and living figures.

No script runs in an EPUB. A figure is a picture of its opening state there, a quiz a list with its answers.
`python -m press epub` takes the pictures on the built site and writes beside them `figures.json`: for every page the
figures in their order, each with its picture's name and what it says in words.
"""

import json
import posixpath
import re
import shutil
from pathlib import Path

from docutils import nodes
from myst_nb.core.render import WIDGET_VIEW_MIMETYPE
from myst_nb.sphinx_ import HideCodeCellNode, NbMetadataCollector
from sphinx.builders.epub3 import Epub3Builder

_NOTE = (
    "A still picture. The figure itself moves on the book’s site, page {page}, and in JupyterLab (make lab)."
)


STYLES = ("pygments.css", "book.css")


class BookEpubBuilder(Epub3Builder):
    def get_toc(self):
        """Without this ``book/../notebooks/pooling.xhtml``, which no file of the book is called."""
        super().get_toc()
        for node in self.refnodes:
            node["refuri"] = posixpath.normpath(node["refuri"])

    def build_content(self):
        """The files that no page uses are left out; a page that holds MathML gets the mark that EPUB asks for."""
        static = Path(self.outdir) / "_static"
        for path in set(static.iterdir()) - {static / name for name in STYLES}:
            path.unlink() if path.is_file() else shutil.rmtree(path)
        super().build_content()
        package = Path(self.outdir) / "content.opf"
        text = package.read_text(encoding="utf-8")
        for name in self.files:
            if name.endswith(".xhtml") and "<math" in (Path(self.outdir) / name).read_text(encoding="utf-8"):
                text = re.sub(rf'(<item [^>]*href="{re.escape(name)}")', r'\1 properties="mathml"', text)
        package.write_text(text, encoding="utf-8")


def own_styles(app, pagename, templatename, context, doctree):
    """The book's own styles alone: what extensions bring is about buttons that are not there."""
    if app.builder.name == "epub":
        context["css_files"] = [file for file in context["css_files"] if Path(file.filename).name in STYLES]


def replace_figures(app, doctree, docname):
    if app.builder.name != "epub":
        return
    folder = Path(app.builder.doctreedir).parent / "stills"
    stills = json.loads((folder / "figures.json").read_text(encoding="utf-8"))[docname]
    views = [node for node in doctree.findall(nodes.raw) if WIDGET_VIEW_MIMETYPE in node.astext()]
    for view, still in zip(views, stills, strict=True):
        view.replace_self(
            quiz(still["questions"]) if still["questions"] else picture(app, docname, folder, still)
        )
    for hidden in list(doctree.findall(HideCodeCellNode)):  # the call that makes a figure
        hidden.parent.remove(hidden)
    for section in doctree.findall(
        nodes.section
    ):  # sphinx_exercise gives all exercises of a page the same id
        section["ids"] = [
            name for name in section["ids"] if name not in ("exercise-content", "solution-content")
        ]
    NbMetadataCollector.get_js_files(app.env, docname).pop("ipywidgets_state", None)


def picture(app, docname, folder, still):
    path = (folder / still["picture"]).relative_to(app.srcdir).as_posix()
    app.builder.env.images.add_file(docname, path)
    image = nodes.image(uri=path, candidates={"*": path}, alt=still["says"])
    note = nodes.paragraph("", _NOTE.format(page=docname), classes=["note"])
    return nodes.container("", image, note, classes=["still"])


def quiz(questions):
    items = []
    for question in questions:
        choices = nodes.enumerated_list(enumtype="loweralpha", prefix="", suffix=".")
        for choice, why in zip(question["choices"], question["why"], strict=True):
            text = nodes.paragraph("", "", nodes.Text(choice), nodes.Text(" "), nodes.emphasis("", why))
            choices += nodes.list_item("", text)
        items += [nodes.paragraph("", "", nodes.strong("", question["question"])), choices]
    return nodes.container("", *items, classes=["quiz"])


def setup(app):
    app.add_builder(BookEpubBuilder, override=True)
    app.connect("doctree-resolved", replace_figures)
    app.connect("html-page-context", own_styles, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
