# `make all`: set up, then corpus -> training -> evaluation -> wheel -> first entities. `make test`: set up, then the tests.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet -c constraints.txt

.PHONY: all test setup lint clean

all: setup
	$(BIN)/python -m spacy project run all .

test: setup
	$(INSTALL) -e ".[test]"
	$(BIN)/ruff check .
	$(BIN)/mypy spacy_cner
	$(BIN)/python -m pytest

setup: $(VENV)/ready

$(VENV)/ready: setup.py constraints.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) torch
	$(INSTALL) -e ".[words,vectors]" build
	touch $@

lint:
	$(BIN)/ruff check .
	$(BIN)/mypy spacy_cner

clean:
	rm -rf corpus training metrics packages build dist *.egg-info project.lock
