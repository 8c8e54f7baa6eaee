# `make all`: set up, then corpus -> training -> evaluation -> wheel -> entities of the test set. `make test`: set up, then the tests.
# `make light`: the tests that need no torch, in an environment without it: make light VENV=.venv-3.10 PYTHON=python3.10
# `make faults`: set up, then the tests that take an hour or more.
# `make models`: set up, then the wheels of the general recognisers, without training.
# `make docs`: set up, then the manual into site/.
PYTHON ?= python3
VENV ?= .venv
# Make takes a blank for the end of a name.
ifneq ($(words $(VENV)),1)
$(error expected a VENV without blanks, got "$(VENV)")
endif
BIN = $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet -c constraints.txt
# The corpus to train on, and the folder that holds it if that is not the embedded one: make all CORPUS=weibo CNER_DATA=...
CORPUS ?= embedded
CNER_DATA ?= assets
NAME = $(if $(filter embedded,$(CORPUS)),cner_clc,cner_$(subst -,_,$(CORPUS)))
STEPS = $(if $(filter embedded,$(CORPUS)),200,3000)
# Small steps: the recogniser that the training starts from should not forget what it knows.
RATE = $(if $(filter embedded,$(CORPUS)),0.0003,0.002)
CARD = $(if $(filter embedded,$(CORPUS)),configs/cards/clc_transformer.yml)
DATA = $(if $(filter embedded,$(CORPUS)),assets,$(CNER_DATA))

.PHONY: all models test light faults image docs setup java wheelhouse lint clean

all: setup
	$(BIN)/python -m spacy project run all . --vars.corpus $(CORPUS) --vars.data "$(DATA)" --vars.name $(NAME) --vars.max_steps $(STEPS) \
		--vars.learn_rate $(RATE) --vars.card "$(CARD)"

models: setup
	$(BIN)/python -m spacy project run models .

test: setup java
	$(INSTALL) -e ".[test]"
	npm install --silent --no-package-lock --no-audit --no-fund --prefix tests/serve
	$(MAKE) lint
	# One thread for each process: OpenMP's threads wait actively, so more of them than cores slow each other down.
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile

# What a pipeline needs to be used, in an environment of its own: for other versions of Python than that of `make test`.
light:
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) -e ".[onnx,words,vectors,dictionary,values,serve,plots,package,scale]" pytest pytest-xdist hypothesis
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --dist loadfile --without-torch \
		$(addprefix tests/,assets cli corpus decoding evaluation features pipeline rules terms text values)

# An hour or more: kills at random moments of each long command, flipped bits, threads, a million random files, and
# 100,000 random documents for each of two pipelines.
faults: setup
	$(INSTALL) -e ".[test,package]"
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow tests/faults
	OMP_NUM_THREADS=1 CNER_FUZZ=67000 $(BIN)/python -m pytest tests/fuzz -k any_file
	OMP_NUM_THREADS=1 CNER_FUZZ=100000 $(BIN)/python -m pytest tests/fuzz -k any_kind

# What docker/Dockerfile installs, in an environment of its own; it needs a package index.
image: setup
	$(INSTALL) -e ".[test,package]"
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest docker

# Not --quiet: warnings that are not shown are not counted, and would end nothing.
docs: setup
	$(INSTALL) -e ".[docs]"
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

setup: $(VENV)/ready

$(VENV)/ready: setup.py constraints.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) torch
	$(INSTALL) --upgrade "setuptools>=77" wheel
	$(INSTALL) -e ".[compile,words,vectors]"
	touch $@

# Spark, which some tests start, runs on Java.
java:
	@java -version >/dev/null 2>&1 || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get update -qq && apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null; } \
		|| { echo "expected Java 17 or later for the tests of Spark, found none; install it (default-jre-headless)"; exit 1; }

# After `make all`: everything that a machine without network needs to install the pipeline, in packages/.
wheelhouse:
	$(BIN)/python -m pip download --quiet -c constraints.txt --dest packages packages/*.whl

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy spacy_cner papers
	$(BIN)/lint-imports --no-cache

clean:
	rm -rf corpus training metrics packages site build dist *.egg-info project.lock
