# Everything a user or the CI does, one target each. `make help` lists them.
# Each target makes its own virtual environment and installs what it needs, from the committed locks.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
OUT    ?= out
KILLS  ?= 60
PYTEST := $(BIN)/pytest
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
DOCS_STAMP := $(VENV)/.installed-docs

# uv installs in seconds what takes pip minutes; where uv cannot be had, pip does it.
install = { $(BIN)/pip install -q --disable-pip-version-check uv && $(BIN)/uv pip install -q --compile-bytecode -p $(BIN)/python $(1); } || $(BIN)/pip install -q --disable-pip-version-check $(1)

# The tests start hundreds of processes; each would compile the package anew where bytecode is not kept.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help study test test-all coverage mutants lint types notebooks browser kills fuzz gallery gallery-check benchmarks sheet docs docs-check licences licences-check audit changes modin ray release-check lock clean

##@ Use
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

study: $(RUN_STAMP) ## Run the flagship study offline on the bundled figures, into out/ (OUT=DIR for another folder)
	$(BIN)/eventstudy run us-china --out $(OUT)

##@ Develop
test: $(DEV_STAMP) ## Run the tests that one runs while working (some ten minutes of one core, shared among all)
	$(PYTEST) -n auto -m "not slow and not browser"

test-all: $(DEV_STAMP) ## Run the slow tests too, but for the browser's
	$(PYTEST) -n auto --dist worksteal -m "not browser"

coverage: $(DEV_STAMP) ## Measure the branch coverage of the numeric rooms; fails below 95 percent
	$(BIN)/coverage run -m pytest -q -m "not browser" tests/abnormal tests/inference tests/study
	$(BIN)/coverage report

mutants: $(DEV_STAMP) ## Change N=150 things of the numeric rooms, one at a time, and see whether a test fails; SEED=0 draws them
	PYTHONPATH=tests/support $(BIN)/python -m mutants --number $(or $(N),150) --seed $(or $(SEED),0) --out $(OUT)/mutants
fuzz: $(DEV_STAMP) ## Try damaged inputs at every border, N each (BORDER=NAME for one, SEED=, resumable); fails on any fault
	$(BIN)/python tests/fuzz/fuzz.py --inputs $(or $(N),2000) --seed $(or $(SEED),1) $(if $(BORDER),--border $(BORDER))

lint: $(DEV_STAMP) ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV_STAMP) ## Check types
	$(BIN)/mypy

docs: $(DOCS_STAMP) ## Build the site of the documentation into site/html/; a warning is an error
	@rm -rf site/html  # a page that has gone must not stay
	$(BIN)/sphinx-build -W --keep-going -q -b html docs site/html

docs-check: $(DEV_STAMP) ## Run the code, the commands and the links of every page
	$(PYTEST) -q tests/e2e/test_documents.py

sheet: $(DEV_STAMP) ## Draw the charts of events at every size, style and width on contact sheets, and time them; OUT=DIR
	$(BIN)/python benchmarks/contact_sheet.py --out $(OUT)/sheet $(if $(ALL),--all)

notebooks: $(DEV_STAMP) ## Execute every notebook, top to bottom
	$(BIN)/python notebooks/execute.py

browser: $(DEV_STAMP) ## Open the report in a real Chromium (installed from Debian's packages where one is root)
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -q && apt-get install -qy chromium; } || echo "no Chromium here: the browser tests will skip"
	$(PYTEST) -n auto -m browser tests/e2e

kills: $(DEV_STAMP) ## Kill each command that writes at 60 random moments (KILLS=N for another number)
	$(BIN)/python -W ignore tests/support/kills.py --kills $(KILLS)

##@ Regenerate what is committed
gallery: $(DEV_STAMP) ## Write gallery/ anew from the bundled figures
	$(BIN)/eventstudy run us-china --out gallery

gallery-check: $(DEV_STAMP) ## Regenerate the study and compare it with gallery/; fails if anything moved (IMAGES=DIR for pictures)
	$(BIN)/eventstudy check us-china --against gallery $(if $(IMAGES),--images $(IMAGES))

