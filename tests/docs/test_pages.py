"""Links and commands of all pages, those included whose blocks are not run."""

import re
import shlex
from pathlib import Path

import pytest
import spacy
import srsly
from docs.blocks import commands_of, read_blocks
from docs.hooks import load_hook

ROOT = Path(__file__).parents[2]
FRONT = [ROOT / name for name in ("README.md", "README.zh.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES = [*FRONT, *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(path):
    """As GitHub makes them of headings."""
    titles = [
        line.lstrip("#").strip() for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")
    ]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", FRONT, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for link in LINK.findall(path.read_text(encoding="utf-8")):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = path.parent / name if name else path
        assert target.exists(), f"{path.name}: {link}"
        assert not anchor or anchor in anchors(target), f"{path.name}: {link}"


def command_lines():
    for path in PAGES:
        for block in read_blocks(path):
            if block.language in ("bash", "text"):
                for line in commands_of(block.code):
                    if line.startswith("python -m spacy_cner "):
                        yield f"{path.name}:{block.line}", line
        for line in re.findall(r"`(python -m spacy_cner [^`]+)`", path.read_text(encoding="utf-8")):
            yield path.name, line


def test_commands_exist_and_have_their_options():
    lines = list(command_lines())
    assert len(lines) > 20
    commands = load_hook("cli").commands()
    for place, line in lines:
        name, *arguments = shlex.split(line)[3:]
        if not re.fullmatch("[a-z-]+", name):
            continue
        assert name in commands, f"{place}: {line}"
        options = {option for each in commands[name].params for option in each.opts}
        # Settings of a config, `--paths.train`, are the config's.
        given = {word for word in arguments if re.fullmatch(r"--?[a-z][a-z_-]*", word)}
        assert given <= options, f"{place}: {line}"


def test_sections_of_components_exist():
    nlp, shown = spacy.blank("zh"), 0
    for path in PAGES:
        for block in read_blocks(path):
            for name, section in re.findall(r"^\[components\.(\w+)\.(\w+)", block.code, re.MULTILINE):
                if nlp.has_factory(name):
                    shown += 1
                    assert section in nlp.get_factory_meta(name).default_config, f"{path.name}:{block.line}"
    assert shown > 2


@pytest.mark.parametrize(
    "path", [*PAGES, *sorted((ROOT / "papers").rglob("README.md"))], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_a_corpus_in_another_folder_comes_with_it(path):
    """`spacy project run` looks for a folder of the corpus's name, unless the command says another."""
    recipes = srsly.read_yaml(ROOT / "configs" / "corpora.yml")
    for line in re.findall(r"python -m spacy project run [^`\n]+", path.read_text(encoding="utf-8")):
        given = dict(re.findall(r"--vars\.(\w+) (\S+)", line))
        corpus = given.get("corpus")
        if corpus in recipes:
            assert given.get("folder", corpus) == recipes[corpus].get("folder", corpus), line


@pytest.mark.parametrize("path", [ROOT / "README.md", ROOT / "README.zh.md"], ids=lambda path: path.name)
def test_readme_is_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 180


def sentences(path):
    """Prose without code, tables, headings and links' targets."""
    text = re.sub(r"```.*?```|<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [line for line in text.splitlines() if not line.startswith(("#", "|", "    ", ":"))]
    plain = re.sub(r"\]\([^)]*\)", "]", re.sub(r"`[^`]*`", "x", "\n".join(lines)))
    for paragraph in re.split(r"\n\s*\n|\n(?=- )", plain):
        yield from re.split(r"(?<=[.!?:;])\s+", " ".join(paragraph.split()))


@pytest.mark.parametrize("path", [path for path in PAGES if path.name not in ("README.zh.md", "CHANGELOG.md")], ids=str)
def test_sentences_are_short(path):
    assert [text for text in sentences(path) if len(re.findall(r"[A-Za-z]{2,}", text)) > 25] == []
