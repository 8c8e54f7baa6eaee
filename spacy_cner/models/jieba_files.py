"""A reader of the network's files that come with jieba 0.42 for its paddle mode. It does not need PaddlePaddle."""

from pathlib import Path

import numpy

from ..errors import InputError

# The bytes of a PaddlePaddle variable's file that hold the size of its description. Before them are the version, the
# level of detail (none) and the tensor's version; after them are the description and the values.
DESCRIPTION_SIZE = slice(16, 20)
NAMES = ["PER", "LOC", "ORG", "TIME"]  # of its labels, those that are names


def jieba_folder() -> Path:
    """Returns the folder of the network's files. Raises InputError if jieba is not installed."""
    try:
        import jieba
    except ImportError:
        raise InputError("expected jieba for its network; pip install spacy_cner[words] gets it") from None
    return Path(jieba.__file__).parent / "lac_small"


def read_dictionary(folder: Path) -> dict[str, int]:
    """Reads the number of each entry, which is a character or a name for several."""
    return {entry: number for number, entry in _numbered(folder / "word.dic")}


def read_jieba_tags(folder: Path) -> list[str]:
    """Reads the tags, such as `PER-B`, in the order of their scores."""
    return [tag for _, tag in sorted(_numbered(folder / "tag.dic"))]


def _numbered(path: Path) -> list[tuple]:
    """Reads lines `number<TAB>entry`, where an entry may be white space."""
    lines = [line.split("\t") for line in _read(path).decode("utf-8").split("\n")]
    return [(int(line[0]), line[1]) for line in lines if len(line) == 2]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: expected a file of jieba's network, which comes with jieba 0.42, got {error.strerror}"
        ) from None


def read_variable(folder: Path, name: str, *shape: int) -> numpy.ndarray:
    """Reads a variable that PaddlePaddle saved. Raises InputError if it does not fit the shape (-1 fits any size)."""
    path = folder / "model_baseline" / name
    content = _read(path)
    start = DESCRIPTION_SIZE.stop + int.from_bytes(content[DESCRIPTION_SIZE], "little")
    values = content[start:]
    try:
        return numpy.frombuffer(values, dtype="<f4").astype("float32").reshape(shape)
    except ValueError:
        raise InputError(
            f"{path}: expected float32 in the shape {shape} from byte {start} on, got {len(values)} bytes"
        ) from None
