# make demo | make up | make visitors | make down | make airflow ARGS="..." | make check | make bench NAME=... [DATA=folder]
# make test | make lint | make types | make test-long | make test-browser | make test-resilience | make docs | make lock
SHELL := /bin/bash
VENV := .venv
RUN := $(VENV)/bin/python -W ignore
export PYTHONPATH := $(CURDIR):$(CURDIR)/plugins
DATA_OPTION = $(if $(DATA),--data $(DATA))

.PHONY: setup demo up visitors down airflow check lint types test test-long test-browser test-resilience docs lock bench clean

setup: $(VENV)/installed

# uv installs the lock in seconds, and compiles it to bytecode in a minute (pip does so by itself): without, each process
# that imports Airflow takes twice as long. Where uv can't be had, pip does the same in minutes.
$(VENV)/installed: requirements.txt requirements/dev.txt
	@python=$$(for name in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
	    $$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$name && break; \
	  done); \
	  test -n "$$python" || { echo "Encore needs Python 3.11, 3.12 or 3.13: make PYTHON=/path/to/python3.12"; exit 1; }; \
	  echo "Setting up $(VENV) with $$($$python --version)"; \
	  test -x $(VENV)/bin/pip || $$python -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check uv || true
	@if test -x $(VENV)/bin/uv; \
	  then $(VENV)/bin/uv pip install --quiet --compile-bytecode --python $(VENV)/bin/python -r requirements.txt; \
	  else $(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements.txt; fi
	@touch $@

demo: setup
	@$(RUN) -m demo demo $(DATA_OPTION)

up: setup
	@$(RUN) -m demo up $(DATA_OPTION)

# Simulated customers who see recommendations and react by their tastes, beside `make up`: make visitors ARGS="--visits 500"
visitors: setup
	@$(RUN) -m demo visitors $(ARGS)

down: setup
	@$(RUN) -m demo down

# Airflow's command line beside `make up`: make airflow ARGS="dags list"
airflow: setup
	@$(RUN) -m demo airflow $(ARGS)

check: setup
	@$(RUN) -m encore.config check

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: setup
	$(VENV)/bin/mypy

# Files side by side, the run through a real scheduler among them: one process more than cores, since tests wait for services.
test: lint types
	$(VENV)/bin/pytest -m "not long" --numprocesses auto --dist loadfile

# Kills, faults, backfills, forms, gates, approvals and batch jobs through a real scheduler, two stacks side by side: most of
# an hour. Then the browser.
# The services of docker-compose.yaml as processes want PostgreSQL and redis-server of the system (left out without), and
# make what their image installs once, in .encore. Helm's charts are rendered where Helm (HELM=) and Airflow's chart
# (ENCORE_CHART=folder or archive) can be had.
test-long: setup
	$(VENV)/bin/pytest -m "long and not browser" --numprocesses 2 --dist loadfile
	@$(MAKE) test-browser

# The pages in the system's Chromium: found by its name, or CHROMIUM=/path/to/it. SCREENSHOTS=folder keeps the pictures.
test-browser: setup
	@$(RUN) -m tests.support.browser
	@$(VENV)/bin/uv pip install --quiet --python $(VENV)/bin/python -r requirements/browser.txt 2>/dev/null \
	  || $(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements/browser.txt
	$(VENV)/bin/pytest -m browser tests/browser $(if $(SCREENSHOTS),--screenshots $(SCREENSHOTS))

# Months of a shop through a real Airflow while everything goes wrong, a day in a minute: DAYS=10, SEEDS=1,2 (default: two
# drawn ones, printed), MINUTES=20. ARGS='--events "3:LostAnswers"' plays a list. On Celery where the system has redis-server.
test-resilience: setup
	@$(RUN) -m tests.resilience $(if $(DAYS),--days $(DAYS)) $(if $(SEEDS),--seeds $(SEEDS)) \
	  $(if $(MINUTES),--minutes $(MINUTES)) $(ARGS)

# The site, in site/. Mermaid comes with it where npm can be had; else the pages with diagrams ask a CDN for it.
docs: setup
	@npm install --silent --no-audit --no-fund --prefix .encore/site mermaid@11 2>/dev/null || true
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict

# The locks again, after a change in requirements/*.in or in a package's dependencies. UPGRADE=--upgrade takes newer releases.
COMPILE = $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --no-header \
  --no-emit-package airflow-provider-personalize
LOCAL = localpersonalize/pyproject.toml
AIRFLOW = plugins/airflow_personalize/pyproject.toml plugins/encore/pyproject.toml --extra postgres requirements/airflow.in
DEMO = $(AIRFLOW) $(LOCAL) --extra aws requirements/demo.in

lock: setup
	$(COMPILE) $(UPGRADE) $(DEMO) requirements/dev.in -o requirements/dev.txt
	$(COMPILE) -c requirements/dev.txt $(LOCAL) -o requirements/local.txt
	$(COMPILE) -c requirements/dev.txt $(AIRFLOW) -o requirements/airflow.txt
	$(COMPILE) -c requirements/dev.txt $(AIRFLOW) requirements/deploy.in -o requirements/deploy.txt
	$(COMPILE) -c requirements/dev.txt $(DEMO) -o requirements/demo.txt
	$(COMPILE) -c requirements/dev.txt requirements/browser.in -o requirements/browser.txt

bench: setup
	@test -n "$(NAME)" || { echo "make bench NAME=one of: $$(ls benchmarks/*.py | xargs -n1 basename | sed 's/\.py//;/^_/d' | tr '\n' ' ')"; exit 1; }
	@test ! -f benchmarks/requirements.txt || $(VENV)/bin/python -m uv pip install --quiet --python $(VENV)/bin/python -r benchmarks/requirements.txt 2>/dev/null \
	  || $(VENV)/bin/pip install --quiet -r benchmarks/requirements.txt
	@$(RUN) -m benchmarks.$(if $(filter import,$(NAME)),importing,$(NAME)) $(DATA_OPTION)

clean: down
	rm -rf .encore
