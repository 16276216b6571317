# Everything starts from a clean clone with Python 3.11 to 3.13, pip and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# Trainings of a study that run at once.
JOBS ?= 2
# No parallel set-up: pip runs of one environment must not meet.
.NOTPARALLEL:
.PHONY: help venv demo test test-lowest lint bench interop story-stft study-stft story-ashnets study-ashnets study-quantisation clean
.DEFAULT_GOAL := help

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: $(INSTALLED) ## Create .venv with neurotool, Lava and the development tools

# Lava's wheels declare Python 3.10 only and old versions of what they import. They run on newer ones with the repairs of
# targets/lava, so they are installed without asking them; what they import comes from the extra "lava".
$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || { \
		echo "neurotool needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is: $$($(PYTHON) --version 2>&1)." \
			"Name another one, such as: make venv PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,examples,lava,nn]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python \
		lava-nc==0.10.0 lava-dl==0.6.0
	@touch $@

demo: venv ## Train, split, convert, run on Lava, verify and cost the digits network
	$(BIN)/neurotool demo --out build/demo/digits --force

test: venv ## Run the whole test suite
	$(BIN)/python -m pytest -n 2

# Texts of the published schemas depend on the version of pydantic, which make test holds.
# A bound that pip cannot install, or with which a test fails, is raised in pyproject.toml. Python 3.11 is the lowest too.
LOWEST := build/lowest
test-lowest: venv ## Run the tests with the lowest versions that pyproject.toml allows (some gigabytes)
	$(PYTHON) -m venv --clear $(LOWEST)
	$(BIN)/python .ci/lowest.py > $(LOWEST)/pins.txt
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check -c $(LOWEST)/pins.txt \
		-e '.[examples,lava,nn]' hypothesis psutil pytest pytest-xdist
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --ignore-requires-python \
		lava-nc==0.10.0 lava-dl==0.6.0
	$(LOWEST)/bin/neurotool demo --out build/demo/lowest --force
	$(LOWEST)/bin/python -m pytest -n 2 -W ignore -k 'not published_schema' tests/gpu tests/cli tests/data tests/report tests/converters tests/loihi \
		tests/ir tests/neurons tests/nn tests/lava

lint: venv ## Check format, style, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# spikingjelly declares torchvision, torchaudio and tensorboard, which its neurons do not import.
bench: venv ## Run every benchmark; each prints ratios
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -c constraints.txt spikingjelly
	@set -e; for script in $(sort $(wildcard benchmarks/*.py)); do $(BIN)/python $$script; done

# Each framework has its own environment, since their pins exclude each other. torch brings what it needs; the others
# declare more than their neurons import. Edges of a graph come out of a set, hence the fixed order of hashes.
interop: venv ## Run networks of other frameworks anew, and print how neurotool agrees with them
	@set -e; for name in norse snntorch spikingjelly sinabs; do \
		$(PYTHON) -m venv --clear build/interop/$$name; \
		python="build/interop/$$name/bin/python -W ignore"; pins=interop/requirements-$$name.txt; \
		$$python -m pip install --quiet --disable-pip-version-check -c $$pins torch; \
		$$python -m pip install --quiet --disable-pip-version-check --no-deps -r $$pins; \
		PYTHONHASHSEED=0 $$python interop/generate_$$name.py; \
	done
	$(BIN)/python interop/matrix.py --write docs/interop.md
	@cat docs/interop.md

# The networks are trained in an environment of their own, like those of make interop.
study-quantisation: venv ## Train recurrent networks anew and measure what quantisation costs (an hour)
	$(PYTHON) -m venv --clear build/interop/digits
	build/interop/digits/bin/python -m pip install --quiet --disable-pip-version-check \
		-c interop/requirements-digits.txt torch
	build/interop/digits/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
		-r interop/requirements-digits.txt
	PYTHONHASHSEED=0 build/interop/digits/bin/python -W ignore interop/generate_digits.py
	$(BIN)/python interop/quantisation_study.py --measure --write docs/quantisation.md

story-stft: venv ## Train the Spiking Tucker Fusion Transformer and take it to the chip (15 minutes)
	$(BIN)/python -W ignore -m neurotool.examples.stft story

study-stft: venv ## Compare that model with its ablations over five class splits (90 minutes; goes on where it stopped)
	$(BIN)/python -W ignore -m neurotool.examples.stft study --jobs $(JOBS)

story-ashnets: venv ## Train the artificial-spiking hierarchical network and take it to the chip (15 minutes)
	$(BIN)/python -W ignore -m neurotool.examples.ashnets story

study-ashnets: venv ## Compare that network with its baselines over three seeds (90 minutes; goes on where it stopped)
	$(BIN)/python -W ignore -m neurotool.examples.ashnets study --jobs $(JOBS) \
		--out examples/ashnets/results

clean: ## Remove the environment and everything that was built
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
