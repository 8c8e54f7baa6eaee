"""Prepared corpora on disk, made where they are missing."""

import logging
import re
from dataclasses import dataclass
from pathlib import Path

from spacy.tokens import DocBin

from spacy_cner.corpus.docbin import load, read_docs, save
from spacy_cner.corpus.prepare import PARTS, prepare_folder, read_recipe
from spacy_cner.corpus.segment import add_words, load_segmenter
from spacy_cner.corpus.split import split
from spacy_cner.errors import InputError
from spacy_cner.files import write_bytes

logger = logging.getLogger(__name__)

# With one seed, every run of a column and every machine has the same part of the training data.
SEED = 0


@dataclass(frozen=True)
class Corpora:
    """folder: holds what is prepared.
    data: holds the corpora as they are published.
    recipes: a file such as configs/corpora.yml."""

    folder: Path
    data: Path
    recipes: Path

    def path(self, recipe: str, ratio: float, sentences: int | None = None, seed: int = 0) -> Path:
        """The folder of a corpus with this part of its training data, such as `msra-0.05`. The part is in its name even
        if it is 1: `prepare` and the project may have put any other part into `msra`."""
        whole = self.folder / f"{recipe}-{ratio:g}"
        return whole if sentences is None else sentences_path(whole, sentences, seed)

    def segmented_path(self, folder: Path, segmenter: str) -> Path:
        return folder / f"train-words-{re.sub(r'[^a-zA-Z0-9.-]+', '_', segmenter)}.spacy"

    def prepare(self, recipe: str, ratio: float, sentences: int | None = None, seed: int = 0) -> Path:
        """The folder at `path`, with its files."""
        folder = self.path(recipe, ratio)
        if not all((folder / f"{part}.spacy").is_file() for part in PARTS):
            self._prepare(folder, recipe, ratio)
        return folder if sentences is None else some_sentences(folder, sentences, seed)

    def segment(self, folder: Path, segmenter: str) -> Path:
        """The training file of a prepared corpus with words, by `segmenter` where it has none of its own."""
        path = self.segmented_path(folder, segmenter)
        if not path.is_file():
            logger.info("segmenting %s", path)
            nlp = load_segmenter(segmenter)
            docs = add_words(nlp, read_docs(folder / "train.spacy", nlp.vocab))
            save(DocBin(attrs=["ENT_IOB", "ENT_TYPE"], docs=docs), path)
        return path

    def file(self, name: str) -> Path:
        """A file such as `pfr/train.spacy` (the whole corpus) or `pfr-0.1/train.spacy`."""
        path = self.folder / name
        if not path.is_file():
            recipe, ratio = self._parse(path.parent.name)
            self._prepare(path.parent, recipe, ratio)
        if not path.is_file():
            raise InputError(f"{path}: expected a file that `prepare` makes, but it is none of them")
        return path

    def _parse(self, name: str) -> tuple[str, float]:
        match = re.fullmatch(r"(.+)-(\d*\.?\d+)", name)
        return (match[1], float(match[2])) if match else (name, 1.0)

    def _prepare(self, folder: Path, name: str, ratio: float) -> None:
        """Each file appears under its name when it is whole."""
        recipe = read_recipe(self.recipes, name)
        parts = set(PARTS) - ({"test"} - recipe.keys())
        if all((folder / f"{part}.spacy").is_file() for part in parts):
            return
        source = self.data / recipe.get("folder", name)
        if not source.is_dir():
            raise InputError(f"{source}: expected the corpus {name!r}; --data or CNER_DATA names the folder around it")
        logger.info("preparing %s", folder)
        for part, docs in prepare_folder(source, recipe, fraction=ratio, seed=SEED).items():
            save(docs, folder / f"{part}.spacy")


def sentences_path(folder: Path, count: int, seed: int) -> Path:
    return folder.with_name(f"{folder.name}-{count}-sentences-{seed}")


def some_sentences(folder: Path, count: int, seed: int) -> Path:
    """The folder of a prepared corpus with `count` of its training sentences and the other parts whole. The seed draws
    the sentences; a smaller sample is part of a larger one. Raises InputError if there are no more than `count`."""
    few = sentences_path(folder, count, seed)
    if not all((few / f"{part}.spacy").is_file() for part in PARTS):
        docs = load(folder / "train.spacy")
        if count >= len(docs):
            raise InputError(f"{folder / 'train.spacy'}: expected more than {count} sentences, got {len(docs)}")
        save(split(docs, [count, len(docs) - count], seed=seed)[0], few / "train.spacy")
        for part in PARTS[1:]:
            write_bytes(few / f"{part}.spacy", (folder / f"{part}.spacy").read_bytes())
    return few
