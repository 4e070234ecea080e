# make book · site · lab · downloads (pdf · epub · site-zip · notebooks-zip) · test · bench · clean. Each sets up what it needs and skips what is done.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
GARMENTS := $(VENV)/.garments
OPEN_GARMENTS = $(BIN)/python -c "from cnnbook.data import fashion_mnist; fashion_mnist($(1))"
PORT ?= 8000

# glibc would hand each large array back and fetch it anew: trainings take a tenth longer then.
export MALLOC_MMAP_THRESHOLD_ := 1073741824
export MALLOC_TRIM_THRESHOLD_ := 1073741824
export MALLOC_TOP_PAD_ := 67108864
# Python keeps what it has compiled, whatever the shell says: kernels and builds start twice as fast then.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: book site lab downloads pdf epub site-zip notebooks-zip test bench clean

book: site
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

site: $(GARMENTS)
	$(BIN)/jupyter-book build . -W --keep-going

lab: $(GARMENTS)
	$(BIN)/jupyter lab --notebook-dir=notebooks

# The site once more at the end: it then offers what the lines before have made.
downloads: pdf epub site-zip notebooks-zip
	$(MAKE) site

pdf epub: site
	$(BIN)/python tests/find_chromium.py
	PYTHONPATH=tests $(BIN)/python -m press $@

site-zip notebooks-zip: site
	PYTHONPATH=tests $(BIN)/python -m press $(@:-zip=)

test: $(GARMENTS)
	$(BIN)/python tests/find_chromium.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(MAKE) site
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

bench: site
	$(BIN)/python tests/find_chromium.py
	PYTHONPATH=tests $(BIN)/python -m benchmarks $(ONLY)

clean:
	rm -rf _build $(VENV)

# Python compiles the modules that it imports; pip would compile all of them, for a minute.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, this is $$($(PYTHON) --version). Name another: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || \
	  { echo "No virtual environment could be made. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	$(BIN)/pip install --no-compile --requirement requirements.txt
	@touch $@

# Fashion-MNIST: here already, or from apt when we are root, or by a checked download.
$(GARMENTS): $(READY)
	@$(call OPEN_GARMENTS,) 2>/dev/null || \
	  { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	    apt-get update && apt-get install --yes --no-install-recommends dataset-fashion-mnist; } || \
	  $(call OPEN_GARMENTS,download=True)
	@touch $@
