"""Terms explain themselves: what the glossary says of a word is in the page that uses it.

A chapter writes ``[kernels](#term-kernel)``, which JupyterLab shows as a plain link, where it has a warning for the
role ``{term}``. On the site the word links to its entry in the glossary and is described by a tooltip, which
`book/assets/terms.js` opens. Each entry of the glossary says which pages use it.
"""

from html import escape

from docutils import nodes
from sphinx.addnodes import pending_xref

GLOSSARY = "book/glossary"


class term_link(nodes.reference):
    """A reference to an entry of the glossary, described by the tooltip of the same name."""


def visit_term_link(translator, node):
    described = {"aria-describedby": f"about-{node['term']}"}
    translator.body.append(translator.starttag(node, "a", "", href=node["href"], **described))


def depart_term_link(translator, node):
    translator.body.append("</a>")


def entries(doctree):
    """The ids of each entry's terms, and its definition, whose first paragraph is what a tooltip says."""
    for item in doctree.findall(nodes.definition_list_item):
        ids = [term["ids"][0] for term in item.findall(nodes.term)]
        if ids:
            yield ids, next(item.findall(nodes.definition))


def name_targets(app, doctree):
    """Let ``#term-kernel`` lead to the entry from every page."""
    if app.env.docname == GLOSSARY:
        labels = app.env.get_domain("std").anonlabels
        for ids, _ in entries(doctree):
            labels |= {term.lower(): (GLOSSARY, term) for term in ids}


def collect(app, env):
    """Note what each term means and which pages use it, in the book's order.

    Both stand in other pages than where they come from. So when either has changed, all pages are written anew. A book
    without a glossary has no terms.
    """
    if GLOSSARY not in env.found_docs:
        env.terms = {}, {}
        return []
    found = entries(env.get_doctree(GLOSSARY))
    meanings = {term: definition[0].astext() for ids, definition in found for term in ids}
    targets = {
        page: {xref["reftarget"] for xref in env.get_doctree(page).findall(pending_xref)}
        for page in env.collect_relations()
        if page != GLOSSARY
    }
    users = {term: [page for page in targets if term.lower() in targets[page]] for term in meanings}
    if (meanings, users) == getattr(env, "terms", None):
        return []
    env.terms = meanings, users
    return env.found_docs


def link_terms(app, doctree, docname):
    """Turn references to the glossary into term links; a page's first mention of a term can be linked to."""
    meanings, users = app.env.terms
    mentioned = set()
    for reference in list(doctree.findall(nodes.reference)):
        href = reference.get("refuri") or f"#{reference.get('refid')}"
        term = href.rpartition("#")[2]
        if term in meanings:
            ids = [] if term in mentioned else [f"uses-{term}"]
            mentioned.add(term)
            reference.replace_self(
                term_link("", "", *reference.children, href=href, term=term, ids=ids, classes=["term"])
            )
    if docname == GLOSSARY:
        for ids, definition in entries(doctree):
            definition += link_back(app, ids, users)


def link_back(app, ids, users):
    """A line that links to the pages which use one of an entry's terms, if there are any."""
    places = {page: term for term in ids for page in users[term]}
    line = nodes.paragraph("", "Used in ", classes=["used-in"])
    for page, term in places.items():
        line += [nodes.Text("\N{NO-BREAK SPACE}· ")] if len(line) > 1 else []
        uri = f"{app.builder.get_relative_uri(GLOSSARY, page)}#uses-{term}"
        line += nodes.reference("", app.env.titles[page].astext(), refuri=uri, internal=True)
    return [line] if places else []


def add_tooltips(app, pagename, templatename, context, doctree):
    """Put the meaning of each term that a page uses into the page, once."""
    if doctree:
        for term in sorted({link["term"] for link in doctree.findall(term_link)}):
            tooltip = f'<div class="about-term" id="about-{term}" role="tooltip" popover="manual">'
            context["body"] += f"{tooltip}{escape(app.env.terms[0][term])}</div>\n"


def setup(app):
    app.add_node(term_link, html=(visit_term_link, depart_term_link))
    app.add_js_file("terms.js", loading_method="defer")
    app.connect("doctree-read", name_targets)
    app.connect("env-updated", collect)
    app.connect("doctree-resolved", link_terms)
    app.connect("html-page-context", add_tooltips)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
