"""What is written appears whole or not at all, and what was changed since is refused with its name."""

import itertools
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import pytest

from spacy_cner import files
from spacy_cner.errors import InputError
from spacy_cner.files import (
    CHECKSUMS,
    check_files,
    new_file,
    new_folder,
    read_described,
    temporary_folder,
    write_bytes,
    write_checksums,
    write_described,
    write_text,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# Whole or not at all


def test_a_file_and_the_folders_around_it(tmp_path):
    write_text(tmp_path / "a" / "b" / "text", "海风\n")
    assert (tmp_path / "a" / "b" / "text").read_bytes() == "海风\n".encode()
    assert names(tmp_path / "a" / "b") == ["text"]


@pytest.mark.parametrize("make", [new_file, new_folder])
def test_a_failure_leaves_what_was_there(tmp_path, make):
    old = tmp_path / "old"
    if make is new_file:
        old.write_text("old")
    else:
        old.mkdir()
        (old / "part").write_text("old")
    with pytest.raises(KeyboardInterrupt), make(old) as new:
        if make is new_folder:
            new.mkdir()
            new = new / "part"
        new.write_text("ne")
        raise KeyboardInterrupt
    assert (old if make is new_file else old / "part").read_text() == "old"
    assert names(tmp_path) == ["old"]


def test_a_folder_replaces_another(tmp_path):
    for contents in ("one", "two"):
        with new_folder(tmp_path / "new" / "folder") as folder:
            folder.mkdir()
            (folder / contents).write_text(contents)
    assert names(tmp_path / "new") == ["folder"]
    assert names(tmp_path / "new" / "folder") == ["two"]


def test_a_link_stays_a_link_and_permissions_stay(tmp_path):
    (tmp_path / "target").write_text("old")
    (tmp_path / "target").chmod(0o640)
    (tmp_path / "link").symlink_to("target")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"
    assert stat.S_IMODE((tmp_path / "target").stat().st_mode) == 0o640


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a system without pipes by name")
def test_what_is_no_file_is_written_to(tmp_path):
    write_text(Path(os.devnull), "new")
    assert not Path(os.devnull).is_file()
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE)
    write_text(tmp_path / "pipe", "new")
    assert reader.communicate()[0] == b"new"
    assert names(tmp_path) == ["pipe"]


def test_what_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError) as error:
        write_text(tmp_path / "file" / "new", "new")
    assert error.value.filename.startswith(str(tmp_path / "file"))
    with pytest.raises(IsADirectoryError) as error:
        write_text(tmp_path / "folder", "new")
    assert error.value.filename == str(tmp_path / "folder")
    # A full disk says so of the temporary file, or of none.
    monkeypatch.setattr(files.os, "fsync", fail)
    with pytest.raises(OSError) as error:
        write_text(tmp_path / "new", "new")
    assert error.value.filename == str(tmp_path / "new")
    assert names(tmp_path) == ["file", "folder"]


def fail(number):
    raise OSError(28, "No space left on device")


def test_a_long_name(tmp_path):
    write_text(tmp_path / ("海" * 83), "new")
    assert names(tmp_path) == ["海" * 83]


WRITER = """
import sys, time
from pathlib import Path
from spacy_cner.files import new_file, new_folder, temporary_folder

make, place = sys.argv[1], Path(sys.argv[2])
opened = {"file": new_file, "folder": new_folder, "temporary": lambda path: temporary_folder(path.name, path.parent)}
with opened[make](place) as new:
    if make != "file":
        new.mkdir(exist_ok=True)
        new = new / "part"
    with new.open("w") as out:
        out.write("half of ")
        out.flush()
        print("writing", flush=True)
        sys.stdin.read()
        out.write("it")
"""


