"""Running the chunks of a sweep: on threads and devices, in several processes, or on a Dask cluster."""

import hashlib
import logging
import os
import pickle
import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .._errors import InputError
from .._parallel import cores, on_cores
from .._precision import enable_x64
from .._warnings import silent
from ..observables import AbstractInterpolant, interpolant_of
from ._motion import largest_rotations, trajectories
from ._plan import MOTION_STAGE, TABLE_STAGE, SweepPlan
from ._points import points
from ._stage import Stage
from ._store import Store
from ._tables import tables

LANES = 8
"""Most chunks that a process holds at a time; fixed, so that a store does not depend on the machine."""
_PATIENCE = 60.0
"""Longest time without a worker, seconds."""
_CONNECTING, _LOOK = 20.0, 2.0
"""Time for a connection to the scheduler, and between checks of its workers, seconds."""


def interpolant_after(plan: SweepPlan, store: Store, stages: Sequence[Stage]) -> AbstractInterpolant:
    """The interpolant of M in the rotations of the sweep, from the markers of the finished `stages`."""
    facts = [fact for stage in stages for fact in store.facts(stage)]
    per_site = bool(plan.sites)
    still = np.zeros((1, *(count for _, count in plan.sites)))
    rotations = np.concatenate([still, *(fact["rotations"] for fact in facts if "rotations" in fact)])
    interpolant = interpolant_of(
        plan.chain.electrons,
        jnp.asarray(largest_rotations(rotations, per_site)),
        per_site,
        plan.accuracy,
        every=bool(plan.tangents("pulse", "phonon", "coupling")),
    )
    return interpolant.with_nodes(max((fact["nodes"] for fact in facts if "nodes" in fact), default=interpolant.nodes))


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a sweep; raised after the current chunks are finished."""


def compute(plan: SweepPlan, store: Store, stage: Stage, number: int, interpolant: AbstractInterpolant) -> None:
    """Compute a chunk and write it to disk, unless it is there."""
    if store.done(stage, number):
        return
    chunk = stage.chunk(number)
    if stage.name == MOTION_STAGE:
        values, facts = trajectories(plan, chunk)
    elif stage.name == TABLE_STAGE:
        with silent():
            values, facts = tables(plan, chunk, interpolant)
    else:
        inputs = {
            variable.name: store.read(variable, plan.over(variable.kind), chunk)
            for before in (MOTION_STAGE, TABLE_STAGE)
            for variable in plan.variables(before)
            if variable.working or variable.name.endswith("_status")
        }
        values, facts = points(plan, chunk, inputs, interpolant)
    store.write(plan, stage, number, values, facts)


def here(
    plan: SweepPlan,
    store: Store,
    stage: Stage,
    numbers: Sequence[int],
    interpolant: AbstractInterpolant,
    advance: Callable[[], None],
):
    """Compute the chunks `numbers` in this process, each on one device; a chunk is written while others are computed.

    On a CPU a table uses all cores within one chunk; the other stages use one thread per core. After Ctrl-C the current
    chunks are finished and `Interrupted` is raised.
    """
    devices = jax.local_devices()
    inner, lanes = 1, 2 * len(devices)
    if stage.name == TABLE_STAGE:
        inner, lanes = cores() if len(devices) == 1 else 1, len(devices)
    elif devices[0].platform == "cpu" and len(devices) == 1:
        lanes = cores()
    lanes = min(lanes, LANES)
    free: queue.SimpleQueue = queue.SimpleQueue()
    for lane in range(lanes):
        free.put(devices[lane % len(devices)])

    def work(number: int) -> None:
        device = free.get()
        try:
            with jax.default_device(device), on_cores(inner):
                compute(plan, store, stage, number, interpolant)
        finally:
            free.put(device)

    with ThreadPoolExecutor(lanes) as pool:
        try:
            for batch in (numbers[:1], numbers[1:]):  # the first chunk compiles for the others
                for future in as_completed([pool.submit(work, number) for number in batch]):
                    future.result()
                    advance()
        except KeyboardInterrupt:
            pool.shutdown(wait=True, cancel_futures=True)
            # The pool does not know a thread whose start was interrupted; that one holds a device while it computes.
            for device in [free.get() for _ in range(lanes)]:
                free.put(device)
            raise Interrupted from None
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def on_cluster(
    address: str,
    plan: SweepPlan,
    store: Store,
    stage: Stage,
    numbers: Sequence[int],
    interpolant: AbstractInterpolant,
    advance: Callable[[], None],
):
    """Compute the chunks `numbers` on the workers of a Dask scheduler, each on as many cores as the worker has threads.

    All workers must see the store under the same path. If a worker dies, another one computes its chunk. After Ctrl-C
    the workers finish their current chunks. Raises `InputError` for a scheduler that does not answer or stops, if there
    is no worker for a minute, and for a chunk whose workers died.
    """
    try:
        from distributed import Client, KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError
    except ImportError:
        raise InputError(
            "scheduler", 'needs dask.distributed, which is not installed: pip install "chiraljax[cluster]"'
        ) from None
    # This function reports a lost connection on one line; the log of distributed would repeat it.
    for name in ("distributed", "distributed.client", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=_CONNECTING, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(
            f"scheduler {address}", f"must be a Dask scheduler, but {' '.join(str(error).split())}"
        ) from None
    hint = f"nothing that was done is lost: resume the sweep in {store.path}"
    with client:
        payload = pickle.dumps((plan, stage, interpolant))
        name = hashlib.sha256(payload).hexdigest()
        # A task and not scattered data: it can be computed again after all workers that hold it have died.
        sent = client.submit(bytes, payload, pure=False)
        futures = client.map(
            _remotely,
            numbers,
            payload=sent,
            name=name,
            path=str(store.path.resolve()),
            pure=False,
        )
        finished: queue.SimpleQueue = queue.SimpleQueue()
        for future in futures:
            future.add_done_callback(finished.put)
        seen = time.monotonic()
        try:
            for _ in futures:
                while (future := _next(finished)) is None:
                    if client.status == "running" and client.scheduler_info(n_workers=1)["workers"]:
                        seen = time.monotonic()
                    if time.monotonic() - seen > _PATIENCE:
                        raise InputError(f"scheduler {address}", f"must have workers, but has none; {hint}")
                future.result()
                seen = time.monotonic()
                advance()
        except KeyboardInterrupt:
            client.cancel(futures)
            raise Interrupted from None
        except (FutureCancelledError, CommClosedError):
            raise InputError(f"scheduler {address}", f"has gone away; {hint}") from None
        except KilledWorker as error:
            client.cancel(futures)
            raise InputError(
                f"scheduler {address}",
                f"must have workers that survive, but they died over a chunk of {stage.name}, perhaps for want of"
                f" memory, the last at {error.last_worker.address}; {hint}",
            ) from None
        except BaseException:
            client.cancel(futures)
            raise


def _next(finished: queue.SimpleQueue) -> Any:
    """The next finished future, or None after `_LOOK` seconds."""
    try:
        return finished.get(timeout=_LOOK)
    except queue.Empty:
        return None


def _remotely(number: int, payload: bytes, name: str, path: str) -> None:
    from distributed import get_worker

    enable_x64()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    store = Store(path)
    if not store.path.exists():
        raise InputError("", "must be a folder that every worker sees, but one does not", str(path))
    plan, stage, interpolant = _unpack(name, payload, store)
    with on_cores(get_worker().state.nthreads):
        compute(plan, store, stage, number, interpolant)


_unpacked: dict[str, tuple[SweepPlan, Stage, AbstractInterpolant]] = {}


def _unpack(name: str, payload: bytes, store: Store) -> tuple[SweepPlan, Stage, AbstractInterpolant]:
    """The payload, unpacked once per process, and after 64-bit arithmetic is enabled: before, arrays become float32.

    Raises `InputError` if the software differs from the software that made the store.
    """
    if name not in _unpacked:
        store.check_software("a worker")
        _unpacked.clear()
        _unpacked[name] = pickle.loads(payload)
    return _unpacked[name]


def barrier(name: str) -> None:
    """Wait for all processes of `jax.distributed`."""
    if jax.process_count() > 1:
        from jax.experimental.multihost_utils import sync_global_devices

        sync_global_devices(name)
