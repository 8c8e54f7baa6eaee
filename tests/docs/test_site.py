"""The manual is built strictly: a broken link, a missing anchor or a page outside the navigation ends it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from docs.hooks import load_hook

ROOT = Path(__file__).parents[2]


def build(root, site):
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"}
    # Not --quiet: warnings that are not shown are not counted either.
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(site)]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("manual") / "site"
    done = build(ROOT, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def html(site, page):
    return (site / page / "index.html").read_text(encoding="utf-8")


def test_every_registered_name_has_its_section(site):
    anchors = set(re.findall(r'<h3 id="([^"]+)"', html(site, "api")))
    groups = load_hook("api").entry_points()
    commands = {"spacy_cli", "console_scripts"}
    assert {name for group, names in groups.items() if group not in commands for name in names} <= anchors


def test_every_command_has_its_section_with_all_its_options(site):
    page = html(site, "cli")
    for name, command in load_hook("cli").commands().items():
        assert f'<h2 id="{name}">' in page
        section = page.partition(f'<h2 id="{name}">')[2].partition("<h2 ")[0]
        for option in command.params:
            assert option.name == "help" or (option.metavar or option.opts[0]) in section
            assert all(f"{each}</code>" in section for each in option.secondary_opts)


def test_no_page_asks_another_machine_for_anything(site):
    for page in site.rglob("*.html"):
        sources = re.findall(
            r'<(?:script|link|img)[^>]*?(?:src|href)="(https?://[^"]+)"', page.read_text(encoding="utf-8")
        )
        assert not sources, page


@pytest.mark.parametrize("fault", ["[there](nowhere.md)", "[there](index.md#nowhere)", "[there](/index.md)"])
def test_a_broken_link_ends_the_build(fault, tmp_path):
    settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    settings = re.sub(r"^(nav|hooks|plugins):.*?(?=^\S)", "", settings, flags=re.DOTALL | re.MULTILINE)
    (tmp_path / "mkdocs.yml").write_text(settings, encoding="utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Here\n\n{fault}\n", encoding="utf-8")
    assert build(tmp_path, tmp_path / "site").returncode != 0
