"""Running the chunks of a sweep: on threads and devices, on several processes, or on a Dask cluster."""

import hashlib
import os
import pickle
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, NamedTuple

import jax

from .._errors import InputError
from .._precision import enable_x64
from ..brillouin import cores, on_cores
from ._motion import trajectories
from ._plan import MOTION_STAGE, TABLE_STAGE, Plan
from ._points import points
from ._stage import Stage
from ._store import Store
from ._tables import tables

LANES = 8
"""Chunks that a process holds at a time at most; fixed, so that a store does not depend on the machine."""
_RETRIES = 5
"""Times that a cluster tries a chunk again after its worker died."""


class Known(NamedTuple):
    """What the stages before tell the next."""

    fastest: float = 1.0
    """largest |Ω|, rad/ps"""
    nodes: int = 2
    """coefficients of the longest polynomial in Ω"""

    @classmethod
    def of(cls, store: Store, stages: Sequence[Stage]) -> "Known":
        """From the markers of the stages that are finished."""
        facts = [fact for stage in stages for fact in store.facts(stage)]
        fastest = max((fact["fastest"] for fact in facts if "fastest" in fact), default=0.0)
        return cls(fastest or 1.0, max((fact["nodes"] for fact in facts if "nodes" in fact), default=2))


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a sweep, after the chunks under way were finished."""


def compute(plan: Plan, store: Store, stage: Stage, number: int, known: Known) -> None:
    """Compute a chunk and put it on disk, unless it is there."""
    if store.done(stage, number):
        return
    chunk = stage.chunk(number)
    if stage.name == MOTION_STAGE:
        values, facts = trajectories(plan, chunk)
    elif stage.name == TABLE_STAGE:
        values, facts = tables(plan, chunk, known.fastest)
    else:
        given = {
            variable.name: store.read(variable, plan.over(variable.kind), chunk)
            for before in (MOTION_STAGE, TABLE_STAGE)
            for variable in plan.variables(before)
            if variable.working or variable.name.endswith("_status")
        }
        values, facts = points(plan, chunk, given, known.fastest, known.nodes)
    over = {kind: plan.over(kind) for kind in {variable.kind for variable in plan.variables(stage.name)}}
    store.write(stage, number, plan.variables(stage.name), over, values, facts)


def here(plan: Plan, store: Store, stage: Stage, numbers: Sequence[int], known: Known, advance: Callable[[], None]):
    """The chunks `numbers` in this process, each on one device; the next is computed while one is written.

    On a CPU the tables use all cores within one chunk, the other stages a thread a core. After Ctrl-C the chunks under
    way are finished, then `Interrupted` is raised.
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
                compute(plan, store, stage, number, known)
        finally:
            free.put(device)

    with ThreadPoolExecutor(lanes) as pool:
        try:
            for some in (numbers[:1], numbers[1:]):
                left: set[Future] = {pool.submit(work, number) for number in some}
                while left:
                    finished, left = wait(left, return_when=FIRST_COMPLETED)
                    for future in finished:
                        future.result()
                        advance()
        except KeyboardInterrupt:
            pool.shutdown(wait=True, cancel_futures=True)
            raise Interrupted from None
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def on_cluster(
    address: str,
    plan: Plan,
    store: Store,
    stage: Stage,
    numbers: Sequence[int],
    known: Known,
    advance: Callable[[], None],
):
    """The chunks `numbers` on the workers of the Dask scheduler at `address`, each on as many cores as it has threads.

    The workers must see the folder of the store under the same path. A chunk whose worker dies is tried again.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise InputError(
            'scheduler needs dask.distributed, which is not installed: pip install "chiraljax[cluster]"'
        ) from None
    try:
        client = Client(address, timeout=20, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"scheduler {address} must be a Dask scheduler, but {' '.join(str(error).split())}") from None
    with client:
        payload = pickle.dumps((plan, stage))
        name = hashlib.sha256(payload).hexdigest()
        sent: Any = client.scatter([payload], broadcast=True, hash=False)
        futures = [
            client.submit(
                _remotely, sent[0], name, str(store.path.resolve()), number, known, pure=False, retries=_RETRIES
            )
            for number in numbers
        ]
        try:
            for future in as_completed(futures, loop=client.loop):
                future.result()
                advance()
        except KeyboardInterrupt:
            client.cancel(futures)
            raise Interrupted from None
        except BaseException:
            client.cancel(futures)
            raise


def _remotely(payload: bytes, name: str, path: str, number: int, known: Known) -> None:
    from distributed import get_worker

    enable_x64()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    plan, stage = _plan_of(name, payload)
    if not Path(path).exists():
        raise InputError(f"{path}: must be a folder that every worker sees, but one does not")
    with on_cores(get_worker().state.nthreads):
        compute(plan, Store(path), stage, number, known)


_unpacked: dict[str, tuple[Plan, Stage]] = {}


def _plan_of(name: str, payload: bytes) -> tuple[Plan, Stage]:
    """The plan that was sent, unpacked once a process, and only after 64-bit arithmetic has been enabled."""
    if name not in _unpacked:
        _unpacked.clear()
        _unpacked[name] = pickle.loads(payload)
    return _unpacked[name]


def barrier(name: str) -> None:
    """Wait for the other processes of `jax.distributed`, if there are any."""
    if jax.process_count() > 1:
        from jax.experimental.multihost_utils import sync_global_devices

        sync_global_devices(name)
