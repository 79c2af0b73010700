# The workbench's commands. `make up` needs Python 3.11 or newer with venv; everything else comes from the lock files.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# The checkers import the settings but open neither database nor broker.
CHECKERS := DJANGO_SETTINGS_MODULE=workbench.settings_lint
COMPILE = $(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(UPGRADE)

.PHONY: help up install test lint format bench lock clean shell

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

up: ## Start everything and stay in the foreground (PORT, WORKBENCH_HOME, DATABASE_URL, BROKER_URL)
	@$(PYTHON) workbench/bootstrap.py requirements-embedded.lock
	@exec $(BIN)/python -m workbench.embedded up

shell: ## Open a shell in which manage.py and psql reach the embedded servers
	@$(PYTHON) workbench/bootstrap.py requirements-embedded.lock
	@$(BIN)/python -m workbench.embedded exec $${SHELL:-/bin/sh}

install: ## Build the development environment in .venv
	@$(PYTHON) workbench/bootstrap.py requirements-dev.lock

test: install ## Run all tests, two at a time (ARGS="tests/jobs -x" for some, one at a time)
	@$(BIN)/python -m tests.browser
	@$(BIN)/pytest $(or $(ARGS),-n 2 --dist loadfile)

lint: install ## Run all checkers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(CHECKERS) $(BIN)/python manage.py check --fail-level WARNING
	$(CHECKERS) $(BIN)/python -W ignore:Got:RuntimeWarning manage.py makemigrations --check --dry-run
	$(BIN)/djhtml --check --tabwidth 2 templates
	$(BIN)/python -m tests.lengths

format: install ## Format code and templates
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/djhtml --tabwidth 2 templates

bench: install ## Run one benchmark: make bench NAME=overlay
	@test -n "$(NAME)" || { echo "Say which: make bench NAME=x (benchmarks/x.py). There are:"; grep -l __main__ benchmarks/*.py | sed 's|.*/||; s/\.py$$//'; exit 2; }
	@$(BIN)/python -m workbench.embedded exec benchmarks/$(NAME).py $(ARGS)

lock: install ## Bring the lock files in line with pyproject.toml (UPGRADE=--upgrade for newer versions)
	printf 'uv>=0.13,<0.14\n' | $(COMPILE) - -o requirements-bootstrap.lock
	$(COMPILE) pyproject.toml -o requirements.lock
	$(COMPILE) pyproject.toml --extra embedded -o requirements-embedded.lock
	$(COMPILE) pyproject.toml --extra embedded --extra parquet --extra dev -o requirements-dev.lock

clean: ## Remove the environment and all caches; the data in .workbench stays
	rm -rf .venv .venv.lock .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis test-results
	find . -name __pycache__ -not -path './.workbench/*' -prune -exec rm -rf {} +
