# make demo | test | lint | format | lab | bench      (make help says what each does)
#
# Everything lands in .venv and in the user's cache folder; nothing is installed system-wide.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

FIND_PYTHON := for p in python3 python3.13 python3.12 python3.11 python3.10; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && { echo $$p; break; }; done
PYTHON ?= $(shell $(FIND_PYTHON))

BIN := .venv/bin
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --no-warn-script-location
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/labwright

# Peers and oracles have pins of their own, so each has an environment of its own.
KFP_VERSION := 2.17.0
KALE_VERSION := 2.3.0
ORACLE := $(CACHE)/oracle-kfp-$(KFP_VERSION)
KALE := $(CACHE)/kale-$(KALE_VERSION)
# The oracle runs our examples too: with the library versions of .venv, so that numbers agree.
ORACLE_SHARES := cloudpickle|joblib|matplotlib|numpy|pandas|pyarrow|scikit-learn|scipy

.PHONY: help demo test lint format lab bench oracle clean

help: ## say what each target does
	@grep -E '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .venv/.installed ## run examples/digits.ipynb as a pipeline
	@$(BIN)/labwright run examples/digits.ipynb

test: .venv/.installed-dev oracle lint ## check style, types and imports, then run every test
	@LABWRIGHT_ORACLE_PYTHON=$(ORACLE)/bin/python $(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

lint: .venv/.installed-dev ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: .venv/.installed-dev ## let ruff fix what it can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

lab: .venv/.installed-lab ## open JupyterLab on the examples
	@$(BIN)/jupyter lab --notebook-dir examples

bench: .venv/.installed-dev oracle $(KALE)/.ready ## measure every claim side by side with its peer
	@LABWRIGHT_ORACLE_PYTHON=$(ORACLE)/bin/python LABWRIGHT_KALE_PYTHON=$(KALE)/bin/python \
	  $(BIN)/python benchmarks/run.py $(BENCH_ARGS)

oracle: $(ORACLE)/.ready

clean: ## remove .venv and what the tools left in the tree
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist

.venv/.made:
	@test -n "$(PYTHON)" || { echo "Labwright needs Python 3.10 or newer, and none is on PATH" >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.installed: pyproject.toml | .venv/.made
	@echo "Installing Labwright and what the examples import"
	@$(BIN)/python $(PIP_INSTALL) -e '.[examples]'
	@touch $@

.venv/.installed-dev: pyproject.toml | .venv/.made
	@echo "Installing Labwright and its development tools"
	@$(BIN)/python $(PIP_INSTALL) -e '.[dev]'
	@touch .venv/.installed $@

.venv/.installed-lab: pyproject.toml | .venv/.made
	@echo "Installing Labwright and JupyterLab"
	@$(BIN)/python $(PIP_INSTALL) -e '.[examples,lab]'
	@touch .venv/.installed $@

$(ORACLE)/.ready: | .venv/.installed-dev
	@echo "Making the oracle: kfp $(KFP_VERSION) in $(ORACLE)"
	@rm -rf $(ORACLE) && $(PYTHON) -m venv $(ORACLE)
	@$(ORACLE)/bin/python $(PIP_INSTALL) kfp==$(KFP_VERSION) kfp-kubernetes==$(KFP_VERSION) \
	  $$($(BIN)/python -m pip freeze | grep -E '^($(ORACLE_SHARES))==')
	@touch $@

$(KALE)/.ready:
	@echo "Making the peer: Kale $(KALE_VERSION) in $(KALE)"
	@rm -rf $(KALE) && $(PYTHON) -m venv $(KALE)
	@$(KALE)/bin/python $(PIP_INSTALL) kubeflow-kale==$(KALE_VERSION)
	@touch $@
