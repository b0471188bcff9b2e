"""Compiled programs that are kept between processes."""

import os
import sys
from pathlib import Path

import jax

_LOGS, _BY_JAX = "TF_CPP_MIN_LOG_LEVEL", "1"
"""Environment variable of the least severity that XLA logs, and what JAX sets it to unless it is set"""


def enable_cache(folder: str | os.PathLike[str] | None = None) -> None:
    """Keep the programs that JAX compiles in a `folder`, where the next processes find them.

    Call it before the first computation. The command line does. What JAX_COMPILATION_CACHE_DIR or an earlier call has
    set stays unless a folder is given. `JAX_ENABLE_COMPILATION_CACHE=false` switches it off. XLA warns of each program
    that it finds in a cache; only errors are logged from here on, unless TF_CPP_MIN_LOG_LEVEL or
    `jax_logging_level` is set.

    Args:
        folder: unless given, `chiraljax/jax` in the user's folder for caches: $XDG_CACHE_HOME or ~/.cache,
            ~/Library/Caches on macOS, %LOCALAPPDATA% on Windows. It can be deleted at any time.
    """
    if os.environ.get(_LOGS) == _BY_JAX and getattr(jax.config, "jax_logging_level", None) in (None, "NOTSET"):
        jax.config.update("jax_logging_level", "ERROR")
    if folder is None and getattr(jax.config, "jax_compilation_cache_dir", None) is not None:
        return
    jax.config.update("jax_compilation_cache_dir", str(_user_folder() if folder is None else Path(folder)))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def _user_folder() -> Path:
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "chiraljax" / "jax"
