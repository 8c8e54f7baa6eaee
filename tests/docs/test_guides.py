"""The Python of the guides is run, each page in a namespace of its own, and prints what the page shows. Their commands
are not: they are for a reader's own files; test_pages.py looks at their options."""

from dataclasses import replace
from pathlib import Path

import pytest
import spacy
from docs.blocks import is_like, read_blocks
from docs.runner import Page, inside
from docs.stand_ins import install, make_pipeline
from serve.running import RunningServer

ROOT = Path(__file__).parents[2]
ADDRESS = "http://127.0.0.1:8000"
# Storage and a session of Spark, which tests/scale has.
NOT_RUN = {"scale.md": 2}


def guides():
    for path in sorted((ROOT / "docs").glob("*.md")):
        if path.name != "index.md" and any(block.language == "python" for block in read_blocks(path)):
            yield path


GUIDES = list(guides())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the pipeline of `make all` can be imported, and a file of terms lies."""
    folder = tmp_path_factory.mktemp("guides")
    install(make_pipeline(), folder / "site", "zh_cner_clc")
    (folder / "products.tsv").write_text("石榴手机\tPRODUCT\tQ3\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def address(folder):
    """A server of that pipeline with a dictionary and values."""
    with inside(folder):
        nlp = spacy.load("zh_cner_clc")
    nlp.add_pipe("cner_dictionary")
    nlp.add_pipe("cner_values")
    nlp.to_disk(folder / "served")
    with RunningServer(folder / "served") as server:
        yield server.url


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_python_runs_and_prints_what_the_page_shows(path, folder, request):
    page, printed = Page(folder), None
    for block in read_blocks(path):
        place = f"{path}:{block.line}"
        if block.language == "text" and printed is not None:
            assert is_like(block.code, printed, block.remark), f"{place}: expected\n{block.code}\ngot\n{printed}"
        elif block.language == "python" and not block.reason:
            if ADDRESS in block.code:
                block = replace(block, code=block.code.replace(ADDRESS, request.getfixturevalue("address")))
            printed = page.run(block)
            continue
        printed = None


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.name)
def test_few_blocks_are_not_run(path):
    blocks = [block for block in read_blocks(path) if block.language == "python"]
    assert sum(bool(block.reason) for block in blocks) == NOT_RUN.get(path.name, 0)
