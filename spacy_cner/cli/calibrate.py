"""`calibrate`: choose on development data how probable an entity must be."""

from pathlib import Path
from typing import Any

import typer

from ..corpus.docbin import read_docs
from ..evaluation.calibration import Calibration, last_to_calibrate
from ..evaluation.calibration import calibrate as choose
from ..evaluation.dictionary_weights import fit_weights
from ..loading import check_folder, load_pipeline, save_pipeline
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
    """Fit probabilities and a threshold on other data.

    Both are chosen on development data. A temperature scales all probabilities. A component can then find all entities
    that are probable enough, instead of those of the most probable tags: where precision is far above recall, as after
    training on few sentences, this finds more entities than it adds wrong ones.

    If a `cner_dictionary` in mode "soft" stands before the component, its weights are chosen first, and printed.

    What the pipeline does is changed only where F1 on these data rises by more than chance: in 95 % of sets that are
    drawn from their documents again. So it never gets worse on them, and with fewer than 20 entities nothing changes.
    The pipeline is saved with its own figures in meta.json. What is printed is F1 in each of these ways; a star marks
    what the saved pipeline does."""
    check_folder(output)
    nlp = load_pipeline(model, gpu_id, batch_size)
    docs = list(read_docs(data, nlp.vocab))
    with about(data):
        fitted = fit_weights(nlp, docs, component or last_to_calibrate(nlp))
        found = choose(nlp, docs, component)
    decoding, threshold = found.chosen
    rows = [("path", found.path_f, found.chosen == ("path", 0.0))]
    rows += [(f"{t:.2f}", f, found.chosen == ("spans", t)) for t, f in found.spans_f.items()]
    lines = [f"{name:>5} {100 * f:6.2f}{'  *' if is_chosen else ''}" for name, f, is_chosen in rows]
    figures: dict[str, Any] = {
        "decoding": decoding,
        "threshold": threshold,
        "temperature": found.temperature[1],
        "f": found.f,
        "before_f": found.before_f,
        "path_f": found.path_f,
        "spans_f": found.spans_f,
        "best": dict(zip(("decoding", "threshold"), found.best, strict=True)),
        "rise": found.rise,
        "ece": found.ece[1],
        "before_ece": found.ece[0],
        "entities": found.entities,
    }
    if fitted is not None:
        figures["dictionary"] = {**fitted._asdict()}
        lines += [f"{fitted.dictionary}: {label} {weight:g}" for label, weight in fitted.weights.items()]
        points = "" if fitted.rise is None else f", {interval_of(fitted.rise)}"
        kept = f"; {shown(fitted.best)} may be better by chance" if fitted.best != fitted.weights else ""
        lines.append(f"{fitted.dictionary}: F {100 * fitted.f:.2f} (before: {100 * fitted.before_f:.2f}){kept}{points}")
    show("\n".join(lines), figures, as_json)
    save_pipeline(nlp, output)
    for line in outcome(found):
        good(f"{output}: {line}")


def outcome(found: Calibration) -> list[str]:
    """Returns what was changed, in one sentence for the probabilities and one for the decoding."""
    before, after = found.temperature
    errors = " to ".join("-" if error is None else f"{100 * error:.1f}" for error in found.ece)
    lines = [
        f"temperature {after:g}, calibration error from {errors} %"
        if after != before
        else f"temperature {after:g} as it was"
    ]
    was, now = ("-" if f is None else f"{100 * f:.2f}" for f in (found.before_f, found.f))
    decoding, threshold = found.best
    best = "the most probable tags" if decoding == "path" else f"spans over {threshold:g}"
    points = "" if found.rise is None else f", {interval_of(found.rise)}"
    if found.is_kept:
        better = f"; {best} may be better by chance{points}" if found.rise is not None else ""
        lines.append(f"decoding kept as it was, F {now}{better}")
    else:
        lines.append(f"decoding now {best}, F from {was} to {now}{points}")
    return lines


def interval_of(rise: tuple[float, float]) -> str:
    """Returns an interval of how far F1 rises, in words."""
    return f"{100 * rise[0]:+.1f} to {100 * rise[1]:+.1f} points of F1"


def shown(weights: dict[str, float]) -> str:
    """Returns weights of labels, in words."""
    return ", ".join(f"{label} {weight:g}" for label, weight in weights.items())
