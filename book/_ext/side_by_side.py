"""Execute notebooks side by side, as many as there are cores, before Sphinx reads one after the other.

A small network keeps one core busy, and two hardly busier, so two chapters at a time take less than one after the
other. What is executed here goes into jupyter-cache, where MyST-NB then finds it.
"""

import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from time import perf_counter

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from myst_nb.core.read import create_nb_reader
from nbclient import NotebookClient
from sphinx.util import logging

logger = logging.getLogger(__name__)
MOST = 4  # at a time: each holds a data set and a network in memory


def unknown_notebooks(env, docnames, cache):
    """The notebooks among the documents that the cache doesn't hold, as (path, notebook)."""
    for name in docnames:
        path = Path(env.doc2path(name))
        reader = create_nb_reader(
            str(path), env.myst_config, env.mystnb_config, path.read_text(encoding="utf-8")
        )
        if reader is None:  # a page without code
            continue
        notebook = reader.read(path.read_text(encoding="utf-8"))
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            yield path, notebook


def execute(path, notebook, timeout, threads):
    start = perf_counter()
    where = {"metadata": {"path": str(path.parent)}}
    # Times would be part of the notebook, and the cache would not know it again.
    client = NotebookClient(notebook, timeout=timeout, resources=where, record_timing=False)
    client.execute(env=os.environ | {"OMP_NUM_THREADS": str(threads)})
    return CacheBundleIn(notebook, str(path), data={"execution_seconds": perf_counter() - start})


def execute_ahead(app, env, docnames):
    cache = get_cache(env.mystnb_config.execution_cache_path)
    # What takes longest begins first, so that no core is left with it at the end.
    order = [*app.config.side_by_side_first, *reversed(list(env.external_site_map))]
    waiting = list(unknown_notebooks(env, [name for name in dict.fromkeys(order) if name in docnames], cache))
    if not waiting:
        return
    cores = os.cpu_count()
    workers = min(cores, MOST, len(waiting))
    timeout, threads = env.mystnb_config.execution_timeout, cores // workers
    with ThreadPoolExecutor(workers) as pool:
        running = [pool.submit(execute, *each, timeout, threads) for each in waiting]
        for each in as_completed(running):
            if each.exception() is None:
                bundle = each.result()
                cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
                logger.info("executed %s in %.0f s", Path(bundle.uri).name, bundle.data["execution_seconds"])
    for each in running:
        each.result()  # raises what a cell raised


def setup(app):
    app.add_config_value("side_by_side_first", [], "")
    app.connect("env-before-read-docs", execute_ahead)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
