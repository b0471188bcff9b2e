"""The process: 64-bit arithmetic, one BLAS thread, and a cache of compiled programs."""

import os

THREADS = "OPENBLAS_NUM_THREADS"
LOGS = "TF_CPP_MIN_LOG_LEVEL"
"""Hides errors of XLA's loader of cached programs, which takes tuning hints (prefer-no-gather) for CPU features."""


def prepare() -> None:
    """Set up JAX before it computes anything; settings of the user stay."""
    os.environ.setdefault(LOGS, "3")
    os.environ["MPLBACKEND"] = (
        "agg"  # figures are files; that of a notebook, which `!chiraljax` inherits, may be missing
    )
    if THREADS not in os.environ:
        os.environ[THREADS] = "1"
        _one_thread()
    from .._cache import enable_cache
    from .._precision import enable_x64

    enable_x64()
    enable_cache()


def join_processes() -> bool:
    """Join the processes of a SLURM step or of JAX_COORDINATOR_ADDRESS; returns whether this is the first or only one.

    Without SLURM, JAX_NUM_PROCESSES is the number of processes and JAX_PROCESS_ID the number of this one.
    """
    import jax

    if "JAX_COORDINATOR_ADDRESS" in os.environ:
        count, this = (
            int(os.environ[name]) if name in os.environ else None for name in ("JAX_NUM_PROCESSES", "JAX_PROCESS_ID")
        )
        jax.distributed.initialize(num_processes=count, process_id=this)
    elif int(os.environ.get("SLURM_STEP_NUM_TASKS", "1")) > 1:
        jax.distributed.initialize()
    return jax.process_index() == 0


def _one_thread() -> None:
    """Limit an OpenBLAS that is already loaded; it reads its variable only when it is loaded.

    JAX diagonalises many small matrices at a time with SciPy's library; threads within a matrix would only slow it.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1, user_api="blas")
