"""Sweeps of all three stages, in processes that are killed, on disks that fill up, on clusters: always the same bytes.

The material is KTaO₃ reduced to the d shell of Ta, with t2g filled: ten bands, so that a table takes about a second.
"""

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from chiraljax.sweeps import open_sweep

pytestmark = pytest.mark.slow

LIMIT = 240
"""Seconds that any process may take."""
STAGES = {"trajectories": 6, "tables": 8, "points": 4}
FILE = """
material = "small.toml"
outputs = ["peak_moment", "rotation", "carriers"]
memory = 2.75
[axes]
"electrons.Ta.d.xi" = { start = 0.2, stop = 0.4, count = 8 }
"pulse.peak_field" = { start = 0.25, stop = 3.0, count = 12, units = "MV/cm" }
"pulse.frequency" = { start = 2.0, stop = 2.8, count = 8, units = "THz" }
temperature = [1500.0, 2000.0]
[times]
end = 8.0
count = 1601
[electrons]
mu = 0.05
rtol = 0.1  # bytes are compared with bytes: a coarse sum over the zone serves as well as a fine one
"""
PROGRAM = "import sys; from chiraljax.cli import main; sys.exit(main(sys.argv[1:]))"
COMMAND = [sys.executable, "-c", PROGRAM, "sweep", "s.toml"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the files of the sweep are."""
    made = tmp_path_factory.mktemp("sweep")
    text = (resources.files("chiraljax.materials") / "KTaO3.toml").read_text(encoding="utf-8")
    tables = re.split(r"(?m)^(?=\[)", text)
    kept = [table for table in tables if not (table.startswith("[[electrons.") and ("O.p" in table or '"O"' in table))]
    (made / "small.toml").write_text("".join(kept).replace("filling = 18", "filling = 6"), encoding="utf-8")
    (made / "s.toml").write_text(FILE)
    return made


def _environment(**more):
    cache = str(Path(__file__).parents[2] / ".jax_cache")
    return os.environ | {"JAX_COMPILATION_CACHE_DIR": cache, "OPENBLAS_NUM_THREADS": "1"} | more


@contextlib.contextmanager
def _process(command, folder, log=None, **environment):
    """A process that does not outlive the block."""
    name = folder / f"{log or 'log'}.txt"
    with open(name, "w") as out:
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=out, env=_environment(**environment))
    process.log = name
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _run(folder, *arguments, status=0, **environment):
    """The sweep to its end; its last line."""
    with _process([*COMMAND, *arguments], folder, **environment) as process:
        try:
            found = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            pytest.fail(f"no end: {process.log.read_text()[-1000:]}")
        text = process.log.read_text()
    assert "Traceback" not in text, text
    assert found == status, text
    return text.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def whole(folder):
    """An undisturbed sweep, and the seconds that it took."""
    _run(folder, "--out", "warm.zarr")
    start = time.monotonic()
    _run(folder, "--out", "whole.zarr")
    return folder / "whole.zarr", time.monotonic() - start


def _markers(store):
    return {file for stage in STAGES for file in (store / ".chiraljax" / stage).glob("[0-9]*.json")}


def _times(store):
    """When the files of the chunks that are done were written."""
    markers = _markers(store)
    files = {store / file for marker in markers for file in json.loads(marker.read_text())["files"]}
    return {file: file.stat().st_mtime_ns for file in markers | files}


def _wait(condition, process=None, limit=LIMIT):
    """Until `condition()`, or the process has ended."""
    deadline = time.monotonic() + limit
    while not condition() and (process is None or process.poll() is None):
        assert time.monotonic() < deadline, process and process.log.read_text()
        time.sleep(0.02)


def test_killed_ten_times(folder, whole, contents):
    """At seeded numbers of chunks done, spread over the whole sweep, and a random moment after each."""
    store, draw = folder / "killed.zarr", random.Random(0)
    total = sum(STAGES.values())
    killed, before = 0, {}
    for done in [0, *sorted(draw.sample(range(1, total), 9))]:
        with _process([*COMMAND, "--out", "killed.zarr", "--resume"], folder) as process:
            _wait(lambda done=done: done == 0 or len(_markers(store)) >= done, process)
            time.sleep(draw.uniform(0, 0.4) if done else draw.uniform(0, 4))
            alive = process.poll() is None
            process.send_signal(signal.SIGKILL)
            process.wait()
        killed += alive
        now = _times(store)
        assert {file: now.get(file) for file in before} == before
        before = now
    _run(folder, "--out", "killed.zarr", "--resume")
    now = _times(store)
    assert {file: now.get(file) for file in before} == before
    assert len(_markers(store)) == total
    assert killed == 10
    assert contents(store) == contents(whole[0])


def _port():
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]


@pytest.fixture
def cluster(folder):
    """Starts a scheduler; its address and process, and a function that adds a worker."""
    with contextlib.ExitStack() as stack:
        port = _port()
        dask = [sys.executable, "-m", "distributed.cli"]
        scheduler = [f"{dask[-1]}.dask_scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        address = f"tcp://127.0.0.1:{port}"
        main = stack.enter_context(_process([sys.executable, "-m", *scheduler], folder, "scheduler"))

        def worker(name):
            command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny", "--no-dashboard"]
            command += ["--nthreads", "1", "--name", name, "--local-directory", str(folder / name)]
            return stack.enter_context(_process(command, folder, name))

        def listens():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return True

        _wait(listens, main, 60)
        yield address, main, worker


def test_a_worker_is_killed(folder, whole, contents, cluster):
    address, _, worker = cluster
    first, _ = worker("one"), worker("two")
    with _process([*COMMAND, "--out", "cluster.zarr", "--scheduler", address], folder) as process:
        _wait(lambda: len(_markers(folder / "cluster.zarr")) >= 8, process)
        assert process.poll() is None
        first.kill()
        assert process.wait(LIMIT) == 0, process.log.read_text()
    assert contents(folder / "cluster.zarr") == contents(whole[0])


def test_a_scheduler_that_dies(folder, whole, contents, cluster):
    address, main, worker = cluster
    worker("one")
    with _process([*COMMAND, "--out", "lost.zarr", "--scheduler", address], folder) as process:
        _wait(lambda: len(_markers(folder / "lost.zarr")) >= 3, process)
        main.kill()
        assert process.wait(90) == 2, process.log.read_text()
        text = process.log.read_text()
    assert text.strip().splitlines()[-1] == (
        f"chiraljax: scheduler {address} has gone away; nothing that was done is lost: resume the sweep in lost.zarr"
    )
    assert "Traceback" not in text
    _run(folder, "--out", "lost.zarr", "--resume")
    assert contents(folder / "lost.zarr") == contents(whole[0])


def test_ctrl_c_with_a_cluster(folder, whole, contents, cluster):
    address, _, worker = cluster
    worker("one")
    with _process([*COMMAND, "--out", "stopped.zarr", "--scheduler", address], folder) as process:
        _wait(lambda: len(_markers(folder / "stopped.zarr")) >= 3, process)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130, process.log.read_text()
        text = process.log.read_text()
    assert "Traceback" not in text
    assert text.strip().endswith(f"chiraljax sweep s.toml --out stopped.zarr --resume --scheduler {address}")
    _run(folder, "--out", "stopped.zarr", "--resume", "--scheduler", address)
    assert contents(folder / "stopped.zarr") == contents(whole[0])


def test_a_cluster_without_workers(folder, cluster):
    """The minute that it waits is made two seconds."""
    address, _, _ = cluster
    program = f"from chiraljax.sweeps import _run; _run._PATIENCE = 2.0; {PROGRAM}"
    command = [sys.executable, "-c", program, *COMMAND[3:], "--out", "alone.zarr", "--scheduler", address]
    with _process(command, folder) as process:
        assert process.wait(90) == 2, process.log.read_text()
        last = process.log.read_text().strip().splitlines()[-1]
    assert last == (
        f"chiraljax: scheduler {address} must have workers, but has none; nothing that was done is lost: resume the"
        " sweep in alone.zarr"
    )


@pytest.fixture
def disk(folder):
    """A file system of its own; mounts it with that many kB."""
    place = folder / "disk"
    place.mkdir(exist_ok=True)

    def mount(size, *more):
        options = ",".join([f"size={size}k", *more])
        return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True).returncode

    if os.geteuid() or mount(900):
        place.rmdir()
        pytest.skip("only root can mount a file system to fill")
    yield mount
    subprocess.run(["umount", place], check=True)


def test_a_full_disk(folder, whole, contents, disk):
    line = _run(folder, "--out", "disk/s.zarr", status=2)
    assert line == (
        "chiraljax: disk/s.zarr: must be on a disk with room, but it is full; nothing done is lost: make room, and "
        "resume the sweep"
    )
    before = _times(folder / "disk" / "s.zarr")
    assert disk(20_000, "remount") == 0
    _run(folder, "--out", "disk/s.zarr", "--resume")
    now = _times(folder / "disk" / "s.zarr")
    assert {file: now.get(file) for file in before} == before
    assert contents(folder / "disk" / "s.zarr") == contents(whole[0])


def test_a_full_disk_of_workers(folder, whole, contents, disk, cluster):
    """What a worker meets reaches the user, once."""
    address, _, worker = cluster
    worker("one")
    line = _run(folder, "--out", "disk/s.zarr", "--scheduler", address, status=2)
    assert "must be on a disk with room, but it is full; nothing done is lost: make room, and resume the sweep" in line
    assert disk(20_000, "remount") == 0
    _run(folder, "--out", "disk/s.zarr", "--resume", "--scheduler", address)
    assert contents(folder / "disk" / "s.zarr") == contents(whole[0])


def test_two_processes(folder, whole, contents):
    address = f"localhost:{_port()}"
    command = [*COMMAND, "--out", "two.zarr"]
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(
                _process(
                    command,
                    folder,
                    f"process-{i}",
                    JAX_COORDINATOR_ADDRESS=address,
                    JAX_NUM_PROCESSES="2",
                    JAX_PROCESS_ID=str(i),
                )
            )
            for i in range(2)
        ]
        for process in processes:
            assert process.wait(LIMIT) == 0, process.log.read_text()
    assert contents(folder / "two.zarr") == contents(whole[0])


def test_two_devices(folder, whole):
    """Chunks on either of two devices; the tables of each with one core, so that sums may differ in their order.

    An error is a difference of moments and has their roundoff.
    """
    _run(folder, "--out", "devices.zarr", XLA_FLAGS="--xla_force_host_platform_device_count=2")
    one, two = open_sweep(whole[0]), open_sweep(folder / "devices.zarr")
    for name in one.data_vars:
        scale = np.abs(one["peak_moment" if name == "moment_error" else name]).max().item()
        np.testing.assert_allclose(two[name], one[name], rtol=0, atol=1e-12 * scale, err_msg=name)
