# make demo   forecast made traffic from nothing and write a report
# make test   lint, types, layers and all tests
# make lint   the quick part of it
# make bench  measure speed and accuracy
# make docs   write the generated part of docs/cli.md
# make clean  remove what these made

# A Python from 3.11 to 3.13: the default one if it fits.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo $$name; break; }; done)
# Where torch comes from, for example: make demo PIP_TORCH_ARGS='--index-url https://download.pytorch.org/whl/cpu'
PIP_TORCH_ARGS ?=
VENV ?= .venv
WORKERS ?= 3

BIN := $(VENV)/bin
TORCH := $(shell sed -n 's/^  "\(torch[^"]*\)",/\1/p' pyproject.toml)
DEMO_MODELS := auto naive seasonal-naive window-mean lstm gru-fcn

.PHONY: demo test lint bench docs clean

demo: $(VENV)/.installed
	@rm -rf demo
	@mkdir demo
	$(BIN)/nettide synth demo/traffic.parquet --series 20 --days 60 --parameters 3 --gaps 0.01 --seed 1 --truth demo/truth
	$(BIN)/nettide check demo/traffic.parquet
	$(BIN)/nettide forecast demo/traffic.parquet --unit bit/s --out demo/at-once.csv
	$(BIN)/nettide backtest demo/traffic.parquet --horizon 24 $(DEMO_MODELS:%=--model %) --budget 50s --unit bit/s --out demo/result
	$(BIN)/nettide fit demo/traffic.parquet --horizon 24 --budget 30s --unit bit/s --out demo/models/uplinks
	$(BIN)/nettide explain-choice demo/models/uplinks
	$(BIN)/nettide forecast demo/models/uplinks demo/traffic.parquet --levels 0.05,0.5,0.95 --out demo/tomorrow.csv
	$(BIN)/nettide forecast demo/models/uplinks demo/traffic.parquet --series link-00003
	@echo "Open the report in a browser: $(CURDIR)/demo/result/report.html"

# a file at a time, so that what its tests share is made by one worker alone; in order, not the largest first: files of
# few long tests would come last, one after the other
test: lint
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --cov --cov-report=term --cov-fail-under=90

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check src tests benchmarks examples pretraining
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/run.py

docs: $(VENV)/.installed-dev
	$(BIN)/python tests/cli_page.py

clean:
	rm -rf $(VENV) .benchvenv* demo dist build .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# torch first, on its own: whichever build PIP_TORCH_ARGS chooses then satisfies nettide
$(VENV)/.torch: pyproject.toml
	@test -n "$(PYTHON)" || { echo "nettide needs Python 3.11, 3.12 or 3.13; name one with: make demo PYTHON=/path/to/python" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check '$(TORCH)' $(PIP_TORCH_ARGS)
	@touch $@

$(VENV)/.installed: $(VENV)/.torch
	$(BIN)/python -m pip install -q --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.torch
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.installed
