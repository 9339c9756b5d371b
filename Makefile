.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
PYTEST ?= -n 2 --dist loadfile

.PHONY: help demo test soak bench check lock audit sbom

help: ## what can be made here
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*##/\t/' | expand -t 10

.venv/run: requirements.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what servicedrop runs on (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/test: requirements-test.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what the tests need (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.txt
	@touch $@ .venv/run

.venv/browser: .venv/test
	@if ! (command -v chromium-headless-shell || command -v chromium) >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		echo "Installing Chromium for the tests of the pages (once) ..."; \
		(apt-get update -qq && export DEBIAN_FRONTEND=noninteractive && \
			(apt-get install -y -qq chromium-headless-shell || apt-get install -y -qq chromium)) >/dev/null 2>&1 \
			|| echo "Chromium could not be installed: the tests of the pages will be skipped."; \
	fi
	@touch $@

demo: .venv/run ## play a connection from search to rating and serve until Ctrl-C (ONCE=1 stops after the story)
	@$(BIN)/python manage.py demo $(if $(ONCE),--once)

test: .venv/browser ## linters, import contracts, types, migrations and every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m pytest $(PYTEST)

soak: .venv/test ## every fault, long, under load (MINUTES=30 or HOURS=8 repeat it); writes docs/reliability.md
	$(BIN)/python -m tests.faults.soak

bench: .venv/test ## speed beside its ceilings, memory and start (20 minutes; QUICK=1: two; PARTS="door weight"); writes docs/performance.md
	$(BIN)/python -m tests.bench $(PARTS)

lock: ## compile the pinned, hashed requirements from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -o requirements.txt
	uv pip compile pyproject.toml --extra test --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -c requirements.txt -o requirements-test.txt
	uv pip compile pyproject.toml --extra tracing --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header -c requirements-test.txt -o requirements-tracing.txt
	$(PYTHON) -m tests.pure_wheels requirements.txt requirements-test.txt requirements-tracing.txt

.venv/supply/bin/python:
	@echo "Installing what looks after the dependencies (once) ..."
	@$(PYTHON) -m venv .venv/supply
	@.venv/supply/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==2.10.1 cyclonedx-bom==7.5.0

audit: .venv/supply/bin/python ## look our dependencies up among known vulnerabilities (needs a network that reaches the advisories)
	.venv/supply/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.txt

sbom: .venv/supply/bin/python ## write var/sbom.json, the bill of materials (CycloneDX), from requirements.txt alone
	@mkdir -p var
	.venv/supply/bin/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --of JSON -o var/sbom.json requirements.txt
