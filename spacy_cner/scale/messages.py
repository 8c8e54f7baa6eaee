"""What workers on other machines say of a part, as a line of text."""

import json
from dataclasses import asdict
from pathlib import Path

from ..errors import InputError
from ..loading import keep_loaded
from .work import PartWorker


class TellingWorker:
    """Annotates the parts of a job and returns what became of each as JSON: what `spacy_cner.scale.local.Told` takes.
    An engine may give it a part again; what is done is not done twice. The process is for this alone."""

    def __init__(self, folder: str, gpu_id: int = -1):
        self.work: PartWorker | None = None
        self.error = ""
        try:
            self.work = PartWorker(Path(folder), gpu_id)
        except InputError as error:  # an engine would begin it again and again
            self.error = str(error)
        keep_loaded()

    def __call__(self, number: int) -> str:
        """Returns what became of a part."""
        if self.work is None:
            return json.dumps({"kind": "stop", "error": self.error})
        try:
            report = self.work.folder.report(self.work.job, number) or self.work(number)
            return json.dumps({"kind": "done", "report": asdict(report)})
        except Exception as error:
            return json.dumps(self.work.failed(number, error))
