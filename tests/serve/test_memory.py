"""What bounds the memory of a worker that reads ever other texts."""

import os
import subprocess
import sys

from spacy_cner.serve.results import Wanted
from spacy_cner.serve.worker import PRIMITIVES, Batch, answer, load_all

SHAPES = f"""
import torch
from spacy_cner.serve.worker import load_all
load_all({{}})
layer = torch.nn.Conv1d(16, 16, 3, padding=1).eval()
with torch.no_grad():
    for length in [*range(10, 10 + {2 * PRIMITIVES}), 10]:
        print("shape", length, flush=True)
        layer(torch.zeros(2, 16, length))
"""


def primitives_compiled_for_the_first_shape_again(**environment):
    rest = {name: value for name, value in os.environ.items() if not name.startswith("ONEDNN")}
    run = subprocess.run(
        [sys.executable, "-c", SHAPES], env={**rest, "ONEDNN_VERBOSE": "2", **environment}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    first, again = run.stdout.split("shape 10\n")[1:]
    assert "create:cache_miss" in first.partition("shape")[0]
    return again.count("create:cache_miss")


def test_torch_keeps_the_code_of_few_shapes():
    assert primitives_compiled_for_the_first_shape_again()
    # What the environment says counts: here all shapes are kept.
    assert not primitives_compiled_for_the_first_shape_again(ONEDNN_PRIMITIVE_CACHE_CAPACITY="4096")


def test_common_characters_stay_known_and_others_are_forgotten(models):
    nlp = load_all({"contract": str(models / "contract")})["contract"]
    known = len(nlp.vocab.strings)
    texts = ["王海在青島等周芳。", "𡃁仔在東京", "ABC"]
    answer(nlp, Batch("contract", texts, [Wanted()] * len(texts)))
    assert len(nlp.vocab.strings) == known
    assert {"王", "島", "。", "A"} <= set(nlp.vocab.strings) and "𡃁" not in nlp.vocab.strings
