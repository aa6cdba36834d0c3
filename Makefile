# Two commands do everything on a fresh machine: `make demo` and `make test`. See README.md.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python
CHECKED := bot analytics knowledge app.py
# The newest Python from 3.11 on; override with `make PYTHON=/path/to/python ...`.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python3.14 python; do \
	"$$p" -c 'import sys; sys.exit(not (sys.version_info >= (3, 11)))' 2>/dev/null && echo "$$p" && break; done)
# What the real clients are made of; where npm is missing or fails, their tests skip and say so.
NODE_PARTS := $(patsubst %,tests/e2e/%/node_modules/.package-lock.json,slack teams)
# What pip says, as one line that counts; its errors in full.
FOLLOW := awk '/^Collecting/ { printf "\r\033[K    %d  %s", ++n, $$2; fflush() } \
	/^Installing/ { printf "\r\033[K    %d downloaded, unpacking\n", n; fflush() } \
	/^Successfully/ { print "    done" } /ERROR|error:|No space|denied/ { print }'

.PHONY: help demo test install install-dev check tests bench e2e chaos shots lock clean

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime ## set up everything and open the demo in the browser
	@$(PY) app.py demo $(ARGS)

test: $(VENV)/.dev check tests ## set up everything and run every check and test

install: $(VENV)/.runtime ## only set up (.venv/bin/python)

install-dev: $(VENV)/.dev

check: $(VENV)/.dev
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy $(CHECKED)
	@$(VENV)/bin/lint-imports --no-cache
	@$(VENV)/bin/codespell README.md CHANGELOG.md docs Makefile app.py bot/core bot/storage bot/cli

tests: $(VENV)/.dev
	@$(VENV)/bin/pytest -n auto $(ARGS)

bench: $(VENV)/.dev ## measure speed and memory: a table and bench-results.json
	@$(PY) -m tests.benchmarks $(ARGS)

e2e: $(VENV)/.dev $(NODE_PARTS) ## run the real clients (needs node and Chromium)
	@$(VENV)/bin/pytest -m e2e $(ARGS)

chaos: $(VENV)/.dev ## kill servers and break networks for minutes (CHAOS_RUNS=2)
	@$(VENV)/bin/pytest -m chaos -s $(ARGS)

shots: $(VENV)/.dev ## draw the pictures in docs/img anew (needs Chromium)
	@$(PY) -m tests.e2e.shots $(ARGS)

lock: ## write the lock files anew (needs uv)
	uv pip compile --universal --python-version 3.11 --no-header --no-emit-index-url --no-annotate pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --no-header --no-emit-index-url --no-annotate -c requirements.lock pyproject.toml --group dev -o requirements-dev.lock

clean: ## remove the virtual environment and caches, never your data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Ballotage needs Python 3.11 or newer; install it, or say where: make PYTHON=/path/to/python3" >&2; exit 2; }
	@echo "==> Making the virtual environment with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv is missing; on Debian or Ubuntu: apt install python3-venv" >&2; rm -rf $(VENV); exit 2; }

$(VENV)/.runtime: requirements.lock | $(VENV)/bin/python
	@echo "==> Installing $$(grep -c == requirements.lock) packages (once; a few minutes on a slow line)"
	@$(PY) -m pip install --disable-pip-version-check --no-deps -r requirements.lock 2>&1 | $(FOLLOW)
	@touch $@

tests/e2e/%/node_modules/.package-lock.json: tests/e2e/%/package-lock.json
	@echo "==> Installing the Node parts of tests/e2e/$*"
	@npm ci --prefix tests/e2e/$* --no-audit --no-fund --loglevel=error && touch $@ \
		|| echo "==> No Node parts of tests/e2e/$*: its tests will be skipped" >&2

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@echo "==> Installing what the tests need"
	@$(PY) -m pip install --disable-pip-version-check --no-deps -r requirements-dev.lock 2>&1 | $(FOLLOW)
	@touch $@
