"""A sweep that is stopped, whatever stops it, goes on to the same bytes, and computes nothing twice.

The sweeps drive the phonon only: 24 drives in 12 chunks, of two variables and a status each.
"""

import contextlib
import errno
import json
import os
import shutil
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from chiraljax import InputError
from chiraljax.cli import main
from chiraljax.sweeps import _plan, _run, _store, open_sweep, plan_sweep, run_sweep

CHUNKS = 12
FILE = """
material = "KTaO3"
outputs = ["peak_angular_momentum", "rotation"]
[axes]
"pulse.peak_field" = { start = 0.25, stop = 3.0, count = 6, units = "MV/cm" }
"pulse.frequency" = { start = 2.0, stop = 2.8, count = 4, units = "THz" }
[times]
end = 5.0
count = 21
"""
AXES = {"pulse.peak_field": np.linspace(0.25, 3.0, 6), "pulse.frequency": np.linspace(2.0, 2.8, 4)}
OPTIONS = {"axes": AXES, "outputs": ["peak_angular_momentum", "rotation"], "times": np.linspace(0, 5, 21)}


class Stop(Exception):
    """What a test throws into a sweep."""


@pytest.fixture(autouse=True, scope="module")
def small():
    """Chunks of two drives."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_plan, "_TRAJECTORIES", 2)
        yield


@pytest.fixture(scope="module")
def plan(ktao3):
    made = plan_sweep(ktao3, **OPTIONS)
    assert made.stages[0].n_chunks == CHUNKS
    return made


@pytest.fixture(scope="module")
def whole(plan, tmp_path_factory):
    """The store of a sweep that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole") / "s.zarr"
    run_sweep(plan, folder)
    return folder


@pytest.fixture
def part(whole, tmp_path):
    """A copy of it, to be harmed."""
    return shutil.copytree(whole, tmp_path / "s.zarr")


@contextlib.contextmanager
def computed():
    """The numbers of the chunks that are computed meanwhile."""
    numbers, compute = [], _run.trajectories
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_run, "trajectories", lambda plan, chunk: numbers.append(_place(chunk)) or compute(plan, chunk))
        yield numbers


def _place(chunk):
    return tuple(part.start for part in chunk.slices.values())


def _done(store):
    return {int(file.stem) for file in (store / ".chiraljax" / "trajectories").glob("[0-9]*.json")}


def _where(plan, numbers):
    return sorted(_place(plan.stages[0].chunk(number)) for number in numbers)


def _resumes(plan, store, whole, contents):
    """Resume, and check that it computes what was missing and no more, and ends as if nothing had happened."""
    missing = set(range(CHUNKS)) - _done(store)
    with computed() as numbers:
        results = run_sweep(plan, store, resume=True)
    assert sorted(numbers) == _where(plan, missing)
    assert contents(store) == contents(whole)
    assert [file.name for file in store.parent.iterdir()] == [store.name]
    return results


# Each write of a chunk opens the three files of its variables, and then its marker is put in place.
STEPS = {"before the data": "array", "between two files": "digest", "before the marker": "marker", "after it": "rename"}


@pytest.fixture(scope="module")
def stopped(plan):
    """Starts a sweep in a folder and throws `error` at a step of the write of the chunk of that number."""

    def run(folder, step, number, error, resume=False):
        count, lock = [0], threading.Lock()

        def counted(function, after=False, per_chunk=1):
            def wrapped(*arguments, **options):
                with lock:
                    count[0] += 1
                    here = count[0] == number * per_chunk + 1
                result = function(*arguments, **options) if after or not here else None
                if here:
                    raise error
                return result

            return wrapped

        with pytest.MonkeyPatch.context() as patch:
            if step == "array":
                patch.setattr(_run, "trajectories", counted(_run.trajectories))
            elif step == "digest":
                patch.setattr(_store, "_on_disk", counted(_store._on_disk, per_chunk=3))
            elif step == "marker":
                patch.setattr(_store, "atomic_path", counted(_store.atomic_path))
            else:
                patch.setattr(_store.Store, "write", counted(_store.Store.write, after=True))
            with pytest.raises(type(error) if not isinstance(error, OSError) else InputError) as raised:
                run_sweep(plan, folder, resume=resume)
        return str(raised.value)

    return run


