"""Characters per second of `cner_values`, and of jionlp's own extraction of times, on one core."""

import argparse
import contextlib
import io
import random
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from time import process_time, time

from spacy_cner.corpus.raw import raw_lines
from spacy_cner.values.find import find_values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", type=Path, nargs="+", help="Text files, or folders of them")
    parser.add_argument("--lines", type=int, default=3000, help="So many of their lines, drawn by chance")
    args = parser.parse_args()
    lines = random.Random(0).sample(list(raw_lines(args.texts)), args.lines)
    with contextlib.redirect_stdout(io.StringIO()):
        from jionlp.algorithm.ner.time_extractor import TimeExtractor

    extract, now = TimeExtractor(), datetime.now()
    find_values("2026年11月3日", now)  # loads the parser
    print(len(lines), "lines,", sum(map(len, lines)), "characters")
    print("cner_values", speed(lambda line: find_values(line, now), lines))
    print("jionlp, times alone", speed(lambda line: extract(line, time_base=time()), lines))


def speed(find: Callable[[str], object], lines: list[str]) -> int:
    """Characters per second of CPU time. What is printed or fails on the way is passed over."""
    start = process_time()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        for line in lines:
            with contextlib.suppress(Exception):
                find(line)
    return round(sum(map(len, lines)) / (process_time() - start))


if __name__ == "__main__":
    main()
