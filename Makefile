# Every target bootstraps itself from a bare python3 (3.11 or newer).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

WEB := conceptevo_jax/explorer/web

.PHONY: setup demo check test faults lint docs constraints page

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "conceptevo_jax needs Python 3.11 or newer; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e ".[test]" -c constraints.txt
	touch $(STAMP)

demo: setup
	$(BIN)/conceptevo experiment=demo $(ARGS)

# What to run before every commit: lint, types, and the tests of single functions.
check: lint
	$(BIN)/python -m pytest -n auto --dist loadgroup --no-loadscope-reorder -m 'not (slow or browser or experiment)' $(ARGS)

test: setup
	$(BIN)/python -m pytest -n auto --dist loadgroup --no-loadscope-reorder $(ARGS)

# Kills, damages, bad inputs and growth: see docs/reliability.md.
faults: export KILLS ?= 20
faults: export DAMAGES ?= 640
faults: export FAULTS ?= all
faults: export DEMOS ?= 0
faults: setup
	$(BIN)/python -m pytest -n auto --dist loadgroup --no-loadscope-reorder -rP tests/faults tests/pipeline/test_damage.py $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

# The pages of docs/ with the reference from docstrings, into site/; a dead link fails.
docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

constraints:
	uv pip compile pyproject.toml --universal --python-version 3.11 --extra test --no-header -o constraints.txt

# The explorer's page, which is committed so that users need no Node (20.19 or newer).
page:
	npm ci --prefix $(WEB) --no-audit --no-fund --loglevel=error
	npm run build --prefix $(WEB)
	cp $(WEB)/dist/index.html conceptevo_jax/explorer/template.html