@pytest.mark.slow
@settings(max_examples=10)
@given(st.sampled_from(list(STEPS.values())), st.integers(0, CHUNKS - 1))
def test_an_error_anywhere(plan, whole, stopped, contents, tmp_path_factory, step, number):
    folder = tmp_path_factory.mktemp("stopped") / "s.zarr"
    stopped(folder, step, number, Stop())
    assert len(_done(folder)) < CHUNKS or step == "rename"
    assert set(contents(folder)) <= set(contents(whole))
    _resumes(plan, folder, whole, contents)


def test_a_chunk_that_is_done_keeps_its_files(plan, whole, stopped, contents, tmp_path):
    folder = tmp_path / "s.zarr"
    stopped(folder, "array", 5, Stop())
    before = {file: file.stat().st_mtime_ns for n in _done(folder) for file in _files(folder, n)}
    assert before
    _resumes(plan, folder, whole, contents)
    assert {file: file.stat().st_mtime_ns for file in before} == before


def _marker(store, number):
    return store / ".chiraljax" / "trajectories" / f"{number}.json"


def _files(store, number):
    return [store / file for file in json.loads(_marker(store, number).read_text())["files"]]


def _flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


HARM = {
    "flipped": _flip,
    "truncated": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "emptied": lambda file: file.write_bytes(b""),
    "deleted": lambda file: file.unlink(),
}


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_damaged_file(plan, whole, part, contents, harm, which):
    HARM[harm](_files(part, 3)[which])
    with computed() as numbers:
        assert run_sweep(plan, part, resume=True).attrs["damaged"] == 1
    assert numbers == _where(plan, [3])
    assert contents(part) == contents(whole)
    assert run_sweep(plan, part, resume=True).attrs["damaged"] == 0


@settings(max_examples=12)
@given(st.data())
def test_a_damaged_marker(plan, whole, contents, tmp_path_factory, data):
    """One bit of a marker: of a digest, a name, or of a fact on which later stages build."""
    part = shutil.copytree(whole, tmp_path_factory.mktemp("marker") / "s.zarr")
    marker = _marker(part, data.draw(st.integers(0, CHUNKS - 1)))
    content = bytearray(marker.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    marker.write_bytes(content)
    assert run_sweep(plan, part, resume=True).attrs["damaged"] == 1
    assert contents(part) == contents(whole)


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"files": 3, "facts": {}, "sha256": ""}', "\x00" * 40])
def test_a_marker_that_is_none(plan, whole, part, contents, text):
    _marker(part, 0).write_text(text)
    assert run_sweep(plan, part, resume=True).attrs["damaged"] == 1
    assert contents(part) == contents(whole)


@pytest.mark.parametrize("file", ["zarr.json", "rotation/zarr.json", "pulse.frequency/c/0"])
def test_damaged_descriptions_are_refused(plan, part, file):
    """Coordinates and the shapes of the arrays cannot be computed again within the store: one line, and no change."""
    (part / file).write_bytes(b"{" + (part / file).read_bytes()[1:-1])
    with pytest.raises(InputError, match=f"cannot be resumed, since {file} is damaged"):
        run_sweep(plan, part, resume=True)
    if file == "zarr.json":
        with pytest.raises(InputError, match="must be the store of a sweep"):
            open_sweep(part)


def test_torn_files_go(plan, whole, part, contents):
    """What a kill in the middle of a write leaves: temporary files of Zarr, of a marker, and of a store being made."""
    hexes = "0123456789abcdef0123456789abcdef"
    (part / "rotation" / "c" / "0" / "0" / f"0.{hexes}.partial").write_bytes(b"half")
    (part / ".chiraljax" / "trajectories" / f".3-{hexes[:12]}.json").write_text('{"files": {')
    run_sweep(plan, part, resume=True)
    assert contents(part) == contents(whole)
    half = part.parent / f".new.zarr-{hexes[:12]}"
    half.mkdir()
    (half / "zarr.json").write_text("{")
    other = part.parent / f".other.zarr-{hexes[:12]}"
    other.mkdir()
    run_sweep(plan, part.parent / "new.zarr")
    assert not half.exists()
    assert other.exists()


