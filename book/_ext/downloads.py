"""``{downloads}``: what a reader can take away, as far as ``make downloads`` has made it.

The files in `_build/downloads` are copied to the site's `downloads/`, and the page that lists them is made anew when
they change.
"""

import shutil
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

FORMS = {
    ".pdf": "The book as PDF, to print",
    ".epub": "The book as EPUB, for an e-reader",
    "-site.zip": "The site, to read from a folder without a network",
    "-notebooks.zip": "The notebooks with their library, to run",
}


def ready(folder: Path) -> list[tuple[str, str, int]]:
    """What is there: its words, its file's name and its bytes, in the order of FORMS."""
    return [
        (words, path.name, path.stat().st_size)
        for end, words in FORMS.items()
        for path in sorted(folder.glob(f"*{end}"))
    ]


class Downloads(SphinxDirective):
    def run(self):
        self.env.downloads = files = ready(folder_of(self.env.app))
        self.env.downloads_page = self.env.docname
        up = "../" * self.env.docname.count("/")
        items = "".join(
            f'<li><a href="{up}downloads/{name}" download>{words}</a> ({size / 1e6:.1f} MB)</li>'
            for words, name, size in files
        )
        hint = "<p>This copy of the site holds none of them. <code>make downloads</code> in the book’s repository makes all.</p>"
        body = f"<ul>{items}</ul>" if items else hint
        listed = nodes.raw("", f'<div class="downloads">{body}</div>', format="html")
        return [addnodes.only("", listed, expr="not epub")]


def folder_of(app) -> Path:
    return Path(app.doctreedir).parent / "downloads"


def changed(app, env, added, changed, removed):
    page = getattr(env, "downloads_page", None)
    return [page] if page and env.downloads != ready(folder_of(app)) else []


def copy(app, problem):
    if problem or app.builder.name != "html":
        return
    target = Path(app.outdir) / "downloads"
    shutil.rmtree(target, ignore_errors=True)
    if folder_of(app).exists():
        shutil.copytree(folder_of(app), target)


def setup(app):
    app.add_directive("downloads", Downloads)
    app.connect("env-get-outdated", changed)
    app.connect("build-finished", copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
