# What people and CI run. Every target says what it does; nothing needs to be installed by hand
# but python3 (3.11 or newer, with venv), make and git.

MAKEFLAGS += --no-print-directory
SHELL := /bin/bash
.DEFAULT_GOAL := help
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.node/bin:$(PATH)
export PYTHONPATH := $(CURDIR)

PYTHON ?= python3
FOCUS_PYTHON ?= 3.12
TOOLCHAIN := $(PYTHON) costinsights/local/toolchain.py
LOCAL := .venv/bin/python -m costinsights.local
UV := .venv/bin/uv
SCHEMA := docs/static/api/openapi.yaml
LINT_PATHS := costinsights tenants reporting anomalies tests manage.py

say = printf '\n\033[1m▸ %s\033[0m\n' "$(1)"

.PHONY: help
help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/' | expand -t 22

.PHONY: demo
demo:  ## start everything on this machine (PORT=8000); Ctrl-C stops it
	@$(call say,Starting Cost Insights)
	@$(TOOLCHAIN) local front-end
	@exec $(LOCAL) up

.PHONY: demo-reset
demo-reset:  ## the same, forgetting all data of earlier runs first
	@$(call say,Starting Cost Insights from nothing)
	@$(TOOLCHAIN) local front-end
	@exec $(LOCAL) up --reset

.PHONY: demo-stop
demo-stop:  ## stop a demo that runs elsewhere or was left behind
	@$(call say,Stopping the demo)
	@$(TOOLCHAIN) local
	@$(LOCAL) stop

.PHONY: dev
dev:  ## the demo with pages that reload: Django's own server and a front end rebuilt on change
	@$(call say,Starting for development)
	@$(TOOLCHAIN) dev front-end
	@exec $(LOCAL) up --reload

.PHONY: check
check:  ## format, lint, types, import contracts, templates, front end, migrations, OpenAPI, docs
	@$(TOOLCHAIN) dev front-end docs
	@mkdir -p $(dir $(SCHEMA))
	@$(call say,Format: ruff)
	@ruff format --check $(LINT_PATHS)
	@$(call say,Lint: ruff)
	@ruff check $(LINT_PATHS)
	@$(call say,Types: mypy)
	@$(LOCAL) run -- mypy $(LINT_PATHS)
	@$(call say,Import contracts)
	@lint-imports --no-cache
	@$(call say,Templates: djlint)
	@djlint --check --quiet templates
	@djlint --lint --quiet templates
	@$(call say,Front end: biome and tsc)
	@cd static && npm run --silent check
	@$(call say,Migrations: every model change has one)
	@$(LOCAL) run -- python manage.py makemigrations --check --dry-run
	@$(call say,OpenAPI: drf-spectacular)
	@$(LOCAL) run -- python manage.py spectacular --validate --fail-on-warn --file $(SCHEMA)
	@$(call say,OpenAPI: Redocly)
	@cd docs && npm run --silent lint:api
	@$(call say,Documentation: types and links)
	@cd docs && npm run --silent check && npm run --silent build:api && npm run --silent build
	@$(call say,Everything is in order)

.PHONY: test
test:  ## every test, those that drive a browser included
	@$(TOOLCHAIN) dev front-end chromium faketime
	@$(call say,Front-end tests)
	@cd static && npm run --silent test
	@$(call say,Tests)
	@python -m pytest -n 2 --dist loadfile $(PYTEST)

.PHONY: proof
proof:  ## the fault tests of stored history by the thousand: hours; PROOF=0.2 does a fifth of it
	@$(TOOLCHAIN) dev faketime
	@$(call say,Killing and comparing)
	@PROOF=$(or $(PROOF),1) python -m pytest tests/faults -o timeout=0 -q $(PYTEST)

.PHONY: fix
fix:  ## format and repair what can be repaired by itself
	@$(TOOLCHAIN) dev front-end
	@$(call say,Repairing format and lint)
	@ruff check --fix $(LINT_PATHS)
	@ruff format $(LINT_PATHS)
	@djlint --reformat --quiet templates
	@cd static && npm run --silent fix

.PHONY: focus
focus:  ## our FOCUS files before the FinOps Foundation's validator (needs Python 3.12 or newer)
	@$(TOOLCHAIN) dev
	@$(call say,FOCUS: the Foundation's validator)
	@$(UV) venv --quiet --clear --python $(FOCUS_PYTHON) .local/focus
	@$(UV) pip install --quiet --python .local/focus/bin/python --require-hashes -r requirements/focus.txt
	@python -m tests.reporting.exports.foundation .local/focus/bin/focus-validator

.PHONY: lock
lock:  ## pin every package again from requirements/*.in, with hashes
	@$(TOOLCHAIN) node
	@$(call say,Locking Python packages)
	@for name in base local dev node; do \
	  $(UV) pip compile --quiet --generate-hashes --no-header --python-version 3.11 \
	    requirements/$$name.in -o requirements/$$name.txt || exit 1; \
	done
	@$(UV) pip compile --quiet --generate-hashes --no-header --python-version 3.12 \
	  requirements/focus.in -o requirements/focus.txt
	@$(call say,Locking npm packages)
	@for site in static docs; do \
	  (cd $$site && npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund) || exit 1; \
	done

.PHONY: docs
docs:  ## the documentation site, with the API reference, into docs/build
	@$(TOOLCHAIN) dev docs
	@$(call say,API reference)
	@mkdir -p $(dir $(SCHEMA))
	@$(LOCAL) run -- python manage.py spectacular --validate --fail-on-warn --file $(SCHEMA)
	@cd docs && npm run --silent build:api
	@$(call say,Documentation site)
	@cd docs && npm run --silent build