def test_another_configuration_is_refused_with_the_difference(ktao3, part, whole, contents):
    other = plan_sweep(ktao3, **(OPTIONS | {"times": np.linspace(0, 6, 21), "outputs": ["peak_angular_momentum"]}))
    with pytest.raises(InputError) as raised:
        run_sweep(other, part, resume=True)
    message = str(raised.value)
    assert f"{part}: must be of the same sweep to be resumed, but differs: " in message
    assert 'outputs: ["peak_angular_momentum", "rotation"] in the store, ["peak_angular_momentum"] now' in message
    assert "times: [" in message
    assert contents(part) == contents(whole)


def test_other_software_is_refused(plan, part, monkeypatch):
    monkeypatch.setattr(
        _store, "versions", lambda: {**json.loads(_plan_file(part).read_text())["versions"], "jax": "9"}
    )
    with pytest.raises(InputError, match=r'differs: jax: .* in the store, "9" now'):
        run_sweep(plan, part, resume=True)
    with pytest.raises(InputError, match=r"a worker must have the software of the store, but differs: jax: "):
        _store.Store(part).check_software("a worker")


def _plan_file(store):
    return store / ".chiraljax" / "plan.json"


def test_a_store_is_not_overwritten(plan, part, whole, contents):
    with pytest.raises(InputError, match="must not exist yet; resume the sweep in it"):
        run_sweep(plan, part)
    assert contents(part) == contents(whole)


def test_another_format_is_refused(plan, part):
    known = json.loads(_plan_file(part).read_text())
    _plan_file(part).write_text(json.dumps(known | {"format": 99}))
    for use in (lambda: run_sweep(plan, part, resume=True), lambda: open_sweep(part)):
        with pytest.raises(InputError, match="must be a store of format 2, but is one of format 99"):
            use()


@pytest.mark.parametrize("make", ["file", "empty folder", "zarr", "torn plan"])
def test_what_is_no_store_is_refused(plan, tmp_path, make):
    path = tmp_path / "s.zarr"
    if make == "file":
        path.write_text("")
    elif make == "zarr":
        zarr.open_group(path, mode="w")
    else:
        (path / ".chiraljax").mkdir(parents=True)
        if make == "torn plan":
            _plan_file(path).write_text('{"format": 2, "ver')
    for use in (lambda: run_sweep(plan, path, resume=True), lambda: open_sweep(path)):
        with pytest.raises(InputError, match="must be the store of a sweep, but is not"):
            use()


def test_two_at_once_are_refused(plan, whole, part, contents):
    program = (
        "import filelock, sys; lock = filelock.FileLock(sys.argv[1]); lock.acquire();"
        " print(flush=True); sys.stdin.read()"
    )
    lock = part / ".chiraljax" / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        try:
            other.stdout.readline()
            with pytest.raises(InputError, match="must not be in use, but another sweep is running on it"):
                run_sweep(plan, part, resume=True)
        finally:
            other.kill()
    run_sweep(plan, part, resume=True)
    assert contents(part) == contents(whole)


DISK = {
    errno.ENOSPC: "must be on a disk with room, but it is full; nothing done is lost: make room, and resume the sweep",
    errno.EDQUOT: "must be on a disk with room, but it is full; nothing done is lost: make room, and resume the sweep",
    errno.EACCES: "must be writable, but is not: Permission denied",
    errno.EROFS: "must be writable, but is not: Read-only file system",
    errno.EIO: "must be writable, but is not: Input/output error",
}


@pytest.mark.parametrize("number", DISK)
@pytest.mark.parametrize("step", ["digest", "marker"])
def test_a_disk_that_refuses(plan, whole, stopped, contents, tmp_path, number, step):
    folder = tmp_path / "s.zarr"
    message = stopped(folder, step, 3, OSError(number, os.strerror(number)))
    assert message == f"{folder}: {DISK[number]}"
    assert _done(folder)
    _resumes(plan, folder, whole, contents)


