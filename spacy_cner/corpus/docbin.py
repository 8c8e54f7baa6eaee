"""`.spacy` files: spaCy's DocBin on disk."""

import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from spacy.lang.zh import Chinese
from spacy.tokens import Doc, DocBin
from spacy.training.corpus import FILE_TYPE, walk_corpus
from spacy.vocab import Vocab, create_vocab

from ..errors import InputError
from ..files import check_writable, new_file, to_disk, write_bytes
from .fast_spans import fast_spans


def chinese_vocab() -> Vocab:
    """The vocabulary of `spacy.blank("zh")`, without loading what every installed plugin brings."""
    return create_vocab("zh", Chinese.Defaults)


def load(path: Path) -> DocBin:
    """Raises InputError for a file that is missing or not a DocBin."""
    try:
        return DocBin().from_disk(path)
    except OSError as error:
        raise InputError(f"{path}: expected a .spacy file, got {error.strerror or error}") from None
    except (ValueError, LookupError, TypeError, OverflowError, MemoryError, zlib.error):
        raise InputError(f"{path}: expected a .spacy file, as `spacy_cner convert` writes it, got other data") from None


def check_output(path: Path) -> None:
    """Raises InputError for the path of a .spacy file to write that has another ending or is a folder, and OSError for
    one that cannot be written."""
    _check_name(path)
    check_writable(path)


def _check_name(path: Path) -> None:
    if path.suffix != FILE_TYPE:
        raise InputError(f"{path}: expected the name of a {FILE_TYPE} file to write, got another ending")
    if path.is_dir():
        raise InputError(f"{path}: expected the name of a file to write, got a folder")


def save(docs: DocBin, path: Path) -> None:
    """Writes a .spacy file. Raises InputError as `check_output` does."""
    _check_name(path)
    write_bytes(path, docs.to_bytes())


def save_together(files: Mapping[Path, DocBin]) -> None:
    """Writes .spacy files that belong together: none gets its name before all are written, so that no file stands next
    to an older one if one cannot be written or the process is killed. Raises InputError as `check_output` does."""
    for path in files:
        _check_name(path)
    with ExitStack() as all_written:
        for path, docs in files.items():
            new = all_written.enter_context(new_file(path))
            new.write_bytes(docs.to_bytes())
            if new != path:
                to_disk(new)  # here, so that nothing but renaming is left for the end


def read_docs(path: Path, vocab: Vocab | None = None) -> Iterator[Doc]:
    """The documents of a .spacy file, or of all such files in a folder and below. Raises InputError as `load` does, and
    for a folder without any."""
    files = [Path(file) for file in walk_corpus(path, FILE_TYPE)] if path.is_dir() else [path]
    if not files:
        raise InputError(f"{path}: expected a folder with .spacy files, found none")
    for file in files:
        docs = load(file)
        try:
            yield from docs_of(docs, vocab)
        except InputError as error:
            raise InputError(f"{file}: {error}") from error


def docs_of(docs: DocBin, vocab: Vocab | None = None) -> Iterator[Doc]:
    """Yields the documents of a DocBin. Raises InputError for one that cannot be read."""
    with fast_spans():
        try:
            yield from docs.get_docs(vocab or chinese_vocab())
        except (LookupError, ValueError, TypeError, OverflowError) as error:
            raise InputError(f"expected a .spacy file, got one whose documents cannot be read ({error!r})") from error
