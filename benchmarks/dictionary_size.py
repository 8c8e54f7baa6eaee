"""Load, memory and speed of dictionaries: python benchmarks/dictionary_size.py TEXT TERMS.tsv ...

Each file of terms is loaded in a process of its own. CPU time, so that other work on the machine counts less.
"""

import ctypes
import gc
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time, time

import spacy

from spacy_cner.terms.dictionary import TermDictionary
from spacy_cner.terms.reading import read_terms


def resident() -> int:
    """The bytes of memory that the process holds (Linux), but for what the allocator keeps of freed memory."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def measure(text: str, path: str) -> None:
    with tempfile.TemporaryDirectory() as folder:  # modules that are imported once are no part of the dictionary
        few = Path(folder) / "few.tsv"
        few.write_text("预热\tX\n", encoding="utf-8")
        warm = TermDictionary()
        warm.add(read_terms([few])[0])
        list(warm.find("预热"))
    lines = Path(text).read_text(encoding="utf-8").splitlines()
    before, cpu, clock = resident(), process_time(), time()
    dictionary = TermDictionary()
    dictionary.add(read_terms([path])[0])
    cpu, clock = process_time() - cpu, time() - clock
    count = len(dictionary)
    memory = (resident() - before) / count
    start = process_time()
    hits = sum(len(dictionary.find(line)) for line in lines)
    speed = sum(map(len, lines)) / (process_time() - start)
    nlp = spacy.blank("zh")
    nlp.add_pipe("cner_dictionary").read(path)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        start = process_time()
        nlp.to_disk(folder)
        saved, start = process_time() - start, process_time()
        spacy.load(folder)
        loaded = process_time() - start
    print(
        f"{count:9,} terms: load {cpu:.2f} s ({clock:.2f} by the clock), {memory:.0f} bytes a term, {speed:,.0f} "
        f"characters/s, {hits} found; pipeline saved in {saved:.2f} s, loaded in {loaded:.2f} s"
    )


if __name__ == "__main__":
    text, *paths = sys.argv[1:]
    if len(paths) == 1:
        measure(text, paths[0])
    for path in paths if len(paths) > 1 else []:
        subprocess.run([sys.executable, __file__, text, path], check=True)