benchmarks: $(DEV_STAMP) ## Measure speed and memory against the peers, on a quiet machine; writes docs/benchmarks.md
	$(BIN)/python benchmarks/run.py --out docs/benchmarks.md

licences: $(DEV_STAMP) ## Write docs/licences.md anew: what is installed with eventstudy, and what comes in it, under which licence
	$(BIN)/python tests/support/licences.py

licences-check: $(DEV_STAMP) ## Fail if docs/licences.md is not that of the locks, or names a licence that nobody has agreed to
	$(BIN)/python tests/support/licences.py --check

audit: ## Ask whether something is known against a locked dependency; fails too if one cannot be asked about
	$(PYTHON) -m venv $(VENV)/audit && $(VENV)/audit/bin/pip install -q --disable-pip-version-check pip-audit
	$(VENV)/audit/bin/pip-audit --strict --disable-pip --no-deps -r requirements/run.lock
	$(VENV)/audit/bin/pip-audit --strict --disable-pip --no-deps -r requirements/dev.lock

release-check: ## Build sdist and wheel, and run the README from them on each Python found (PYTHONS=3.11 for one)
	@$(PYTHON) -m venv $(VENV)/release && $(VENV)/release/bin/pip install -q --disable-pip-version-check uv twine check-wheel-contents
	@$(VENV)/release/bin/python tests/support/release_check.py $(PYTHONS)

modin: ## Run the tests of other libraries' frames with Modin, which needs pandas 2, in an environment of its own
	@$(PYTHON) -m venv $(VENV)/modin && $(VENV)/modin/bin/pip install -q --disable-pip-version-check uv
	@$(VENV)/modin/bin/uv pip install -q -p $(VENV)/modin/bin/python -r requirements/dev.lock && $(VENV)/modin/bin/uv pip install -q -p $(VENV)/modin/bin/python --no-deps -e .
	@$(VENV)/modin/bin/uv pip install -q -p $(VENV)/modin/bin/python modin "pandas<2.4"
	MODIN_ENGINE=python $(VENV)/modin/bin/pytest -q -p no:cacheprovider tests/test_frames.py

ray: ## Run the test of Ray (200 MB) in an environment of its own
	@$(PYTHON) -m venv $(VENV)/ray && $(VENV)/ray/bin/pip install -q --disable-pip-version-check uv
	@$(VENV)/ray/bin/uv pip install -q -p $(VENV)/ray/bin/python -r requirements/dev.lock "ray>=2.40" && $(VENV)/ray/bin/uv pip install -q -p $(VENV)/ray/bin/python --no-deps -e .
	$(VENV)/ray/bin/pytest -q -p no:cacheprovider tests/study/test_ray.py

changes: $(DEV_STAMP) ## Write docs/changes-0.2.md anew, from the old names in the code and the changelog
	$(BIN)/python docs/changes_page.py

lock: ## Resolve the dependencies anew, into requirements/
	$(PYTHON) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install -q uv
	$(VENV)/lock/bin/uv pip compile pyproject.toml --extra all --group dev --universal --python-version 3.11 --no-header -q -o requirements/dev.lock
	$(VENV)/lock/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --no-header -q -c requirements/dev.lock -o requirements/run.lock
	$(VENV)/lock/bin/uv pip compile pyproject.toml --extra all --group dev --group docs --universal --python-version 3.11 --no-header -q -c requirements/dev.lock -o requirements/docs.lock

clean: ## Remove the virtual environment and what was generated
	rm -rf $(VENV) out dist site docs/generated .fuzz .pytest_cache .mypy_cache .ruff_cache .hypothesis notebooks/.executed

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements/run.lock pyproject.toml | $(VENV)/bin/python
	@[ -e $(DEV_STAMP) ] || $(call install,-r requirements/run.lock)
	@$(call install,--no-deps -e .)
	@$(BIN)/python -m compileall -q src
	@touch $@

$(DEV_STAMP): requirements/dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing the development environment into $(VENV)"
	@$(call install,-r requirements/dev.lock)
	@$(call install,--no-deps -e .)
	@$(BIN)/python -m compileall -q src
	@touch $@

$(DOCS_STAMP): requirements/docs.lock $(DEV_STAMP)
	@$(call install,-r requirements/docs.lock)
	@touch $@
