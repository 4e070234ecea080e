"""What the site has once it is published: buttons that open a chapter elsewhere, canonical links, a sitemap, a card.

The workflow says where it is: GITHUB_SERVER_URL and GITHUB_REPOSITORY, as GitHub Actions sets them, and CNNBOOK_URL, the
site's own address. Where they are not set, no page names an address.
"""

import os
import textwrap
from pathlib import Path
from xml.sax.saxutils import escape

from docutils import nodes

LAUNCH_BRANCH = "launch"  # .github/launch.py writes what it holds
CARD = "_static/card.png"


def name_addresses(app, config):
    config.html_baseurl = os.environ.get("CNNBOOK_URL", "")
    server, repository = os.environ.get("GITHUB_SERVER_URL"), os.environ.get("GITHUB_REPOSITORY")
    if not (server and repository):
        return
    config.html_theme_options |= {
        "repository_url": f"{server}/{repository}",
        "repository_provider": "github",
        "repository_branch": LAUNCH_BRANCH,
        "use_repository_button": True,
    }
    if server == "https://github.com":  # Colab opens notebooks from nowhere else
        config.html_theme_options["launch_buttons"] = {
            "colab_url": "https://colab.research.google.com",
            "binderhub_url": "https://mybinder.org",
            "notebook_interface": "jupyterlab",
        }


def describe(app, page, template, context, doctree):
    """Give the template a page's first paragraph and the card's address; open only notebooks elsewhere."""
    paragraph = doctree and next(doctree.findall(nodes.paragraph), None)
    if paragraph:
        context["description"] = textwrap.shorten(paragraph.astext(), 200, placeholder=" …")
    if app.config.html_baseurl:
        context["card"] = app.config.html_baseurl.rstrip("/") + "/" + CARD
    # Colab does not open a page that is written in Markdown.
    if context.get("page_source_suffix") != ".ipynb":
        buttons = context["header_buttons"]
        buttons[:] = [button for button in buttons if button.get("label") != "launch-buttons"]


def write_sitemap_and_card(app, problem):
    if problem or app.builder.name != "html" or not app.config.html_baseurl:
        return
    base = app.config.html_baseurl.rstrip("/")
    addresses = [f"{base}/{app.builder.get_target_uri(page)}" for page in sorted(app.env.found_docs)]
    lines = "".join(f"  <url><loc>{escape(address)}</loc></url>\n" for address in addresses)
    sitemap = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{lines}</urlset>\n'
    Path(app.outdir, "sitemap.xml").write_text(sitemap, encoding="utf-8")
    draw_card(Path(app.outdir, CARD), app.config.html_title)


def draw_card(path, title):
    """What a message shows beside a link to the book: its title, the cat, and the cat's vertical edges; 1200 × 630."""
    import numpy as np
    from matplotlib.figure import Figure

    from cnnbook import data, ops
    from cnnbook.plots import COLORS, SIGNED

    cat = data.cat()
    kernel = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    edges = ops.conv2d(cat.mean(axis=2)[None], kernel[None, None])[0]
    card = Figure(figsize=(12, 6.3), dpi=100, facecolor="white")
    card.text(0.06, 0.55, textwrap.fill(title, 16), size=50, weight="bold", va="center", linespacing=1.25)
    card.text(0.06, 0.16, "An interactive textbook", size=26, color="#555")
    for bottom, picture, colour in ((0.51, cat, "input"), (0.06, edges, "output")):
        axes = card.add_axes((0.63, bottom, 0.33, 0.43), xticks=[], yticks=[])
        axes.imshow(picture, cmap=SIGNED, vmin=-250, vmax=250)
        axes.spines[:].set(color=COLORS[colour], linewidth=5)
    card.savefig(path)


def setup(app):
    app.connect("config-inited", name_addresses)
    app.connect("html-page-context", describe, priority=502)  # the theme adds its buttons at 501
    app.connect("build-finished", write_sitemap_and_card)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
