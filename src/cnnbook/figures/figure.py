"""What every interactive figure of the book is made of."""

import inspect
import math
import re
from numbers import Real
from pathlib import Path

import anywidget
import traitlets

_HERE = Path(__file__).parent
_IMPORT = re.compile(r'^import\s*\{[^}]*\}\s*from\s*"\./(\w+\.js)";\n', re.MULTILINE)
_NUMBER_LIMIT = 1000


# Stands between the texts of two files, so that the site can take them apart again and send each once.
SEAM = "/* ──── */\n"


def inline_imports(module: str) -> str:
    """Put the texts of what a module imports, ``./kit.js`` and its neighbours, before its own, each once.

    >>> 'from "./kit.js"' in inline_imports('import { clamp } from "./kit.js";\\nclamp(3, 0, 2);')
    False

    anywidget sends a module to the page as text, where a relative import has nothing to be relative
    to. On disk the imports stay, so every file is a valid module in an editor.
    """
    texts = {}

    def gather(text):
        for name in _IMPORT.findall(text):
            if name not in texts:
                imported = (_HERE / name).read_text(encoding="utf-8")
                texts[name] = gather(re.sub(r"^export ", "", imported, flags=re.MULTILINE))
        return _IMPORT.sub("", text)

    own = gather(module)
    return SEAM.join([*texts.values(), own])


def square_of_numbers(name: str, rows, largest_size: int) -> list[list[float]]:
    """The rows of a trait that holds a square of numbers, as lists of floats.

    >>> square_of_numbers("weight", [(0, 1), (2, 3)], largest_size=7)
    [[0.0, 1.0], [2.0, 3.0]]

    Raises:
        ValueError: for rows that make no square, a square of more than ``largest_size`` rows, or a number
            that is not from -1000 to 1000. It names the trait and the place.

    Used by ``ConvolutionExplorer`` and ``UpsamplingExplorer``, for the numbers that a reader may type.
    """
    if not isinstance(rows, list | tuple) or not all(isinstance(row, list | tuple) for row in rows):
        raise ValueError(f"{name} is {rows!r}; expected rows of numbers")
    if len(rows) > largest_size or any(len(row) != len(rows) for row in rows):
        shape = f"rows of lengths {[len(row) for row in rows]}"
        raise ValueError(f"{name} has {shape}; expected a square of at most {largest_size} by {largest_size}")
    for at, value in (
        (f"{name}[{i}][{j}]", value) for i, row in enumerate(rows) for j, value in enumerate(row)
    ):
        if not isinstance(value, Real) or not math.isfinite(value) or abs(value) > _NUMBER_LIMIT:
            raise ValueError(
                f"{at} is {value!r}; expected a finite number from -{_NUMBER_LIMIT} to {_NUMBER_LIMIT}"
            )
    return [[float(value) for value in row] for row in rows]


class Figure(anywidget.AnyWidget):
    """A figure whose state Python can read and set, and whose picture the page draws by itself.

    A subclass stands in ``NAME.py`` and declares synced traits. Its front end stands beside it in
    ``NAME.js`` (a module whose default export has ``render({ model, el })``) and ``NAME.css``.

    Raises:
        TypeError: for a keyword that names no trait.
        traitlets.TraitError: for a value outside a trait's bounds.
    """

    limits = traitlets.Dict(
        read_only=True, help="What each bounded trait admits, for the page's controls."
    ).tag(sync=True)

    @traitlets.default("limits")
    def _limits(self):
        limits = {}
        for name, trait in self.traits(sync=True).items():
            if isinstance(trait, traitlets.Enum):
                limits[name] = {"values": list(trait.values)}
            elif isinstance(trait, traitlets.Int | traitlets.Float) and {trait.min, trait.max}.isdisjoint(
                {None, float("inf")}
            ):
                limits[name] = {"min": trait.min, "max": trait.max}
        return limits

    def __init_subclass__(cls, **kwargs):
        if Figure in cls.__bases__:  # not the class that traitlets makes when anywidget adds a trait
            stem = Path(inspect.getfile(cls)).with_suffix("")
            module, style = (stem.with_suffix(end).read_text(encoding="utf-8") for end in (".js", ".css"))
            cls._esm = inline_imports(module)
            cls._css = (_HERE / "kit.css").read_text(encoding="utf-8") + SEAM + style
        super().__init_subclass__(**kwargs)

    def __init__(self, **kwargs):
        unknown = sorted(set(kwargs) - set(self.trait_names()))
        if unknown:
            own = sorted(set(self.trait_names()) - set(Figure.class_trait_names()))
            raise TypeError(
                f"{type(self).__name__} has no {', '.join(unknown)}; its traits are {', '.join(own)}"
            )
        super().__init__(**kwargs)
