# `make` or `make help` lists what there is. Everything runs in .venv, made from requirements.lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo build reports reports-check test test-long test-spark lint types bench bench-build bench-spark check lock clean

help: ## list these commands
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

setup: $(VENV)/.ready ## make .venv from requirements.lock

# --no-deps: the lock is complete, so nothing is looked for beyond it.
$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": make setup PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@mkdir -p build
	@touch $@

demo: setup ## build the sample company, print its funnel, write its report
	$(BIN)/funnelkit build
	$(BIN)/funnelkit funnel activation
	$(BIN)/funnelkit report build
	@echo
	@echo "Look at reports/activation/report.html and reports/say_do/report.html in a browser, or at report.md beside"
	@echo "them as a reviewer sees it; \`.venv/bin/funnelkit gaps\` prints what people say against what they do."
	@echo "The tables are in build/warehouse.duckdb; the definitions in dbt_project/dbt_project.yml."

build: setup ## dbt build of the sample into build/warehouse.duckdb
	$(BIN)/funnelkit build

reports: build ## write the committed reports again
	$(BIN)/funnelkit report build

reports-check: build ## fail if a committed report is not what the warehouse says
	$(BIN)/funnelkit report check

test: setup ## the tests (a quarter of an hour on two cores)
	$(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder

test-long: setup ## the slow tests: many seeds, kill points, big data
	$(BIN)/python -m pytest -m long

test-spark: setup ## the tests on Apache Spark: Java 17, and half an hour on two cores
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-spark.lock
	$(BIN)/python -m pytest -m "long or not long" tests/spark

lint: setup ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy, strict
	$(BIN)/mypy

bench: build ## measure against peers in the same run (minutes)
	$(BIN)/python -m benchmarks.run $(BENCH)
	$(BIN)/python -m benchmarks.aha
	$(BIN)/python -m benchmarks.say
	$(BIN)/python -m benchmarks.texts
	$(BIN)/python -m benchmarks.reports

bench-build: setup ## measure a dbt build: whole, one more day, its memory (minutes)
	$(BIN)/python -m benchmarks.build $(BENCH)

bench-spark: setup ## measure a build on Spark beside DuckDB's (hours; Java 17)
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements-spark.lock
	$(BIN)/python -m benchmarks.spark $(BENCH)

check: lint types test reports-check ## all that must pass before a change lands

LOCK := uv pip compile pyproject.toml --extra dev --universal --fork-strategy fewest --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links

lock: setup ## write requirements.lock again, and what Spark needs beyond it (needs uv)
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra spark --constraint requirements.lock --quiet | grep -vxFf requirements.lock > requirements-spark.lock

clean: ## remove what was built, .venv included
	rm -rf $(VENV) build dist dbt_project/target dbt_project/logs
