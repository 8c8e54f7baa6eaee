"""Reads the docstrings of this project: a parameter is described in a line that begins with its name and a colon."""

import re

import griffe


class Parameters(griffe.Extension):
    """Turns the descriptions of parameters into a list, and "RETURNS:" and "RAISES:" into paragraphs of their own."""

    def on_function(self, *, func: griffe.Function, **_) -> None:
        """Called by griffe for each function that it has read."""
        if func.docstring:
            func.docstring.value = as_markdown(func.docstring.value, [parameter.name for parameter in func.parameters])


def as_markdown(text: str, parameters: list[str]) -> str:
    """text: a docstring. parameters: the names of the function's parameters. RETURNS: the docstring as Markdown."""
    names = "|".join(map(re.escape, parameters)) or "(?!)"
    begin = re.compile(rf"(?:^|(?<=[.;] )|(?<=\.\n))((?:{names})(?:, (?:{names}))*): ", re.MULTILINE)
    lines: list[str] = []
    for line in begin.sub(r"\n\n- `\1`: ", text).splitlines():
        lines.append(line.strip() if lines and lines[-1].startswith("- `") and line.startswith("    ") else line)
    text = "\n".join(lines)
    return re.sub(r"\s*\b(RETURNS|RAISES):? ", lambda found: f"\n\n**{found[1].capitalize()}** ", text)
