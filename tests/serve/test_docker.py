"""The files of the image. `make image` checks what it installs."""

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"


def instructions():
    """Yields (name, arguments) of the Dockerfile."""
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            yield name, rest


def test_the_image_is_slim_and_not_of_root():
    found = list(instructions())
    froms = [rest for name, rest in found if name == "FROM"]
    assert froms and all(re.match(r"python:3\.\d+-slim( |$)", each) for each in froms)
    last = found[max(i for i, (name, _) in enumerate(found) if name == "FROM") :]
    names = [name for name, _ in last]
    assert dict(last)["USER"] == "cner" and names.index("USER") < names.index("CMD")
    assert {name for name, _ in found} <= {
        "FROM", "WORKDIR", "COPY", "ARG", "RUN", "ENV", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "CMD"
    }  # fmt: skip
    assert "exec " in json.loads(dict(last)["CMD"])[2], "expected the server to get the signals"
    health = json.loads(dict(last)["HEALTHCHECK"].partition("CMD ")[2])
    compile(health[2], "health check", "exec")


def test_what_is_copied_is_in_the_context():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for name, rest in instructions():
        if name == "COPY" and "--from" not in rest:
            for source in shlex.split(rest)[:-1]:
                assert source == "packages/" or (ROOT / source).is_file()
                assert any(line.startswith(f"!{source}") for line in ignored)


def test_the_newest_wheels_are_installed(tmp_path):
    (tmp_path / "packages").mkdir()
    for name in ("spacy_cner-0.9.0", "spacy_cner-0.10.0", "zh_a-1.10.0", "zh_a-1.9.0", "zh_a_b-2.0.0"):
        (tmp_path / "packages" / f"{name}-py3-none-any.whl").touch()
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\nif [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; else echo "$@"; fi\n'
    )
    python.chmod(0o755)
    done = subprocess.run(
        ["sh", DOCKER / "install.sh", tmp_path / "venv", "zh_a"],
        cwd=tmp_path, env={**os.environ, "PYTHON": str(python)}, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.findall(r"packages/(\S+)-py3", done.stdout) == ["spacy_cner-0.10.0", "zh_a-1.10.0"]


def test_compose_and_prometheus():
    compose = yaml.safe_load((DOCKER / "compose.yml").read_text(encoding="utf-8"))
    server, prometheus = compose["services"]["cner"], compose["services"]["prometheus"]
    assert (DOCKER / server["build"]["context"] / server["build"]["dockerfile"]).is_file()
    assert all(each.startswith("127.0.0.1:") for service in (server, prometheus) for each in service["ports"])
    scraped = yaml.safe_load((DOCKER / "prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    assert scraped[0]["static_configs"][0]["targets"] == ["cner:8000"]
