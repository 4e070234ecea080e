"""Where the site's HTML differs from what docutils and the theme make: mathematics as MathML, citations without a role that
ARIA withdrew, and buttons that need no menu.

MathML is made at build time and drawn by every current browser: no script, no other host.
"""

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging

logger = logging.getLogger(__name__)


def mathml(node, display):
    try:
        markup = convert(node.astext(), display=display)
    except Exception as problem:
        logger.warning("mathematics not understood: %s: %r", node.astext(), problem, location=node)
        return node.astext()
    if "<mi>&</mi>" in markup:  # what is left of an environment such as aligned
        logger.warning("environment not understood: %s", node.astext(), location=node)
    return markup


def inline_math(translator, node):
    translator.body.append(mathml(node, "inline"))
    raise nodes.SkipNode


def display_math(translator, node):
    translator.body.append(f'<div class="math-block">{mathml(node, "block")}</div>')
    raise nodes.SkipNode


def visit_citation(translator, node):
    translator.body.append(translator.starttag(node, "div", CLASS="citation"))


def depart_citation(translator, node):
    translator.body.append("</div>\n")


def lay_out_buttons(app, pagename, templatename, context, doctree):
    """The buttons of the theme's menu stand beside the others: a menu would need Bootstrap's script."""
    groups = [button.get("buttons", [button]) for button in context["header_buttons"]]
    context["header_buttons"] = [button for group in groups for button in group]


def setup(app):
    app.add_html_math_renderer(
        "mathml", inline_renderers=(inline_math, None), block_renderers=(display_math, None)
    )
    app.add_node(nodes.citation, override=True, html=(visit_citation, depart_citation))
    app.connect("html-page-context", lay_out_buttons, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
