"""What pipelines cost: speed, latency, loading, memory and size, side by side.

    python benchmarks/light.py corpus/weibo/test.spacy SPACY_NER MODEL ... [--peers jieba jiagu] [--repeats 5] [--json]

Speed is measured turn by turn in one process on one thread, as `speed.py` does it; ratios are to the first pipeline.
The rest is measured in a process of its own: CPU seconds of `spacy.load` after `import spacy` and of an empty text, as
peers load late; milliseconds for a document alone; and the peak of memory while all documents are read in batches. MB
on disk are those of the pipeline's folder. What torch or ONNX Runtime take on disk is not among them. Peers are the
taggers of `off_the_shelf.py`.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import spacy
from shelf import PEERS
from speed import measure, summarise

from spacy_cner.corpus.docbin import read_docs

ALONE = """
import json, sys, time
import spacy
sys.path.insert(0, sys.argv[1])
from peak import peak_mb
texts = json.load(sys.stdin)
if sys.argv[3:]:
    import shelf
start = time.process_time()
nlp = shelf.PEERS[sys.argv[2]]() if sys.argv[3:] else spacy.load(sys.argv[2])
nlp("")
load = time.process_time() - start
nlp(texts[0])
start = time.process_time()
for text in texts[:100]:
    nlp(text)
latency = (time.process_time() - start) / len(texts[:100])
for _ in nlp.pipe(texts):
    pass
found = {"load_s": load, "latency_ms": 1000 * latency, "peak_mb": peak_mb(), "torch": "torch" in sys.modules}
print(json.dumps(found))
"""
COLUMNS = {"ratio": "{:.2f}", "latency_ms": "{:.2f}", "load_s": "{:.2f}", "peak_mb": "{:.0f}", "disk_mb": "{:.1f}"}


def alone(model: str, texts: list[str], *, peer: bool) -> dict[str, Any]:
    """Measures a pipeline, or a peer, in a process of its own."""
    command = [sys.executable, "-c", ALONE, str(Path(__file__).parent), model, *["peer"] * peer]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, encoding="utf-8", check=True)
    return json.loads(done.stdout.splitlines()[-1])


def disk_mb(model: str) -> float | None:
    """The size of a pipeline's folder; None for the name of a package."""
    folder = Path(model)
    files = [file for file in folder.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files) / 1e6 if folder.is_dir() else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="A .spacy file")
    parser.add_argument("models", nargs="+", help="Pipelines; ratios are to the first")
    parser.add_argument("--peers", nargs="*", default=[], choices=PEERS)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    texts = [doc.text for doc in read_docs(args.file)]
    pipelines = {name: spacy.load(name) for name in args.models} | {name: PEERS[name]() for name in args.peers}
    rows = summarise(measure(pipelines, texts, args.repeats))
    for row in rows:
        name = row["model"]
        row |= {**alone(name, texts, peer=name in args.peers), "disk_mb": disk_mb(name)}
    if args.json:
        print(json.dumps({"characters": sum(map(len, texts)), "models": rows}, indent=2))
        return
    print("  ".join(f"{name:>10}" for name in COLUMNS), " model")
    for row in rows:
        cells = ("" if row[name] is None else form.format(row[name]) for name, form in COLUMNS.items())
        print("  ".join(f"{cell:>10}" for cell in cells), "", row["model"])


if __name__ == "__main__":
    main()