def test_a_full_disk_under_zarr(plan, whole, contents, tmp_path, monkeypatch):
    """Refused by the file system itself, in the threads of Zarr."""
    folder, opened, count = tmp_path / "s.zarr", os.replace, [0]

    def full(source, target):
        count[0] += "/c/" in str(target)
        if count[0] > 7:
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        return opened(source, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pathlib.Path.replace", full)
        with pytest.raises(InputError, match="but it is full"):
            run_sweep(plan, folder)
    assert 0 < len(_done(folder)) < CHUNKS
    _resumes(plan, folder, whole, contents)


def test_a_disk_full_from_the_beginning(plan, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(_store.os, "rename", full)
    with pytest.raises(InputError, match="but it is full"):
        run_sweep(plan, tmp_path / "s.zarr")
    assert not list(tmp_path.iterdir())


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Runs `chiraljax sweep` in an empty folder: the exit status and the last line of standard error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.toml").write_text(FILE)

    def run(*arguments):
        status = main(["sweep", "s.toml", "--out", "s.zarr", *arguments])
        lines = capsys.readouterr().err.strip().splitlines()
        assert not any("Traceback" in line for line in lines)
        return status, lines[-1]

    return run


def test_messages_of_the_command(command, tmp_path, monkeypatch):
    assert command()[0] == 0
    assert command() == (2, "chiraljax: --out must not exist, but s.zarr does; give --resume to go on with it")
    _flip(_files(tmp_path / "s.zarr", 2)[0])
    assert command("--resume") == (
        0,
        "chiraljax: 1 chunks in s.zarr were damaged and have been computed again",
    )
    _marker(tmp_path / "s.zarr", 1).unlink()

    def readonly(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_store, "_on_disk", readonly)
        assert command("--resume") == (2, "chiraljax: s.zarr: must be writable, but is not: Read-only file system")
    (tmp_path / "s.toml").write_text(FILE.replace("stop = 3.0", "stop = 2.0"))
    status, line = command("--resume")
    assert status == 2
    assert "differs: axes.pulse.peak_field.pulse.peak_field.values: [0.25, " in line


def test_ctrl_c(command, plan, whole, tmp_path, contents, monkeypatch):
    """The chunks under way are finished; the line says what is done and how to go on."""
    started, slow = [], _run.trajectories

    def interrupting(plan, chunk):
        started.append(_place(chunk))
        if started.index(_place(chunk)) == 2:
            os.kill(os.getpid(), 2)
            time.sleep(0.3)
        return slow(plan, chunk)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_run, "trajectories", interrupting)
        status, line = command()
    store = tmp_path / "s.zarr"
    assert status == 130
    done = _done(store)
    assert sorted(started) == _where(plan, done)
    assert 3 <= len(done) < CHUNKS
    assert line == (
        f"chiraljax: interrupted after {len(done)} of {CHUNKS} chunks of trajectories; all are kept in s.zarr: resume"
        " the sweep to go on: chiraljax sweep s.toml --out s.zarr --resume"
    )
    missing = open_sweep(store).attrs["unfinished"]
    total = sum(stage.n_chunks for stage in plan.stages)
    assert missing.startswith(
        f"{total - len(done)} of {total} chunks are missing (done: trajectories {len(done)} of {CHUNKS}"
    )
    assert command("--resume")[0] == 0
    assert "unfinished" not in open_sweep(store).attrs
    assert {name: digest for name, digest in contents(store).items() if "/c/" in name} == {
        name: digest for name, digest in contents(whole).items() if "/c/" in name
    }


def test_a_read_only_folder(plan, whole, part, contents):
    """Of the system, where the user may mount; nothing is changed, and it goes on when it can be written again."""
    _marker(part, 4).unlink()
    if os.geteuid() == 0:
        mounted = subprocess.run(["mount", "--bind", part, part], capture_output=True).returncode == 0
        readonly = (
            mounted and not subprocess.run(["mount", "-o", "remount,ro,bind", part], capture_output=True).returncode
        )
        if mounted and not readonly:
            subprocess.run(["umount", part], check=True)
        if not readonly:
            pytest.skip("root, for whom permissions do not bind, and nothing can be mounted")
        undo = ["umount", part]
    else:
        subprocess.run(["chmod", "-R", "a-w", part], check=True)
        undo = ["chmod", "-R", "u+w", part]
    try:
        with pytest.raises(InputError, match="must be a folder that can be written, but"):
            run_sweep(plan, part, resume=True)
    finally:
        subprocess.run(undo, check=True)
    _resumes(plan, part, whole, contents)
