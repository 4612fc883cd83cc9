# The doors of the checkout. Each makes .venv when it is missing; root may let
# it install Debian packages, anyone else is told which ones are missing.

BIN := .venv/bin
unexport PYTHONDONTWRITEBYTECODE  # compiled once, not in each process
PYTEST := $(BIN)/python -m pytest
WORKERS ?= auto
MESSAGES ?= 1000000
SECONDS ?= 60
FUZZED ?= capture streams records handshakes dtls keylogs keyfiles messages

.PHONY: help demo story test check bench fuzz lock captures matrix differential mutants clean

help: ## list the doors
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.venv/.ready: requirements.lock pyproject.toml scripts/bootstrap.sh
	sh scripts/bootstrap.sh
	touch $@

.PHONY: tools
tools: .venv/.ready
	sh scripts/tools.sh
	$(BIN)/python scripts/schemas.py

demo: .venv/.ready ## dissect bundled captures, judge an emulated WLC, show the reports
	sh scripts/demo.sh

story: .venv/.ready ## re-live the source document: why is the tunnel down, and up again
	$(BIN)/python -m conformance.story

test: tools ## run every test
	$(PYTEST) -n $(WORKERS)

check: .venv/.ready ## ruff, mypy --strict, import-linter, codespell
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

mutants: .venv/.ready ## print the kill matrix of the conformance checks
	$(BIN)/python -m conformance.matrix

.PHONY: mutation
mutation: .venv/.ready ## put small faults into the checks: does the kill matrix notice?
	$(BIN)/python -m tests.mutation

bench: tools ## the budgets beside tshark in the same run; MESSAGES=100000
	$(BIN)/python -m benchmarks --messages $(MESSAGES) --page

fuzz: .venv/.fuzz ## the parsers of hostile input, for SECONDS each
	for target in $(FUZZED); do \
	    $(BIN)/python -m tests.fuzz $$target -max_total_time=$(SECONDS) || exit 1; \
	done

.venv/.fuzz: .venv/.ready requirements-fuzz.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	touch $@

captures: .venv/.ready ## record pcaps/ and keys/ anew from the emulators
	$(BIN)/python -m conformance.emulator.captures

matrix: tools ## which TLS sessions come out exactly, with tshark and Scapy beside
	$(BIN)/python -m benchmarks.matrix

differential: tools ## tshark with our Lua file against our own dissector
	$(BIN)/python benchmarks/differential.py

lock: .venv/.ready ## pin the newest dependencies with their hashes
	sh scripts/lock.sh

clean: ## remove what the doors made
	rm -rf .venv out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
