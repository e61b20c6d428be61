# `make` builds the report, `make help` lists the rest. Needs Python 3.11 to 3.13 and nothing else.
# Variables: PYTHON (the interpreter .venv is made with), CORES (how many the workflow may use), ARGS
# (anything more for the command behind a target: `make ARGS=--dry-run`, `make test ARGS="-k claims"`).

PYTHON ?= python3 python3.13 python3.12 python3.11
UV := uv==0.13.9

python := .venv/bin/python
snakemake := $(python) -m snakemake $(if $(CORES),--cores $(CORES))
environment := .venv/complete
quiet := --quiet --disable-pip-version-check

# Written into .venv before anything else: what `make` may empty is what it made.
mark := .venv/made-by-make

# A package on the caller's PYTHONPATH would take the place of a locked one.
unexport PYTHONPATH PYTHONHOME
# Where pip installs is not the caller's to choose here.
export PIP_USER := 0
unexport PIP_TARGET PIP_PREFIX PIP_ROOT
# Snakemake keeps a cache, in the home folder where that can be written.
ifeq ($(shell test -d "$$HOME" -a -w "$$HOME" || echo no),no)
export XDG_CACHE_HOME := $(CURDIR)/.snakemake/cache
endif
# Without bytecode on disk every job would compile its libraries again, for seconds.
unexport PYTHONDONTWRITEBYTECODE

# Sets $$python to the first of $(PYTHON) that will do.
define choose_python
for python in $(PYTHON) ""; do \
  ! "$$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || break; \
done; \
if [ -z "$$python" ]; then \
  echo "Python 3.11, 3.12 or 3.13 is needed, and none was found as: $(PYTHON). Name one: make PYTHON=/path/to/python3.12" >&2; \
  exit 1; \
fi
endef

.PHONY: report status test lint peers lock clean help

report: $(environment)  ## run the workflow and build the report (the default)
	@$(snakemake) $(ARGS)

status: $(environment)  ## tell what of the study is done, running, failed and left
	@$(python) workflow/status.py $(ARGS)

test: $(environment)  ## run the tests
	@$(python) -m pytest $(ARGS)

lint: $(environment)  ## check style, types and the workflow
	@$(python) -m ruff check
	@$(python) -m ruff format --check
	@$(python) -m mypy
	@$(python) -m snakefmt --check workflow
	@$(python) -m snakemake --lint

peers: $(environment)  ## add JAX, PyTorch and pythae to .venv, to be timed beside the backends
	@$(python) -m pip install $(quiet) --no-compile --require-hashes -r envs/peers.lock

lock:  ## resolve versions anew: requirements.lock, envs/* (ARGS=--upgrade takes the newest)
	@set -e; $(choose_python); \
	tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	"$$python" -m venv "$$tools"; \
	"$$tools/bin/python" -m pip install $(quiet) $(UV); \
	"$$tools/bin/python" envs/generate.py $(ARGS)

clean:  ## remove all that was made: results, .venv, caches
	@find results -mindepth 1 -maxdepth 1 ! -name README.md ! -name reference -exec rm -rf {} +
	@find results/reference -name '.*.sha256' -delete
	@rm -rf $(addprefix results/reference/,claims.json figures logs report tables)
	@find scripts workflow envs tests -name __pycache__ -prune -exec rm -rf {} +
	@rm -rf .venv .snakemake build .mypy_cache .pytest_cache .ruff_cache scripts/*.egg-info

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

# `complete` is written last, so that an installation cut short is begun again. Modules are compiled
# when first imported: most never are.
$(environment): requirements.lock
	@set -e; $(choose_python); \
	if [ -L .venv ] || { [ -e .venv ] && [ ! -e $(mark) ] && [ ! -e $@ ]; }; then \
	  echo ".venv was not made by make, which would empty it. Move it away, or take it as it is: snakemake --cores all" >&2; \
	  exit 1; \
	fi; \
	echo "Installing requirements.lock into .venv with $$("$$python" --version); once, about two minutes."; \
	rm -rf .venv; mkdir .venv; touch $(mark); \
	"$$python" -m venv .venv; \
	$(python) -m pip install $(quiet) --no-compile --require-hashes -r requirements.lock
	@touch $@
