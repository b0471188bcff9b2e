# Needs python3 (3.11 to 3.13) with venv and pip; everything else is installed into .venv from the lock files.

PYTHON ?= python3
UV     ?= uv
OUT    ?= out/reproduce

SUPPORTED := 3.11 3.12 3.13
VERSION   := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)

VENV := .venv
BIN  := $(VENV)/bin

# Stamps: a step runs again only when what it depends on has changed, or the Python version has.
CREATED := $(VENV)/.created-$(VERSION)
RUNTIME := $(VENV)/.installed-runtime
DEV     := $(VENV)/.installed-dev
DOCS    := $(VENV)/.installed-docs

# What says within a minute that nothing is badly broken.
SMOKE := $(addprefix tests/,test_units.py test_atomic.py test_declared_once.py coupling crystal materials pulse/test_gaussian.py chain/test_chain.py::test_parts_that_lack)

.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help reproduce smoke test test-full check bench docs lock clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | while IFS='|' read -r target text; do printf '  make %-10s %s\n' "$$target" "$$text"; done
	@echo "  Options: PYTHON=python3.12 (the interpreter), OUT=folder (of reproduce)"

reproduce: $(RUNTIME) ## Run the paper's whole chain; write figures and a report to out/reproduce
	$(BIN)/chiraljax reproduce --out "$(OUT)"

smoke: $(DEV) ## A minute: layers, units, geometry, couplings, one chain from a pulse to Ω
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n 2 --dist worksteal -m "not slow" --deselect tests/test_declared_once.py::test_optimize $(SMOKE)

test: check ## Check style, types and layers, then run the tests (what CI runs)
	$(BIN)/pytest -n 2 -m "not slow"

test-full: check ## The same with the tests that take minutes
	$(BIN)/pytest -n 2

check: $(DEV) ## Check style, types and layers only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/basedpyright --pythonpath $(BIN)/python

bench: $(DEV) ## Run every benchmark
	@set -e; for script in benchmarks/[!_]*.py; do \
		test -e "$$script" || { echo "No benchmark in benchmarks/."; break; }; \
		echo "== $$script"; $(BIN)/python "$$script"; \
	done

docs: $(DOCS) ## Build the documentation into out/docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Existing pins are kept where they still fit; LOCK_OPTIONS=--upgrade moves all to the newest release.
# hatchling and editables are locked too: they build chiraljax itself, which is installed without build isolation.
COMPILE = printf 'hatchling\neditables\n' | UV_CUSTOM_COMPILE_COMMAND="make lock" $(UV) pip compile --quiet --universal --python-version 3.11 \
	--generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links $(LOCK_OPTIONS) pyproject.toml -

lock: ## Write the lock files anew (the only target that needs uv)
	$(COMPILE) -o requirements/runtime.txt
	$(COMPILE) --extra dev -c requirements/runtime.txt -o requirements/dev.txt
	$(COMPILE) --extra docs -c requirements/dev.txt -o requirements/docs.txt

clean: ## Remove all that make creates: .venv, out/reproduce, out/docs, builds, caches
	rm -rf $(VENV) out/reproduce out/docs build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache .jax_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(CREATED):
	@if [ -z "$(VERSION)" ]; then \
		echo "PYTHON must be a Python interpreter, but '$(PYTHON)' does not run. Try: make PYTHON=python3.12" >&2; exit 2; \
	fi; \
	case " $(SUPPORTED) " in \
	*" $(VERSION) "*) ;; \
	*) echo "PYTHON must be one of $(SUPPORTED), but '$(PYTHON)' is $(VERSION). Try: make PYTHON=python3.12" >&2; exit 2 ;; \
	esac
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

# What is installed, and the line that installs it: the pinned dependencies, then this tree.
define install
	@echo "Installing $< into $(VENV) (a minute or two the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endef

$(RUNTIME): requirements/runtime.txt pyproject.toml $(CREATED)
	$(install)
	@touch $@

# dev.txt and docs.txt contain runtime.txt, so they settle its stamp as well.
$(DEV): requirements/dev.txt pyproject.toml $(CREATED)
	$(install)
	@touch $(RUNTIME) $@

$(DOCS): requirements/docs.txt pyproject.toml $(CREATED)
	$(install)
	@touch $(RUNTIME) $@
