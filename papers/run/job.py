"""One training in a process of its own: `python -m papers.run.job JOB`, with the fields of `Job` as JSON."""

import json
import os
import shutil
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import spacy
from filelock import FileLock, Timeout
from spacy.cli._util import setup_gpu
from spacy.language import DEFAULT_CONFIG, Language
from spacy.training.initialize import init_nlp
from spacy.training.loop import DIR_MODEL_BEST, DIR_MODEL_LAST
from spacy.training.loop import train as train_loop
from spacy.util import load_config_from_str

from spacy_cner.corpus.docbin import read_docs
from spacy_cner.corpus.segment import has_words
from spacy_cner.corpus.stats import known_entities
from spacy_cner.errors import InputError
from spacy_cner.evaluation.calibration import SETTINGS, calibrate, last_to_calibrate
from spacy_cner.evaluation.pipeline import evaluate_pipeline
from spacy_cner.evaluation.words import read_vocabulary
from spacy_cner.files import write_text
from spacy_cner.loading import assigned_by

from .records import SPLITS, Record, device, make_records, revision, save_records


@dataclass(frozen=True)
class Job:
    """common: `row`, `corpus`, `ratio` and `seed` of the records.
    config, overrides: what the records have as these.
    merged: the text of the whole config, with its files and its seed.
    corpus: the folder with train.spacy, dev.spacy and test.spacy.
    output: the folder for the pipeline.
    results: the file of records.
    labels: the types of entities that have records of their own.
    calibrated: the row for the scores of the pipeline once its threshold has been chosen; "" for none.
    gpu: whether to use the first GPU that is visible."""

    common: Record
    config: str
    overrides: dict[str, Any]
    merged: str
    corpus: str
    output: str
    results: str
    gpu: bool = False
    keep_models: bool = False
    labels: list[str] = field(default_factory=list)
    calibrated: str = ""


def main() -> None:
    end_with_parent()
    job = Job(**json.loads(sys.argv[1]))
    revision()
    output = Path(job.output)
    output.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(output / "lock", timeout=0):
            about = {"config": job.config, "labels": job.labels, **train(job)}
            nlp = spacy.load(output / DIR_MODEL_BEST)
            run = {**about, "overrides": job.overrides, "scores": score(nlp, Path(job.corpus))}
            records = list(make_records(job.common, run))
            if job.calibrated:
                chosen = calibrated(nlp, Path(job.corpus) / "dev.spacy")
                run = {**about, "overrides": {**job.overrides, **chosen}, "scores": score(nlp, Path(job.corpus))}
                records += make_records({**job.common, "row": job.calibrated}, run)
            save_records(Path(job.results), records)
            print(summary(records))
            if not job.keep_models:
                for name in (DIR_MODEL_BEST, DIR_MODEL_LAST):
                    shutil.rmtree(output / name, ignore_errors=True)
    except Timeout:
        raise InputError(f"{output}: expected to be alone, but another process is at this run") from None


def train(job: Job) -> dict[str, Any]:
    """RETURNS: `train_s` (seconds of training) and `device`."""
    use_gpu = 0 if job.gpu else -1
    setup_gpu(use_gpu, silent=True)
    output = Path(job.output)
    write_text(output / "config.cfg", job.merged)
    config = load_config_from_str(job.merged)
    remove_progress_bar(config["training"])
    check_patience(config["training"])
    # Some components learn everything when they are initialised.
    start = perf_counter()
    nlp = init_nlp(config, use_gpu=use_gpu)
    train_loop(nlp, output, use_gpu=use_gpu)
    seconds = perf_counter() - start
    return {"train_s": seconds, "device": device(job.gpu)}


def remove_progress_bar(training: dict[str, Any]) -> None:
    """The log would fill with it, and its other lines say the step. All other settings of the logger stay."""
    training.get("logger", {}).pop("progress_bar", None)


def calibrated(nlp: Language, dev: Path) -> dict[str, Any]:
    """Chooses the threshold. RETURNS: the settings, as overrides of the config."""
    name = last_to_calibrate(nlp)
    calibrate(nlp, read_docs(dev), name)
    return {f"components.{name}.{setting}": nlp.get_pipe_config(name)[setting] for setting in SETTINGS}


def check_patience(training: dict[str, Any]) -> None:
    """Raises InputError where spaCy's loop would end before its second evaluation, as nothing was better by then."""
    patience, every = (training.get(key, DEFAULT_CONFIG["training"][key]) for key in ("patience", "eval_frequency"))
    if 0 < patience <= every:
        raise InputError(
            f"expected a training.patience of more steps than the {every} from one evaluation to the next, or 0 for "
            f"none, got {patience}"
        )


def score(nlp: Language, corpus: Path) -> dict[str, dict[str, Any]]:
    """The scores of the annotated entities, words or both, on the development and the test set."""
    assigned = assigned_by(nlp)
    gold = {split: list(read_docs(path)) for split in SPLITS if (path := corpus / f"{split}.spacy").exists()}
    segments = "doc.spans" in assigned and all(any(map(has_words, docs)) for docs in gold.values())
    known = known_entities(read_docs(corpus / "train.spacy"))
    vocabulary = read_vocabulary(corpus / "train.spacy") if segments else None
    scores = {split: evaluate_pipeline(nlp, docs, known, vocabulary=vocabulary) for split, docs in gold.items()}
    if "doc.ents" in assigned:
        return scores
    return {
        split: {key: value for key, value in each.items() if not key.startswith("ents_")}
        for split, each in scores.items()
    }


def summary(records: Sequence[Record]) -> str:
    """One line with the scores of all entities, or of words where the pipeline finds no entities."""
    subset = "all" if any(record["subset"] == "all" for record in records) else "words"
    scores = (f"{record['split']} F {record['f']}" for record in records if record["subset"] == subset)
    return f"{', '.join(scores)}, trained in {records[0]['train_s']} s"


def end_with_parent() -> None:
    """Ends this process when its standard input ends, which is a pipe from the parent. However the parent is killed, no
    run is left behind that the next start would run a second time."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