@pytest.fixture
def writer():
    """Starts processes that stop in the middle of writing."""
    running = []

    def start(make, place):
        pipe = subprocess.PIPE
        running.append(subprocess.Popen([sys.executable, "-c", WRITER, make, place], stdin=pipe, stdout=pipe))
        assert running[-1].stdout.readline() == b"writing\n"
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a system without SIGKILL")
@pytest.mark.parametrize("make", ["file", "folder"])
def test_kill_in_the_middle_of_writing(tmp_path, writer, make):
    place = tmp_path / "place"
    if make == "file":
        place.write_text("old")
    else:
        place.mkdir()
        (place / "part").write_text("old")
    one, other = writer(make, place), writer(make, place)
    one.kill()
    one.wait()
    written = place if make == "file" else place / "part"
    assert written.read_text() == "old"
    assert len(names(tmp_path)) == 3
    # The next one goes on as if nothing had been, removes what was left, and leaves alone what another still writes.
    again = writer(make, place)
    assert len(names(tmp_path)) == 3
    for process in (again, other):
        process.communicate()
        assert process.returncode == 0
        assert written.read_text() == "half of it"
    assert names(tmp_path) == ["place"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a system without SIGKILL")
def test_a_temporary_folder_that_a_kill_left(tmp_path, writer):
    killed = writer("temporary", tmp_path / "work")
    killed.kill()
    killed.wait()
    (left,) = tmp_path.iterdir()
    with temporary_folder("other", tmp_path):
        assert left.exists()
    with temporary_folder("work", tmp_path):
        assert not left.exists()
    assert names(tmp_path) == []


def test_a_kill_between_two_names(tmp_path):
    # As it is after the old folder was moved away, and before the new one has its name.
    left = tmp_path / "place.x.part"
    (left / "new").mkdir(parents=True)
    (left / "old" / "place").mkdir(parents=True)
    (left / "old" / "place" / "part").write_text("old")
    (left / "lock").touch()
    with pytest.raises(KeyboardInterrupt), new_folder(tmp_path / "place"):
        raise KeyboardInterrupt
    assert (tmp_path / "place" / "part").read_text() == "old"
    assert names(tmp_path) == ["place"]


def test_what_was_moved_away_goes_back_where_another_name_finds_it(tmp_path):
    left = tmp_path / "place.part.x.part"
    (left / "old" / "place.part").mkdir(parents=True)
    (left / "lock").touch()
    write_text(tmp_path / "place", "new")
    assert names(tmp_path) == ["place", "place.part"]


def write(make, place, contents):
    with make(place) as new:
        if make is not new_file:
            new = new / "part"
            new.mkdir(parents=True)
            (new / "more").touch()
            new = new / "file"
        new.write_text(contents)


def killed_at(call, act):
    """Has a fork do this, and ends it at its n-th change of a name. RETURNS: whether it came to that."""
    if child := os.fork():
        return os.waitpid(child, 0)[1] != 0
    calls = itertools.count(1)

    def ending(change):
        return lambda *args, **options: os._exit(9) if next(calls) == call else change(*args, **options)

    for name in ("mkdir", "rename", "replace", "rmdir", "unlink"):
        setattr(os, name, ending(getattr(os, name)))
    try:
        act()
    finally:
        os._exit(0)


def in_temporary_folder(place):
    return temporary_folder(place.name, place.parent)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
@pytest.mark.parametrize("make", [new_file, new_folder, in_temporary_folder])
def test_a_kill_at_each_step_leaves_nothing_behind(tmp_path, make):
    place = tmp_path / "place"
    for call in itertools.count(1):
        write(make, place, "old")
        killed = killed_at(call, partial(write, make, place, "new"))
        with pytest.raises(KeyboardInterrupt), make(place):
            raise KeyboardInterrupt
        assert names(tmp_path) == ([] if make is in_temporary_folder else ["place"]), call
        if make is new_folder:
            assert names(place / "part") == ["file", "more"]
            assert (place / "part" / "file").read_text() in ("old", "new")
        elif make is new_file:
            assert place.read_text() in ("old", "new")
        if not killed:
            break
    assert call > 4


def test_a_folder_that_another_process_removes_before_it_is_locked(tmp_path, monkeypatch):
    make = tempfile.mkdtemp

    def taken(*args):
        monkeypatch.setattr(files.tempfile, "mkdtemp", make)
        os.rmdir(folder := make(*args))
        return folder

    monkeypatch.setattr(files.tempfile, "mkdtemp", taken)
    write_text(tmp_path / "place", "new")
    assert names(tmp_path) == ["place"]


@pytest.mark.parametrize("name", ["new", "lock", "old", "replaced"])
def test_a_name_that_a_temporary_folder_has_too(tmp_path, name):
    for contents in ("one", "two"):
        with new_folder(tmp_path / name) as folder:
            folder.mkdir()
            (folder / contents).write_text(contents)
        assert names(tmp_path) == [name]
        assert names(tmp_path / name) == [contents]


# Checksums


def flipped(path, bit):
    """The contents with one bit turned."""
    data = bytearray(path.read_bytes())
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    return bytes(data)


def test_a_folder_s_checksums(tmp_path):
    check_files(tmp_path)
    check_files(tmp_path / "none")
    write_text(tmp_path / "a", "one")
    write_text(tmp_path / "b" / "c", "two")
    write_text(tmp_path / "own" / "d", "three")
    write_checksums(tmp_path / "own")
    write_checksums(tmp_path)
    assert sorted(json.loads((tmp_path / CHECKSUMS).read_text())) == ["a", "b/c"]
    check_files(tmp_path)
    (tmp_path / "own" / "d").write_text("changed")
    check_files(tmp_path)
    with pytest.raises(InputError, match="d: expected the file that was saved"):
        check_files(tmp_path / "own")
    (tmp_path / "b" / "c").unlink()
    with pytest.raises(InputError, match="c: expected the file that was saved.*, got no file"):
        check_files(tmp_path)


def test_each_bit_counts(tmp_path):
    write_text(tmp_path / "a", "海")
    write_checksums(tmp_path)
    for name in ("a", CHECKSUMS):
        path = tmp_path / name
        whole = path.read_bytes()
        for bit in range(8 * len(whole)):
            path.write_bytes(flipped(path, bit))
            with pytest.raises(InputError, match=str(tmp_path)):
                check_files(tmp_path)
            path.write_bytes(whole)
    check_files(tmp_path)


def test_a_description(tmp_path):
    path = tmp_path / "x.bin"
    write_bytes(path, b"one")
    assert read_described(path) == b"one"
    stated = write_described(path, b"two", {"about": "海"})
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == stated
    assert (stated["file"], stated["bytes"], stated["about"]) == ("x.bin", 3, "海")
    assert read_described(path) == b"two"
    # That of another file of like name does not count.
    write_bytes(tmp_path / "x.npz", b"three")
    assert read_described(tmp_path / "x.npz") == b"three"
    path.write_bytes(flipped(path, 5))
    with pytest.raises(InputError, match="x.bin: expected the file that was saved"):
        read_described(path)


def test_what_is_no_description_stays(tmp_path):
    for contents in ("[1, 2]", '{"text": "海"}\n{"text": "风"}\n', '{"text": "海"}'):
        (tmp_path / "x.json").write_text(contents, encoding="utf-8")
        with pytest.raises(InputError, match="x.json: expected nothing there, or a description to replace"):
            write_described(tmp_path / "x.bin", b"two", {})
        assert (tmp_path / "x.json").read_text(encoding="utf-8") == contents
        assert not (tmp_path / "x.bin").exists()
    write_bytes(tmp_path / "x.bin", b"one")
    assert read_described(tmp_path / "x.bin") == b"one"
    with pytest.raises(InputError, match="x.json: expected another ending than .json"):
        write_described(tmp_path / "x.json", b"two", {})
