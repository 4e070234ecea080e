"""Put at the head of each notebook the cell that installs the book where it is missing: on Colab.

The workflow `publish` runs this on a copy of the repository and pushes the copy to the branch that the site's buttons open.
GitHub Actions names the repository and the commit: GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_SHA.
"""

import json
import os
from pathlib import Path

CELL = """\
# On Colab, this installs the book's library and fetches Fashion-MNIST. Elsewhere it does nothing.
import sys

if "google.colab" in sys.modules:
    %pip install --quiet "cnnbook @ git+{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}@{GITHUB_SHA}"
    from cnnbook.data import fashion_mnist

    fashion_mnist(download=True)
"""


def main():
    source = CELL.format(**os.environ).splitlines(keepends=True)
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "id": "install",
        "metadata": {},
        "outputs": [],
        "source": source,
    }
    for path in Path("notebooks").glob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        notebook["cells"].insert(0, cell)
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
