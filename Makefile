# Every target works as the first command on a fresh clone: it installs what it needs.

# The first Python that is new enough; `python3` may be an older one.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)
BIN := .venv/bin
INSTALLED := .venv/installed
PIP := $(BIN)/pip -qq --disable-pip-version-check
COMPILE := $(BIN)/pip-compile --quiet --allow-unsafe --generate-hashes --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options \
	$(if $(UPGRADE),--upgrade)

# Installs Debian packages when we may, else says which are missing.
apt = { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
	&& DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1); } \
	|| { echo "please install: $(1)" >&2; exit 1; }

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install up demo test check bench faults screenshots lock browser

help: ## Show the targets.
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Make .venv with the locked dependencies; again when a lock changed.

up: $(INSTALLED) ## Start everything; Ctrl-C stops it.
	@$(BIN)/celltally up

demo: $(INSTALLED) ## Show the main job once, from nothing to the final tally.
	@$(BIN)/celltally demo

test: $(INSTALLED) browser ## Run all tests; ARGS="-k name" runs some.
	$(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

check: $(INSTALLED) ## Look at format, lint, types and import contracts.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(INSTALLED) ## Run the benchmarks; ONLY=name runs one.
	$(BIN)/python -m bench $(ONLY)

faults: $(INSTALLED) ## Break everything on purpose and count what is lost; ONLY=4,9 plays some rows.
	$(BIN)/python -m tests.faults $(if $(ONLY),--only $(ONLY))

screenshots: $(INSTALLED) browser ## Take pictures of eleven pages, to be looked at by people.
	$(BIN)/python -m tests.e2e.screenshots screenshots

lock: $(INSTALLED) ## Write both lock files again after a change in setup.cfg; UPGRADE=1 for newer ones.
	$(COMPILE) --output-file=requirements.lock setup.cfg
	$(COMPILE) --extra=dev --constraint=requirements.lock \
		--output-file=requirements-dev.lock setup.cfg

browser: # Chromium for the browser tests; Playwright's own cannot be had everywhere.
	@[ -x /usr/bin/chromium ] \
		|| $(call apt,chromium fonts-liberation)

# Without build isolation nothing is installed that the lock does not name.
$(INSTALLED): requirements-dev.lock setup.cfg pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "celltally needs Python 3.11 or newer" >&2; exit 1; }
	@[ -x $(BIN)/pip ] || $(PYTHON) -m venv .venv \
		|| { rm -rf .venv && $(call apt,python3-venv) && $(PYTHON) -m venv .venv; }
	@echo "installing into .venv (minutes the first time)"
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
