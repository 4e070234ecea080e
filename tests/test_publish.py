"""What is published: addresses only where they are known, notebooks that install the book on Colab, workflows, licences."""

import ast
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup
from notebook_file import write_notebook
from PIL import Image

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ADDRESSES = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "someone/somewhere",
    "CNNBOOK_URL": "https://someone.example/somewhere",
}
TITLE = "How Convolutional Networks See"
LAUNCH = "a[title^='Launch on']"


def read_yaml(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


# A book of two pages


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """``build(GITHUB_REPOSITORY="a/b", ...)``: the folder of the built pages ``book/intro`` and ``notebooks/one``."""

    def build_book(**addresses):
        home = tmp_path_factory.mktemp("book")
        shutil.copy(ROOT / "_config.yml", home)
        shutil.copytree(ROOT / "book", home / "book", ignore=shutil.ignore_patterns("*.md", "__pycache__"))
        (home / "notebooks").mkdir()
        (home / "_toc.yml").write_text(
            "format: jb-book\nroot: book/intro\nchapters:\n- file: notebooks/one\n", encoding="utf-8"
        )
        (home / "book/intro.md").write_text(
            "# Welcome\n\nA page with a < b & more.\n\nAnother.\n", encoding="utf-8"
        )
        cells = [nbformat.v4.new_markdown_cell("# One < two\n\n" + "A word, and " * 40)]
        write_notebook(home / "notebooks/one.ipynb", cells)
        environment = {key: value for key, value in os.environ.items() if key not in ADDRESSES}
        command = [BIN / "jupyter-book", "build", ".", "-W", "--keep-going"]
        log = subprocess.run(
            command, cwd=home, env=environment | addresses, capture_output=True, text=True, check=False
        )
        assert log.returncode == 0, log.stdout[-2000:] + log.stderr[-2000:]
        return home / "_build/html"

    return build_book


@pytest.fixture(scope="module")
def published(build):
    return build(**ADDRESSES)


@pytest.fixture(scope="module")
def private(build):
    return build()


def page(folder, name):
    return BeautifulSoup((folder / name).read_text(encoding="utf-8"), "html.parser")


def meta(soup):
    tags = soup.select("head meta[name], head meta[property]")
    return {tag.get("name") or tag.get("property"): tag["content"] for tag in tags}


def test_buttons_open_a_chapter_on_colab_and_binder_where_the_repository_is_known(published):
    chapter, intro = page(published, "notebooks/one.html"), page(published, "book/intro.html")
    links = {link.get_text(strip=True): link["href"] for link in chapter.select(LAUNCH)}
    assert links == {
        "Binder": "https://mybinder.org/v2/gh/someone/somewhere/launch?urlpath=lab/tree/notebooks/one.ipynb",
        "Colab": "https://colab.research.google.com/github/someone/somewhere/blob/launch/notebooks/one.ipynb",
    }
    for soup in (chapter, intro):
        assert (
            soup.select_one("a.btn-source-repository-button")["href"]
            == "https://github.com/someone/somewhere"
        )
    assert intro.select(LAUNCH) == []


def test_every_icon_of_the_head_is_drawn(published):
    style = (ROOT / "book/assets/book.css").read_text(encoding="utf-8")
    icons = page(published, "notebooks/one.html").select("header i, .bd-header-article i")
    names = {name for icon in icons for name in icon["class"] if name.startswith("fa-")} - {
        "fa-solid",
        "fa-lg",
    }
    assert "fa-github" in names
    assert {name for name in names if f".{name} {{" not in style} == set()


def test_addresses_are_in_the_head_the_sitemap_and_the_card_where_the_site_s_own_is_known(published):
    base = ADDRESSES["CNNBOOK_URL"]
    for name, title in (("book/intro.html", "Welcome"), ("notebooks/one.html", "One < two")):
        soup = page(published, name)
        tags = meta(soup)
        assert soup.select_one("link[rel=canonical]")["href"] == tags["og:url"] == f"{base}/{name}"
        assert (tags["og:title"], tags["og:site_name"]) == (title, TITLE)
        assert tags["og:description"] == tags["description"]
        assert tags["og:image"] == f"{base}/_static/card.png"
    sitemap = BeautifulSoup((published / "sitemap.xml").read_text(encoding="utf-8"), "html.parser")
    assert [place.text for place in sitemap.select("url > loc")] == [
        f"{base}/book/intro.html",
        f"{base}/notebooks/one.html",
    ]
    with Image.open(published / "_static/card.png") as card:
        assert card.size == (1200, 630)


def test_a_site_whose_address_is_unknown_names_none(private):
    assert not (private / "sitemap.xml").exists() and not (private / "_static/card.png").exists()
    for name in ("book/intro.html", "notebooks/one.html"):
        soup = page(private, name)
        assert soup.select(f"link[rel=canonical], {LAUNCH}, .btn-source-repository-button") == []
        assert [key for key in meta(soup) if key.startswith(("og:", "twitter:"))] == []


def test_a_server_of_one_s_own_gets_a_link_but_no_buttons(build):
    soup = page(build(**ADDRESSES | {"GITHUB_SERVER_URL": "https://git.example"}), "notebooks/one.html")
    assert (
        soup.select_one("a.btn-source-repository-button")["href"] == "https://git.example/someone/somewhere"
    )
    assert soup.select(LAUNCH) == []


def test_each_page_is_described_by_its_first_paragraph(private):
    assert meta(page(private, "book/intro.html"))["description"] == "A page with a < b & more."
    cut = meta(page(private, "notebooks/one.html"))["description"]
    assert cut.startswith("A word, and A word") and cut.endswith(" …") and len(cut) <= 200
    assert TITLE in meta(page(private, "search.html"))["description"]


# The notebooks on Colab


@pytest.fixture
def launched(tmp_path, monkeypatch):
    """The notebooks as the branch `launch` holds them."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks", ignore=shutil.ignore_patterns(".*"))
    for name, value in (ADDRESSES | {"GITHUB_SHA": "0123abc"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location("launch", ROOT / ".github/launch.py")
    launch = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(launch)
    launch.main()
    return tmp_path / "notebooks"


def test_the_launched_notebooks_install_this_very_commit(launched):
    for path in NOTEBOOKS:
        text = (launched / path.name).read_text(encoding="utf-8")
        notebook, original = nbformat.reads(text, as_version=4), nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert notebook.cells[1:] == original.cells and notebook.metadata == original.metadata
        assert '"cnnbook @ git+https://github.com/someone/somewhere@0123abc"' in notebook.cells[0].source


COLAB = """
import json, sys, types
from IPython.core.interactiveshell import InteractiveShell

sources, on_colab = json.load(sys.stdin)
if on_colab:
    colab, output = types.ModuleType("google.colab"), types.ModuleType("google.colab.output")
    output.enable_custom_widget_manager = lambda: print("custom widgets on")
    output._widgets = types.SimpleNamespace(_installed_url="manager.js")
    sys.modules |= {"google.colab": colab, "google.colab.output": output}
shell = InteractiveShell.instance()
shell.register_magic_function(lambda line: print("pip", line), magic_name="pip")
for source in sources:
    shell.run_cell(source).raise_error()
"""


@pytest.mark.parametrize("on_colab", [True, False])
def test_the_first_cells_run_on_colab_and_elsewhere(launched, tmp_path, on_colab):
    cells = nbformat.read(launched / "convolution.ipynb", as_version=4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    figure = next(source for source in code if source.startswith("ConvolutionExplorer("))
    run = subprocess.run(
        [sys.executable, "-c", COLAB],
        input=json.dumps([[*code[:2], figure], on_colab]),
        env=os.environ | {"IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    # Figures are anywidgets, which ask Colab for its manager of custom widgets by themselves.
    said = [line.split()[0] for line in run.stdout.splitlines() if line.startswith(("pip", "custom"))]
    assert said == (["pip", "custom"] if on_colab else [])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_figure_is_made_and_shown_in_one_cell(path):
    """Colab loses a widget that one cell makes and another shows."""
    code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    for source in code:
        *before, last = ast.parse(source).body or [None]
        if isinstance(last, ast.Expr) and isinstance(last.value, ast.Name):
            made = {node.id for part in before for node in ast.walk(part) if isinstance(node, ast.Name)}
            assert last.value.id in made, source


# The workflows and the hooks


def steps(path):
    return [step for job in read_yaml(path)["jobs"].values() for step in job["steps"]]


def commands(path):
    return [line.strip() for step in steps(path) for line in step.get("run", "").splitlines() if line.strip()]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_pins_its_actions_and_may_do_little(path):
    workflow = read_yaml(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"]) for step in steps(path) if "uses" in step)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_calls_the_commands_of_the_readme(path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert (ROOT / ".ci/run").read_text(encoding="utf-8").rstrip().endswith("\nmake test")
    assert ".ci/run" in commands(path)
    assert [line for line in commands(path) if line.startswith("make ") and line not in readme] == []
    scripts = [ROOT / line for line in commands(path) if line.startswith((".ci/", ".github/"))]
    assert all(os.access(script, os.X_OK) for script in scripts)


def test_only_what_reaches_main_is_published_and_the_notebooks_before_the_site():
    workflow = read_yaml(ROOT / ".github/workflows/publish.yml")
    assert workflow[True] == {"push": {"branches": ["main"]}, "pull_request": None}  # YAML reads `on` as true
    jobs = workflow["jobs"]
    assert jobs["deploy"]["needs"] == ["build", "launch"] and jobs["launch"]["needs"] == "build"
    assert all("event_name == 'push'" in jobs[name]["if"] for name in ("launch", "deploy"))
    writes = {name: [k for k, v in job["permissions"].items() if v == "write"] for name, job in jobs.items()}
    assert writes == {"build": [], "launch": ["contents"], "deploy": ["pages", "id-token"]}


def pins():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def test_the_weekly_run_installs_what_the_book_asks_for_by_name(tmp_path):
    (sed,) = [line for line in commands(ROOT / ".github/workflows/fresh.yml") if line.startswith("sed")]
    subprocess.run(sed.replace("asked_for.txt", str(tmp_path / "names")), shell=True, cwd=ROOT, check=True)
    names = (tmp_path / "names").read_text(encoding="utf-8").split()
    assert {"jupyter-book", "torch", "pytest"} <= set(names) < set(pins()) and "zipp" not in names


def test_the_hooks_are_the_tools_that_requirements_pin():
    config = ROOT / ".pre-commit-config.yaml"
    subprocess.run([BIN / "pre-commit", "validate-config", config], check=True)
    (repository,) = read_yaml(config)["repos"]
    entries = {hook["id"]: hook["entry"] for hook in repository["hooks"]}
    assert repository["repo"] == "local"
    assert {entry.split()[0] for entry in entries.values()} == {
        f".venv/bin/{tool}" for tool in ("ruff", "nbstripout", "codespell")
    }
    assert {"ruff", "nbstripout", "codespell", "pre-commit"} <= set(pins())
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(f"\t$(BIN)/{tool}" in makefile for tool in ("ruff check", "ruff format", "codespell"))


def test_the_hook_leaves_the_notebooks_as_they_are():
    hooks = read_yaml(ROOT / ".pre-commit-config.yaml")["repos"][0]["hooks"]
    (entry,) = [hook["entry"] for hook in hooks if hook["id"] == "nbstripout"]
    options = entry.split()[1:]
    subprocess.run([BIN / "nbstripout", "--verify", *options, *NOTEBOOKS], check=True)


# Licences and citation


def test_the_licences_are_whole_and_named_where_readers_look():
    text = (ROOT / "LICENSE-TEXT").read_text(encoding="utf-8")
    assert text.startswith("Creative Commons Attribution 4.0 International\n")
    assert re.findall(r"^Section (\d) – ", text, re.M) == list("12345678")
    assert text.rstrip().endswith("Creative Commons may be contacted at creativecommons.org.")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(name in readme for name in ("`LICENSE`", "`LICENSE-TEXT`", "`book/assets/fonts/OFL.txt`"))
    footer = read_yaml(ROOT / "_config.yml")["sphinx"]["config"]["html_theme_options"]["extra_footer"]
    assert "CC BY 4.0" in footer and "MIT" in footer


def test_the_citation_has_what_its_format_asks_for_and_the_package_s_version():
    citation = read_yaml(ROOT / "CITATION.cff")
    assert {"authors", "cff-version", "message", "title"} <= set(citation)
    assert all(author.get("name") or author.get("family-names") for author in citation["authors"])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation["version"] == project["version"] and citation["title"] == TITLE
    assert citation["license"] == [project["license"], "CC-BY-4.0"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", str(citation["date-released"]))
