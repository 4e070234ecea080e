"""A page's figures come when the reader comes near them.

MyST-NB embeds the state of all widgets in the page: modules, style sheets, photographs, the weights of networks. Here
each figure becomes a *place* in the page, which holds its small traits and names its *parts*. A part is a file named
after its content, so what figures and pages share travels once, and a browser may keep it. It is a script that hands
its content over, since a page opened from a folder may load scripts but fetch nothing. `book/assets/host.js` does
the rest. A lab, which needs Python, becomes a picture of its outcome.
"""

import base64
import hashlib
import html
import io
import json
import re
from pathlib import Path

from myst_nb.sphinx_ import NbMetadataCollector
from PIL import Image

from cnnbook.figures.figure import SEAM

_VIEW = re.compile(r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>')
_PNG = re.compile(r'<img (?P<before>[^>]*)src="(?P<address>[^"]*_images)/(?P<name>[^"/]+\.png)"')
_SMALL = 1000  # letters of a trait that stays in the page
_LAB_PICTURE = "What the lab shows at its default setting"
_LAB = (
    "This is a lab: it needs Python. Above is its outcome at the default setting. To use its controls, run this "
    "chapter in JupyterLab with “make lab”."
)


class Parts(dict):
    """What the places of a page name: contents by the name of their file, which follows from the content."""

    def add(self, content) -> str:
        """A part's name; the same content has the same name on every page."""
        name = f"{hashlib.sha256(_json(content).encode()).hexdigest()[:12]}.js"
        self[name] = content
        return name

    def script(self, name) -> str:
        """The script that hands a part over to host.js."""
        return f'(globalThis.cnnbookParts ??= {{}})["{name}"] = {_json(self[name])};\n'


def place(state, parts) -> str:
    """A figure's place in a page, for host.js to fill; `state` is the widget's, what is large goes to `parts`.

    >>> place({"_esm": "export default {}", "_css": "", "stride": 2}, Parts())[-42:]
    '{"stride": 2}, "parts": {}}</script></div>'
    """
    figure = {"module": [], "style": [], "traits": {}, "parts": {}}
    for name, value in state.items():
        if name in ("_esm", "_css"):
            texts = [text for text in value.split(SEAM) if text.strip()]
            figure["module" if name == "_esm" else "style"] = [parts.add(text) for text in texts]
        elif len(_json(value)) > _SMALL:
            figure["parts"][name] = parts.add(value)
        elif not name.startswith("_"):
            figure["traits"][name] = value
    text = _json(figure).replace("<", "\\u003c")  # no tag, not even the start of a comment, to an HTML parser
    return f'<div class="cnnbook-place"><script type="application/json">{text}</script></div>'


def _json(value):
    return json.dumps(value, ensure_ascii=False).replace("</", "<\\/")


def _family(widget, states):
    """The states below a widget, its own included: an ipywidgets box holds references such as "IPY_MODEL_1f…"."""
    yield states[widget]
    for child in states[widget].get("children", ()):
        yield from _family(child.removeprefix("IPY_MODEL_"), states)


def _lab(widget, states, folder, address):
    """What a lab gave at its default setting, and how to run it."""
    shown = []
    for state in _family(widget, states):
        for output in state.get("outputs", ()):
            data = output.get("data", {"text/plain": output.get("text", "")})
            if "image/png" in data:
                picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
                shown.append(f'<img {_attributes(picture, folder, address)} alt="{_LAB_PICTURE}">')
            elif data.get("text/plain"):
                shown.append(f"<pre>{html.escape(data['text/plain'])}</pre>")
    return f'<div class="cnnbook-lab">{"".join(shown)}<p>{_LAB}</p></div>'


def _attributes(picture, folder, address):
    """A picture's file, WebP, which keeps every pixel in three fifths of a PNG's bytes, and its size: so it may come when
    the reader is near, and shifts nothing."""
    name = f"{hashlib.sha256(picture.tobytes()).hexdigest()[:12]}.webp"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / name).exists():
        picture.save(folder / name, lossless=True)
    return f'src="{address}/{name}" width="{picture.width}" height="{picture.height}" loading="lazy"'


def take_apart(app, pagename, templatename, context, doctree):
    """Put places where MyST-NB put views, and write their parts; comes before MyST-NB embeds the state."""
    embedded = NbMetadataCollector.get_js_files(app.env, pagename).pop("ipywidgets_state", None)
    if embedded is None:
        return
    states = {key: model["state"] for key, model in json.loads(embedded[1]["body"])["state"].items()}
    folder = Path(app.outdir) / "_static/figures"
    folder.mkdir(parents=True, exist_ok=True)
    images, address = Path(app.outdir) / "_images", context["pathto"]("_images", resource=True)
    parts = Parts()

    def shown(match):
        widget = json.loads(match[1])["model_id"]
        if "_esm" in states[widget]:
            return place(states[widget], parts)
        return _lab(widget, states, images, address)

    context["body"] = _VIEW.sub(shown, context["body"])
    for name in parts:
        (folder / name).write_text(parts.script(name), encoding="utf-8")


def make_pictures_light(app, pagename, templatename, context, doctree):
    """The pictures that cells drew, as `_attributes` has them."""
    sources = {name: source for source, name in app.builder.images.items()}

    def light(match):
        picture = Image.open(Path(app.srcdir) / sources[match["name"]])
        return f"<img {match['before']}{_attributes(picture, Path(app.outdir) / '_images', match['address'])}"

    if "body" in context and app.builder.name == "html":
        context["body"] = _PNG.sub(light, context["body"])


def setup(app):
    app.connect("html-page-context", take_apart, priority=400)
    app.connect("html-page-context", make_pictures_light)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
