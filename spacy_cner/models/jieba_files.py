"""The files of the network that comes with jieba 0.42 for its paddle mode, read without PaddlePaddle."""

from pathlib import Path

import numpy
import torch

from ..errors import InputError

# Of a variable in a file of PaddlePaddle: before it the version, the level of detail (none, so there is nothing more)
# and the tensor's version; behind it the description of so many bytes, then the values.
DESCRIPTION_SIZE = slice(16, 20)


def jieba_folder() -> Path:
    """Raises InputError if jieba is not installed."""
    try:
        import jieba
    except ImportError:
        raise InputError("expected jieba for its network; pip install spacy_cner[words] gets it") from None
    return Path(jieba.__file__).parent / "lac_small"


def read_dictionary(folder: Path) -> dict[str, int]:
    """The number of each entry, a character or a name for several of them."""
    return {entry: number for number, entry in _numbered(folder / "word.dic")}


def read_tags(folder: Path) -> list[str]:
    """The tags in the order of their scores, such as `PER-B`."""
    return [tag for _, tag in sorted(_numbered(folder / "tag.dic"))]


def _numbered(path: Path) -> list[tuple]:
    """A line is `number<TAB>entry`; one entry may be white space."""
    lines = [line.split("\t") for line in _read(path).decode("utf-8").split("\n")]
    return [(int(line[0]), line[1]) for line in lines if len(line) == 2]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: expected a file of jieba's network, which comes with jieba 0.42, got {error.strerror}"
        ) from None


def read_variable(folder: Path, name: str, *shape: int) -> torch.Tensor:
    """A variable that PaddlePaddle saved. Raises InputError if it cannot have the shape (-1: whatever fits)."""
    path = folder / "model_baseline" / name
    content = _read(path)
    start = DESCRIPTION_SIZE.stop + int.from_bytes(content[DESCRIPTION_SIZE], "little")
    values = content[start:]
    try:
        return torch.from_numpy(numpy.frombuffer(values, dtype="<f4").astype("float32")).view(*shape)
    except (ValueError, RuntimeError):
        raise InputError(
            f"{path}: expected float32 in the shape {shape} from byte {start} on, got {len(values)} bytes"
        ) from None
