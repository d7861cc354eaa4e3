# singsynth: `make sing` on a fresh machine renders a song, `make help` lists the rest.
#
# Everything is installed into .venv and nothing outside this folder is touched. A file
# .venv/.done-* marks a finished step; it is redone only when what it depends on has changed.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
SCORE  ?= scores/furusato.musicxml
VOICE  ?= pjs
OUT    ?= song.wav

BIN    := .venv/bin
PIP    := $(BIN)/python -m pip -qq --disable-pip-version-check
WHEELS := .venv/wheels
PINNED := --constraint constraints.txt --no-build-isolation --find-links $(WHEELS)
NEEDS  := setup.cfg setup.py pyproject.toml constraints.txt $(wildcard singsynth/model/engine/core/*)

say = @printf '\n== %s\n'

.PHONY: help sing test lint slow docs clean
.DEFAULT_GOAL := help

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make sing SCORE=my.musicxml VOICE=$(VOICE) OUT=my.wav renders a score of yours."
	@echo "  On Linux without a GPU, a far smaller download:"
	@echo "  PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make sing"

sing: .venv/.done-install ## Render a song with the bundled voice into song.wav
	$(say) "Singing $(SCORE) with the voice $(VOICE)"
	@$(BIN)/singsynth render "$(SCORE)" --voice "$(VOICE)" -o "$(OUT)" --force
	$(say) "Done. Listen to $(abspath $(OUT))"

test: lint ## Check style and types, then run the tests
	$(say) "Running the tests"
	@$(BIN)/python -m pytest

lint: .venv/.done-install-test ## Check style and types only
	$(say) "Checking style and types"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

slow: .venv/.done-install-test ## Run the tests that take minutes
	@$(BIN)/python -m pytest -m slow

docs: .venv/.done-install-docs ## Build the documentation into site/
	@$(BIN)/mkdocs build --strict

clean: ## Remove everything that make has made
	rm -rf .venv build dist site *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Installation ------------------------------------------------------------------------------------

.venv/.done-venv:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	    echo "singsynth needs Python 3.11 or newer: install it, or name one with make PYTHON=..." >&2; \
	    exit 1; }
	@command -v "$${CXX:-c++}" >/dev/null || { \
	    echo "A C++ compiler is needed to build the vocoder: install g++ or clang++" >&2; exit 1; }
	@"$(PYTHON)" -c 'import os, sysconfig as s; \
	    os.stat(os.path.join(s.get_path("include"), "Python.h"))' 2>/dev/null || { \
	    echo "Python.h is needed to build the vocoder: install the headers (python3-dev)" >&2; \
	    exit 1; }
	$(say) "Making a virtual environment in .venv"
	@rm -rf .venv
	@"$(PYTHON)" -m venv .venv
	@touch $@

# pyworld and pysptk come as source only. They are built side by side and against the pinned numpy,
# Cython and setuptools: half the time of building them one by one in environments of their own.
.venv/.done-install: .venv/.done-venv $(NEEDS)
	$(say) "Installing singsynth (1/3: build tools)"
	@mkdir -p $(WHEELS)
	@$(PIP) install --constraint constraints.txt setuptools cython cffi numpy
	$(say) "Installing singsynth (2/3: building pyworld and pysptk)"
	@printf 'pyworld\npysptk\n' | xargs -P 2 -n 1 $(PIP) wheel --no-deps $(PINNED) -w $(WHEELS)
	$(say) "Installing singsynth (3/3: torch and the rest; a download of 200 MB or more)"
	@$(PIP) install $(PINNED) --editable .
	@touch $@

.venv/.done-install-test: .venv/.done-install
	$(say) "Installing what the tests need"
	@$(PIP) install $(PINNED) --editable '.[train,test]'
	@touch $@

.venv/.done-install-docs: .venv/.done-install
	$(say) "Installing what the documentation needs"
	@$(PIP) install $(PINNED) --editable '.[docs]'
	@touch $@
