"""How often the gold entities of a text are among a component's readings that have a part of the probability together.

python benchmarks/readings.py MODEL GOLD.spacy"""

from pathlib import Path

import typer

from spacy_cner.corpus.docbin import read_docs
from spacy_cner.evaluation.calibration import last_to_calibrate
from spacy_cner.loading import load_pipeline
from spacy_cner.pipeline.readings import n_best_readings

COVERAGES = (0.5, 0.8, 0.9, 0.95)


def main(model: str, gold: Path, most: int = 32, longest: int = 256):
    """Prints, for each wished rate, the rate there is and the mean number of readings of a document. Documents of more
    than `longest` characters, which have several windows, are left out."""
    nlp = load_pipeline(model)
    name = last_to_calibrate(nlp)
    golds = [doc for doc in read_docs(gold, nlp.vocab) if 0 < len(doc.text) <= longest]
    with nlp.select_pipes(enable=nlp.pipe_names[: nlp.pipe_names.index(name)]):
        docs = list(nlp.pipe(doc.text for doc in golds))
    for coverage in COVERAGES:
        found, count = 0, 0
        for doc, readings in zip(golds, n_best_readings(nlp.get_pipe(name), docs, most, coverage), strict=True):
            entities = [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
            found += any([each[:3] for each in reading[3]] == entities for reading in readings)
            count += len(readings)
        print(f"wished {coverage:.2f}, is {found / len(docs):.3f}, {count / len(docs):.1f} readings")


if __name__ == "__main__":
    typer.run(main)
