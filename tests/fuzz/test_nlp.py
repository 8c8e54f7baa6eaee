"""Any document gets entities that stand in its text, whatever is in it, whatever its tokens.

CNER_FUZZ is the number of documents for each pipeline, CNER_FUZZ_SEED the first seed."""

import os
from pathlib import Path

import spacy
from fuzz.random_docs import check_seeds

SM = Path(__file__).parents[2] / "assets" / "sm"
EXAMPLES, FIRST = int(os.environ.get("CNER_FUZZ", 400)), int(os.environ.get("CNER_FUZZ_SEED", 0))
SEEDS = range(FIRST, FIRST + EXAMPLES)


def test_documents_of_any_kind_for_a_network(trained):
    assert check_seeds(trained, SEEDS, batch=256) > EXAMPLES / 2


def test_documents_of_any_kind_for_sparse_features():
    assert check_seeds(spacy.load(SM), SEEDS, batch=256) > EXAMPLES / 2
