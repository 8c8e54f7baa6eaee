"""A folder that `teach` fills, file by file, and goes on with when it was stopped."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spacy.tokens import DocBin
from spacy.training.corpus import FILE_TYPE

from ..corpus.docbin import save
from ..corpus.silver import Counts
from ..errors import InputError
from ..files import PART, check_writable, write_text

STATE = "teach.json"


class SilverFolder:
    """The files of a folder, and in STATE what they are of: model, texts and settings, and the counts after each file.

    settings: what the files depend on, as JSON has it.

    Raises InputError for a folder with anything else, or with files of other settings, and OSError for one that cannot
    be written."""

    def __init__(self, path: Path, settings: dict[str, Any]):
        self.path, self.settings = path, json.loads(json.dumps(settings))
        self.done: list[dict[str, int]] = []
        state = path / STATE
        if state.is_file():
            try:
                known = json.loads(state.read_bytes())
                before, self.done = known["settings"], known["done"]
            except (ValueError, TypeError, KeyError) as error:
                raise InputError(f"{state}: expected what teach wrote, got {error!r}; take a new folder") from None
            for key, value in self.settings.items():
                if before.get(key) != value:
                    was = before.get(key)
                    raise InputError(f"{path}: expected the same {key} as before, {was!r}, got {value!r}; take another")
        elif path.exists() and (not path.is_dir() or _has_more(path)):
            raise InputError(f"{path}: expected a {FILE_TYPE} file or a new folder to write, found something there")
        check_writable(state)

    def counts(self) -> Counts:
        """What was counted up to the end of the last file."""
        return Counts(**self.done[-1]) if self.done else Counts()

    def add(self, docs: DocBin, counts: Counts) -> None:
        """Writes the next file."""
        if not self.done:
            self._write_state()  # a file without it would be taken for another's
        save(docs, self.path / f"{len(self.done):05d}{FILE_TYPE}")
        self.done.append(asdict(counts))
        self._write_state()

    def _write_state(self) -> None:
        state = {"settings": self.settings, "done": self.done}
        write_text(self.path / STATE, json.dumps(state, ensure_ascii=False, indent=1) + "\n")


def _has_more(folder: Path) -> bool:
    """Returns whether a folder holds more than what a kill left of the first STATE that was written there."""
    return any(not entry.match(f"{STATE}.*{PART}") for entry in folder.iterdir())
