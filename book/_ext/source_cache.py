"""Re-execute the notebooks when the library that they import has changed.

jupyter-cache's key is a notebook's code alone, so it would go on serving outputs of an older `src/`. Here the
cache's folder is named after the library's text: a change there makes an empty cache, and Sphinx, which compares
the configuration with that of the last build, reads every notebook again.
"""

import hashlib
import shutil
from pathlib import Path


def source_digest(folder: Path) -> str:
    """The library's text as one short name; the same files give the same name on every machine."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in {".py", ".js", ".css"}):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def name_cache(app, config):
    caches = Path(app.outdir).parent / ".jupyter_cache"
    cache = caches / source_digest(Path(app.srcdir) / "src")
    for stale in set(caches.glob("*")) - {cache}:
        shutil.rmtree(stale)
    config.nb_execution_cache_path = str(cache)


def setup(app):
    app.connect("config-inited", name_cache)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
