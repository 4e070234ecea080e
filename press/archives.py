"""Two zips: the site, and the notebooks with all that they need to run."""

import re
import subprocess
import zipfile
from pathlib import Path

# What `make lab`, or `pip install -r requirements.txt`, asks for.
NOTEBOOKS = (
    "notebooks",
    "src",
    "pyproject.toml",
    "requirements.txt",
    "Makefile",
    "README.md",
    "LICENSE",
    "LICENSE-TEXT",
    "CITATION.cff",
)
LISTED = re.compile(r'(<div class="downloads">).*?(</div>)', re.DOTALL)
IN_THE_ZIP = r"\1<p>They are on the site that this copy was taken from.</p>\2"


def zip_site(html: Path, path: Path):
    """The site in `html` as a zip, in a folder of the zip's name; without the downloads, the zip among them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(file for file in html.rglob("*") if file.is_file()):
            name = file.relative_to(html)
            if name.parts[0] in ("downloads", ".buildinfo"):
                continue
            content = file.read_bytes()
            if file.suffix == ".html":
                content = LISTED.sub(IN_THE_ZIP, content.decode()).encode()
            archive.writestr(f"{path.stem}/{name.as_posix()}", content)


def zip_notebooks(root: Path, path: Path):
    """The notebooks and their library as a zip, in a folder of the zip's name."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in tracked(root):
            archive.write(root / name, f"{path.stem}/{name}")


def tracked(root: Path) -> list[str]:
    """The files of NOTEBOOKS that git knows; where there is no git, those that are no tool's own."""
    if (root / ".git").exists():
        command = ["git", "-C", str(root), "ls-files", "-z", "--", *NOTEBOOKS]
        return (
            subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip("\0").split("\0")
        )
    files = [
        file for name in NOTEBOOKS for file in [root / name, *(root / name).rglob("*")] if file.is_file()
    ]
    names = sorted(file.relative_to(root) for file in files)
    return [
        name.as_posix()
        for name in names
        if not any(
            part.startswith(".") or part == "__pycache__" or part.endswith(".egg-info") for part in name.parts
        )
    ]
