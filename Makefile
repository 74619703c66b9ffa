# One command per thing a reader may want; the checks run nowhere else than in `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8080
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo serve test test-long lint bench clean

help:  ## list these commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

demo: $(VENV)/.installed  ## install into .venv and show what fenji does
	@$(BIN)/fenji demo

serve: $(VENV)/.installed  ## serve a demo over HTTP on this machine (PORT=8080), with cases and accounts made at the first start
	@$(BIN)/fenji furnish --home $(VENV)/demo
	@echo 'http://127.0.0.1:$(PORT)/docs'
	@$(BIN)/fenji serve --home $(VENV)/demo --port $(PORT)

test: $(VENV)/.installed-test  ## run every check, in order
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report=term

test-long: $(VENV)/.installed-test  ## lose power 100,000 times and kill the server 200 times, instead of 2,000 and 20
	FENJI_LONG=1 $(BIN)/python -m pytest -n auto --no-cov tests/crash

lint: $(VENV)/.installed-test  ## mend what ruff can mend, then show what is left
	-$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-test  ## measure
	$(BIN)/python -m tests.benchmarks

clean:  ## remove the environment and what the checks left
	rm -rf $(VENV) build dist .coverage .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fenji needs Python 3.11 or newer; try: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)

# durable_rules has no wheel, so it may fail to build: then the reference monitor runs alone.
$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@$(PIP) install --editable .
	@{ $(PIP) install --editable '.[monitor]' && $(BIN)/python -c 'import durable.lang'; } >$(VENV)/monitor.log 2>&1 \
	  || echo 'durable_rules is not available here (see $(VENV)/monitor.log): the reference monitor runs alone'
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@$(PIP) install --editable '.[test]'
	@touch $@
