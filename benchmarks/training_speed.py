r"""Characters per second of training by a config, and of prediction, on one core or on a GPU.

    python benchmarks/training_speed.py configs/clc.cfg 1000 4000 --gpu-id 0 \
        --paths.train train.spacy --paths.dev dev.spacy

Machines are shared and differ, so compare figures of one machine and one hour. Time is CPU time, on a GPU wall time.
"""

import os

os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import argparse
from itertools import cycle, islice
from time import perf_counter, process_time
from typing import Any

import torch
from spacy.cli._util import parse_config_overrides
from spacy.language import Language
from spacy.training import Example
from spacy.training.batchers import minibatch_by_padded_size
from spacy.training.initialize import init_nlp
from spacy.util import load_config, registry

from spacy_cner.loading import use_gpu

WARM_UP = 3  # batches that are not timed
DOCUMENTS = 12000  # that batches are made of, the corpus again and again
TEXTS = 2000


def main() -> None:
    args, overrides = parse_args()
    torch.set_num_threads(1)
    use_gpu(args.gpu_id)
    config = load_config(args.config, overrides, interpolate=True)
    nlp = init_nlp(config, use_gpu=args.gpu_id)
    training = registry.resolve({**config["training"], "corpus": config["corpora"]["train"]})
    examples = list(islice(cycle(list(training["corpus"](nlp))), DOCUMENTS))
    for size in args.sizes:
        batches = list(islice(minibatch_by_padded_size(iter(examples), size, buffer=4096), args.steps + WARM_UP))
        update(nlp, training, batches[:WARM_UP])
        seconds = timed(args.gpu_id, lambda: update(nlp, training, batches[WARM_UP:]))  # noqa: B023
        characters = sum(len(example.x) for batch in batches[WARM_UP:] for example in batch)
        step = 1000 * seconds / (len(batches) - WARM_UP)
        print(f"training, {size} padded characters a step: {characters / seconds:.0f} characters/s, {step:.0f} ms each")
    texts = [example.x.text for example in examples[:TEXTS]]
    for _ in nlp.pipe(texts[:256]):
        pass
    seconds = timed(args.gpu_id, lambda: list(nlp.pipe(texts)))
    print(f"prediction: {sum(map(len, texts)) / seconds:.0f} characters/s")


def parse_args() -> Any:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help="Its settings may follow, as for `spacy train`")
    parser.add_argument("sizes", type=int, nargs="+", help="Of a batch, in padded characters")
    parser.add_argument("--gpu-id", type=int, default=-1, help="GPU, or -1 for the CPU")
    parser.add_argument("--steps", type=int, default=9, help="That are timed for each size")
    args, rest = parser.parse_known_args()
    return args, parse_config_overrides(rest)


def update(nlp: Language, training: dict[str, Any], batches: list[list[Example]]) -> None:
    for batch in batches:
        nlp.update(batch, sgd=training["optimizer"], drop=training["dropout"], losses={})


def timed(gpu_id: int, work: Any) -> float:
    """Seconds."""
    clock = process_time if gpu_id < 0 else perf_counter
    start = clock()
    work()
    if gpu_id >= 0:
        torch.cuda.synchronize()
    return clock() - start


if __name__ == "__main__":
    main()
