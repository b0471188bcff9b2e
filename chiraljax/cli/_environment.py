"""The process: 64-bit arithmetic, one BLAS thread, and compiled programs kept from one run to the next."""

import os
import sys
from pathlib import Path

THREADS = "OPENBLAS_NUM_THREADS"
LOGS = "TF_CPP_MIN_LOG_LEVEL"
"""XLA's loader of kept programs reports as errors that tuning hints (prefer-no-gather) are no features of a CPU."""


def prepare() -> None:
    """Set what JAX needs, before it computes anything; what the user has set stays."""
    os.environ.setdefault(LOGS, "3")
    if THREADS not in os.environ:
        os.environ[THREADS] = "1"
        _one_thread()
    import jax

    from .._precision import enable_x64

    enable_x64()
    if getattr(jax.config, "jax_compilation_cache_dir", None) is None:
        jax.config.update("jax_compilation_cache_dir", str(_cache_folder()))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def join_processes() -> bool:
    """Join the other processes of a SLURM step, or of JAX_COORDINATOR_ADDRESS; whether this is the first, or alone.

    Without SLURM, JAX_NUM_PROCESSES and JAX_PROCESS_ID say how many there are and which one this is.
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
    """Tell an OpenBLAS that is loaded already: it reads its variable only then.

    JAX diagonalises small matrices, many at a time, with SciPy's library; threads inside each of them only wait
    for one another.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1, user_api="blas")


def _cache_folder() -> Path:
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "chiraljax" / "jax"
