"""Typeset mathematics at build time as MathML, which every current browser draws: no script, no other host."""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert
from sphinx.util import logging

logger = logging.getLogger(__name__)


def _mathml(translator, node, display):
    try:
        return convert(node.astext(), display=display)
    except Exception as problem:
        logger.warning("mathematics not understood: %s: %r", node.astext(), problem, location=node)
        return node.astext()


def inline(translator, node):
    translator.body.append(_mathml(translator, node, "inline"))
    raise SkipNode


def block(translator, node):
    translator.body.append(f'<div class="math-block">{_mathml(translator, node, "block")}</div>')
    raise SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
