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
    """The ids of each entry's terms, and its definition."""
    for item in doctree.findall(nodes.definition_list_item):
        ids = [term["ids"][0] for term in item.findall(nodes.term)]
        if ids:
            yield ids, next(item.findall(nodes.definition))


def name_targets(app, doctree):
    """Let ``#term-kernel`` lead to the entry from every page."""
    if app.env.docname == GLOSSARY:
        labels = app.env.get_domain("std").anonlabels
        for ids, _ in entries(doctree):
            labels |= {name.lower(): (GLOSSARY, name) for name in ids}


def definitions(env):
    """The definition of each term, as plain text: the first paragraph of its entry."""
    found = entries(env.get_doctree(GLOSSARY))
    return {name: definition[0].astext() for ids, definition in found for name in ids}


def link_terms(app, doctree, docname):
    """Turn references to the glossary into term links; a page's first mention of a term can be linked to."""
    known, mentioned = definitions(app.env), set()
    for reference in list(doctree.findall(nodes.reference)):
        href = reference.get("refuri") or f"#{reference.get('refid')}"
        term = href.rpartition("#")[2]
        if term in known:
            ids = [] if term in mentioned else [f"uses-{term}"]
            mentioned.add(term)
            reference.replace_self(
                term_link("", "", *reference.children, href=href, term=term, ids=ids, classes=["term"])
            )
    if docname == GLOSSARY:
        link_back(app, doctree)


def link_back(app, doctree):
    """Say in each entry which pages use its terms, in the book's order."""
    users = [(page, terms_in(app.env, page)) for page in app.env.collect_relations() if page != GLOSSARY]
    for ids, definition in entries(doctree):
        line = nodes.paragraph("", "Used in ", classes=["used-in"])
        for page, used in users:
            if name := next((name for name in ids if name.lower() in used), None):
                line += [nodes.Text(" · ")] if len(line) > 1 else []
                uri = f"{app.builder.get_relative_uri(GLOSSARY, page)}#uses-{name}"
                line += nodes.reference("", app.env.titles[page].astext(), refuri=uri, internal=True)
        if len(line) > 1:
            definition += line


def terms_in(env, page):
    return {xref["reftarget"] for xref in env.get_doctree(page).findall(pending_xref)}


def add_tooltips(app, pagename, templatename, context, doctree):
    if doctree:
        known = definitions(app.env)
        for term in sorted({link["term"] for link in doctree.findall(term_link)}):
            tooltip = f'<div class="about-term" id="about-{term}" role="tooltip" popover="manual">'
            context["body"] += f"{tooltip}{escape(known[term])}</div>\n"


def all_pages(app, env):
    """A definition stands in other pages than the glossary's: write all of them anew, read or not."""
    return env.found_docs


def setup(app):
    app.add_node(term_link, html=(visit_term_link, depart_term_link))
    app.add_js_file("terms.js", loading_method="defer")
    app.connect("doctree-read", name_targets)
    app.connect("doctree-resolved", link_terms)
    app.connect("html-page-context", add_tooltips)
    app.connect("env-updated", all_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
