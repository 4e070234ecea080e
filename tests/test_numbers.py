"""Every number that the text claims stands in a cell of the same chapter, or in what the cell printed.

A claim is a number with a decimal point, a thousands comma, or a unit. No claims are formulas, code, headings, questions,
words in quotation marks, and the sections of other books. What stands in a sentence with a citation is quoted from there, and
the page may repeat it. An equation in the text, such as 7 · 7 · 512 = 25,088, is worked out here.
"""

import functools
import re
from pathlib import Path

import nbformat
import pytest
from site_server import soup

ROOT = Path(__file__).parent.parent
PAGES = sorted([*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "book").glob("*.md")])

UNITS = {
    "%": 1e-2, "k": 1e3, "M": 1e6, "G": 1e9, "million": 1e6, "billion": 1e9,
    "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30,
    "px": 1, "pixels": 1, "times": 1, "s": 1, "ms": 1e-3,
    "weights": 1, "parameters": 1, "biases": 1, "MACs": 1,
}  # fmt: skip
CLAIM = re.compile(rf"(?<![\w.,])(\d+(?:,\d{{3}})*(?:\.\d+)?)(?!\w)(?:[ \n-]?({'|'.join(UNITS)})(?!\w))?")
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
CITATION = re.compile(r"\{cite:\w+\}`[^`]*`")
CODE_CELL = re.compile(r"```\{code-cell\}.*?^```$", re.S | re.M)
EQUATION = re.compile(r"(?<![\w.,(])(?<![·×/+−=] )([\d(][\d,. ()·×/+−]*[\d)]) = (\d+(?:,\d{3})*(?:\.\d+)?)")
OPERATORS = str.maketrans("·×−", "**-", ",")
NO_CLAIM = re.compile(
    "|".join(
        [
            r"^```python.*?^```$",
            r"\$\$.*?\$\$|\$[^$]+\$",
            r"`[^`]*`",
            r"^ *#+ [^\n]*$",
            r'"[^"\n]*"',
            r"\]\([^)]*\)",  # the address of a link
            r"\b[Ss]ections? [\d.]*\d(?: (?:to|and) [\d.]*\d)?",
        ]
    ),
    re.S | re.M,
)


def cells_and_prose(path):
    """The code of a page, and its text with the words that stand for its pictures."""
    if path.suffix == ".md":
        text = path.read_text(encoding="utf-8")
        return " ".join(CODE_CELL.findall(text)), CODE_CELL.sub("", text)
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    texts += [cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "") for cell in code]
    return "\n".join(cell.source for cell in code), "\n\n".join(texts)


def read(prose):
    """What a text claims and what it quotes, as (number, unit), and its equations, as (left, right)."""
    text = NO_CLAIM.sub(" ", CITATION.sub("†", prose))
    claimed, quoted = [], []
    for sentence in re.split(r"(?<=[.?!:])\s+(?=[\w(*])|\n\n", text):
        found = [claim for claim in CLAIM.findall(sentence) if claim[1] or re.search("[.,]", claim[0])]
        if not sentence.endswith("?"):
            (quoted if "†" in sentence else claimed).extend(found)
    return claimed, quoted, EQUATION.findall(text)


def is_rounded(text, value):
    """Whether a number of the text is this value, to the digits that the text gives."""
    return float(text.replace(",", "")) == round(value, len(text.partition(".")[2]))


def unproved(code, printed, prose):
    """The claims of a text for which there is no evidence, and its equations that are wrong."""
    claimed, quoted, equations = read(prose)
    code = re.sub(r"#.*", "", code).replace("_", "")
    wrong = [
        f"{left} = {right}"
        for left, right in equations
        if not is_rounded(right, eval(left.translate(OPERATORS)))
    ]
    said = [number for number, _ in quoted] + [text for equation in equations for text in equation]
    evidence = {float(number) for number in NUMBER.findall(" ".join([code, printed, *said]).replace(",", ""))}
    return wrong + [
        f"{number} {unit}".rstrip()
        for number, unit in claimed
        if not any(
            is_rounded(number, value) or is_rounded(number, value / UNITS.get(unit, 1)) for value in evidence
        )
    ]


def test_the_test_tells_claims_from_what_is_none():
    prose = """# 9.9 in a heading

    The next cell prints 1,234,567 weights, which are 1.2 million, or 4.7 MiB. That leaves 12.5 %. Is it more than 33 %?
    Others measured 99.5 % {cite:p}`someone2012`. Such a thing as 99.5 % is repeated. A layer has $3.3 + x$ and `7.7`.
    Section 10.3 has more. It is 7 · 7 · 512 = 25,088, and so 25,088. It takes (9 − 2) / 2 = 3.5 steps."""
    assert unproved("weights = 1_234_567", "0.125 of 4.71", prose) == []
    wrong = "It is 1.3 million, or 12.6 %, or 4.8 MiB, or 88.5 %. It is 2 · 3 = 7."
    assert unproved("weights = 1_234_567  # 88.5", "0.125 of 4.71", wrong) == [
        "2 · 3 = 7", "1.3 million", "12.6 %", "4.8 MiB", "88.5 %",
    ]  # fmt: skip


@functools.cache
def evidence_of(path):
    """The code of a page and what it printed."""
    outputs = soup(path.relative_to(ROOT).with_suffix(".html").as_posix()).select(".cell_output")
    printed = " ".join(box.get_text(" ") for box in outputs)
    return cells_and_prose(path)[0], printed


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_numbers_in_prose_come_from_code(path):
    # A page beside the chapters, such as a list of terms, repeats what these have measured.
    pages = PAGES if path.suffix == ".md" else [path]
    code, printed = map("\n".join, zip(*map(evidence_of, pages), strict=True))
    assert unproved(code, printed, cells_and_prose(path)[1]) == []
