"""Code blocks of Markdown pages, and what comments in the pages say of them.

<!-- test: not run, REASON -->      before a block that no test can run
<!-- test: whole numbers differ --> before an output in which not only decimal numbers depend on the training
"""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w+)?(.*)$")
REMARK = re.compile(r"^<!-- test: (.*) -->$")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
DECIMAL = r"\d+\.\d+"


@dataclass(frozen=True)
class Block:
    """language: "" where none is given. info: what stands after it, e.g. a title. remark: of the comment before it.
    line: that of its fence, from 1."""

    language: str
    info: str
    code: str
    remark: str
    line: int

    @property
    def title(self) -> str | None:
        found = re.search(r'title="([^"]+)"', self.info)
        return found[1] if found else None

    @property
    def reason(self) -> str | None:
        """Why it is not run, where it is not."""
        return self.remark.removeprefix("not run, ") if self.remark.startswith("not run, ") else None


def read_blocks(path: Path) -> list[Block]:
    """The fenced blocks of a page, in order. Raises ValueError for one that does not end."""
    blocks, remark, begin, code = [], "", None, []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if begin is not None and line == "```":
            first, (language, info) = begin
            blocks.append(Block(language or "", info.strip(), "\n".join(code), remark, first))
            begin, code, remark = None, [], ""
        elif begin is not None:
            code.append(line)
        elif fence := FENCE.match(line):
            begin = number, fence.groups()
        elif found := REMARK.match(line):
            remark = found[1]
        elif line.strip():
            remark = ""
    if begin is not None:
        raise ValueError(f"{path}:{begin[0]}: expected the block to end")
    return blocks


def is_like(expected: str, actual: str, remark: str = "") -> bool:
    """Whether an output is the one that a page shows. Decimal numbers (probabilities, scores) may be others, with the
    remark "whole numbers differ" all numbers; a line "..." stands for any number of lines."""
    number = r"\d+(?:\.\d+)?" if remark == "whole numbers differ" else DECIMAL
    pattern = []
    for line in expected.strip().splitlines():
        if line.strip() == "...":
            pattern.append(r"(?:.*\n)*?")
        else:
            parts = re.split(number, line.rstrip())
            pattern.append(rf"{number}".join(map(_spaced, parts)) + r"[ \t]*\n")
    lines = [line.rstrip() for line in ESCAPE.sub("", actual).strip().splitlines()]
    return re.fullmatch("".join(pattern), "".join(f"{line}\n" for line in lines)) is not None


def _spaced(text: str) -> str:
    """Blanks that align columns may be more or fewer."""
    return r"[ \t]+".join(map(re.escape, re.split(r"[ \t]+", text)))


def commands_of(code: str) -> list[str]:
    """The command lines of a block, continued lines joined, comments left out."""
    lines = code.replace("\\\n", " ").splitlines()
    return [line for line in (re.sub(r"(^|\s)#\s.*$", "", line).strip() for line in lines) if line]
