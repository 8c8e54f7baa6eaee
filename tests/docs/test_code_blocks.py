"""Every code block of README and of the tutorials is run, and what it prints is what the page shows."""

import shutil
from collections import Counter
from pathlib import Path

import jieba
import pytest
from docs.blocks import is_like, read_blocks
from docs.runner import Page
from docs.stand_ins import FAULTS, FRAMES, OTHERS, PRODUCTS, install, make_pipeline, write_annotated, write_columns

ROOT = Path(__file__).parents[2]
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "docs" / "index.md", *TUTORIALS]
# Why a block may be left out.
REASONS = {"installs packages", "make", "needs a GPU", "downloads"}
jieba.setLogLevel("WARNING")  # else its first use in a process prints how long it took to load
# How many blocks of each page are not run. A block that is added to them is to be added here.
NOT_RUN = {"README.md": 3, "use.md": 1}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """What a reader has: the project's files, the pipeline of `make all` installed, annotated sentences, a corpus in
    the place of MSRA. All pages share it, so that a project's step runs once."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "assets" / "msra").mkdir(parents=True)
    for path in [*(ROOT / "assets").iterdir(), *(ROOT / name for name in ("benchmarks", "configs", "papers"))]:
        (folder / path.relative_to(ROOT)).symlink_to(path)
    for name in ("project.yml", "setup.py"):
        shutil.copy(ROOT / name, folder)
    install(make_pipeline(), folder / "site", "zh_cner_clc")
    write_annotated(folder / "my.jsonl", 60, 0, (PRODUCTS, FAULTS, FRAMES))
    write_annotated(folder / "new.jsonl", 40, 1, OTHERS)
    write_columns(folder / "assets" / "msra" / "msra_train_bio", count=400)
    write_columns(folder / "assets" / "msra" / "msra_test_bio", count=20)
    return folder


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_block_runs_and_prints_what_the_page_shows(path, checkout):
    page, printed = Page(checkout), None
    for block in read_blocks(path):
        place = f"{path}:{block.line}"
        if block.reason:
            printed = None
        elif block.language == "text":
            assert printed is not None, f"{place}: expected a block before it that was run"
            assert is_like(block.code, printed, block.remark), f"{place}: expected\n{block.code}\ngot\n{printed}"
        else:
            printed = page.run(block)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_block_that_is_not_run_says_why(path):
    reasons = [block.reason for block in read_blocks(path) if block.reason]
    assert set(reasons) <= REASONS
    assert len(reasons) == NOT_RUN.get(path.name, 0)


def test_the_chinese_readme_has_the_same_blocks_and_sections():
    """So they need not be run twice."""
    english, chinese = (ROOT / name for name in ("README.md", "README.zh.md"))
    assert [(block.language, bare(block.code)) for block in read_blocks(english)] == [
        (block.language, bare(block.code)) for block in read_blocks(chinese)
    ]
    assert levels(english) == levels(chinese)


def bare(code):
    """Without comments, which are in the page's language."""
    return [line.partition("  #")[0].rstrip() for line in code.splitlines()]


def levels(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return Counter(line.partition(" ")[0] for line in lines if line.startswith(("# ", "## ", "| ")))


# The test's own tools


def test_outputs_are_alike_up_to_decimal_numbers():
    assert is_like("0 3 PER 王小明 1.0", "0 3 PER 王小明 0.97\n")
    assert not is_like("0 3 PER 王小明 1.0", "0 4 PER 王小明 1.0\n")
    assert not is_like("0 3 PER 王小明 1.0", "0 3 PER 王小明 1.0\n4 6 LOC 杭州 1.0\n")
    assert is_like("Entities 12", "Entities  10\n", "whole numbers differ")
    assert is_like("...\nb", "a\na\n\x1b[1mb\x1b[0m\n")
    assert not is_like("...\nb", "a\nc\n")


def test_blocks_have_their_titles_and_remarks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        '<!-- test: not run, make -->\n\n```bash\nmake all\n```\n\n```json title="a.jsonl"\n{}\n```\n', encoding="utf-8"
    )
    first, second = read_blocks(page)
    assert (first.reason, first.title, first.code) == ("make", None, "make all")
    assert (second.reason, second.title, second.line) == (None, "a.jsonl", 7)
