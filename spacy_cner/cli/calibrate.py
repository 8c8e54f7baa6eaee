"""`calibrate`: choose on development data how probable an entity must be."""

from pathlib import Path
from typing import Any

import typer

from ..corpus.docbin import read_docs
from ..evaluation.calibration import calibrate as choose
from ..evaluation.calibration import last_to_calibrate
from ..evaluation.dictionary_weights import fit_weights
from ..loading import load_pipeline, save_pipeline
from ._app import AS_JSON, BATCH_SIZE, GPU_ID, about, command, good, show


@command
def calibrate(
    # fmt: off
    model: str = typer.Argument(..., help="A pipeline: the name of a package, or a path"),
    data: Path = typer.Argument(
        ...,
        metavar="DEV",
        help="Gold documents to choose by (.spacy): development data, not "
        "those that the pipeline was trained on, nor a test set",
    ),
    output: Path = typer.Argument(..., help="The folder to write the pipeline to"),
    component: str | None = typer.Option(None, help="Its name; by default the last that finds entities by a CRF"),
    as_json: bool = AS_JSON,
    batch_size: int | None = BATCH_SIZE,
    gpu_id: int = GPU_ID,
    # fmt: on
):
    """Choose on development data how probable an entity must be.

    A component then finds all entities that are probable enough, instead of those of the most probable tags, and the
    pipeline is saved so. Where precision is far above recall, as after training on few sentences, this finds more
    entities than it adds wrong ones. If a `cner_dictionary` in mode "soft" stands before the component, its weights are
    chosen first, and printed. The most probable tags stay where no threshold has a higher F, or the gold
    documents have fewer than 20 entities."""
    nlp = load_pipeline(model, gpu_id, batch_size)
    docs = list(read_docs(data, nlp.vocab))
    with about(data):
        fitted = fit_weights(nlp, docs, component or last_to_calibrate(nlp))
        found = choose(nlp, docs, component)
    decoding, best = found.settings
    lines = [f"{t:5.2f} {100 * f:6.2f}{'  *' if t == best else ''}" for t, f in found.spans_f.items()]
    figures: dict[str, Any] = {
        "decoding": decoding,
        "threshold": best,
        "path_f": found.path_f,
        "spans_f": found.spans_f,
    }
    if fitted is not None:
        figures["dictionary"] = {**fitted._asdict()}
        lines.append("".join(f"{fitted.dictionary}: {label} {w:g}\n" for label, w in fitted.weights.items()).rstrip())
        lines.append(f"{fitted.dictionary}: F {100 * fitted.f:.2f} (before: {100 * fitted.before_f:.2f})")
    show("\n".join(lines), figures, as_json)
    save_pipeline(nlp, output)
    path_f, spans_f = (f"{100 * score:.2f}" for score in (found.path_f, found.spans_f[found.threshold]))
    if decoding == "spans":
        good(f"{output}: decoding spans, threshold {best:g}, F {spans_f} (most probable tags: {path_f})")
    else:
        good(f"{output}: decoding path, F {path_f} (spans, threshold {found.threshold:g}: {spans_f})")
