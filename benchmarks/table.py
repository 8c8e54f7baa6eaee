"""Prints records of `papers/` as a Markdown table: F1 on the test set, mean ± standard deviation over seeds."""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))
from papers.run.records import read_records
from papers.run.report import NONE, summarise

SUBSETS = {"all": "", "named": " named", "nominal": " nominal", "words": " words"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+", help="Lists of records, e.g. papers/project/clc.json")
    parser.add_argument("--split", default="test")
    args = parser.parse_args()
    scores = defaultdict(list)
    for path in args.files:
        for record in read_records(path):
            if record["split"] == args.split:
                share = "" if record["ratio"] == 1.0 else f" {record['ratio']:.0%}"
                column = f"{record['corpus']}{share}{SUBSETS[record['subset']]}"
                scores[record["row"], column].append(record)
    rows = list(dict.fromkeys(row for row, _ in scores))
    print("| corpus | " + " | ".join(rows) + " |")
    print("|---" * (len(rows) + 1) + "|")
    for column in dict.fromkeys(column for _, column in scores):
        print(f"| {column} | " + " | ".join(cell(scores.get((row, column), [])) for row in rows) + " |")


def cell(records: list) -> str:
    summary = summarise(records, "f")
    if summary is None:
        return NONE
    return f"{summary} ({summary.count} seeds)" if summary.count > 1 else str(summary)


if __name__ == "__main__":
    main()
