"""`segment`: silver word segmentation for documents that have none."""

from pathlib import Path

import typer
from spacy.tokens import DocBin

from ..corpus.docbin import check_output, docs_of, load, save
from ..corpus.fast_spans import fast_spans
from ..corpus.segment import SEGMENTERS, add_words, has_words, load_segmenter
from ..text.progress import progress
from ._app import BATCH_SIZE, GPU_ID, about, command, good


@command
def segment(
    # fmt: off
    segmenter: str = typer.Argument(
        ...,
        help=f"{', '.join(SEGMENTERS)}, or a pipeline (the name of a package, or a path) that sets "
        "doc.spans['words'] or splits text into words",
    ),
    input_path: Path = typer.Argument(..., metavar="INPUT", help="The .spacy file to segment"),
    output_path: Path = typer.Argument(..., metavar="OUTPUT", help="The .spacy file to write"),
    entity_borders: bool = typer.Option(True, help="Cut words where entities begin and end"),
    overwrite: bool = typer.Option(False, "--overwrite", help="Segment documents that have words anew"),
    batch_size: int | None = BATCH_SIZE,
    gpu_id: int = GPU_ID,
    # fmt: on
):
    """Add words to the documents of a .spacy file.

    Documents without word segmentation (doc.spans["words"]) get one, for joint training where no gold segmentation
    exists. Text and entities stay as they are."""
    check_output(output_path)
    nlp = load_segmenter(segmenter, gpu_id, batch_size)
    source = load(input_path)
    has_user_data = any(data is not None for data in source.user_data)
    result = DocBin(attrs=source.attrs, store_user_data=has_user_data)
    with about(input_path), fast_spans():
        docs = list(docs_of(source, nlp.vocab))
        kept = 0 if overwrite else sum(map(has_words, docs))
        segmented = add_words(nlp, docs, entity_borders=entity_borders, overwrite=overwrite)
        for doc in progress(segmented, total=len(docs), unit="doc"):
            result.add(doc)
    save(result, output_path)
    good(f"{output_path}: {len(docs)} documents, {len(docs) - kept} segmented, {kept} with words of their own kept")
