"""64-bit arithmetic and the versions of JAX that compute correctly."""

import jax


def enable_x64() -> None:
    """Switch JAX to 64-bit arithmetic, for the whole process.

    Call it before building a model: energies of 10 eV and splittings of 10⁻⁵ eV do not fit
    into 32 bits together.
    """
    jax.config.update("jax_enable_x64", True)


def require_x64() -> None:
    """Raise `RuntimeError` unless 64-bit arithmetic is on."""
    if not jax.config.read("jax_enable_x64"):
        raise RuntimeError(
            "chiraljax needs 64-bit arithmetic, but JAX is set to 32-bit; call chiraljax.enable_x64() first"
        )


def require_supported_jax(version: str) -> None:
    """Raise `ImportError` for a JAX that is too old or hangs in concurrent batched `eigh` on the CPU.

    Measured on two cores: 0.10.2 never returns from one compiled program that holds three
    independent batched `eigh` calls. `tests/test_precision.py` repeats the measurement on the
    installed version.
    """
    major, minor = (int(part) for part in version.split(".")[:2])
    if (major, minor) < (0, 8) or (major, minor) == (0, 10) or version == "0.11.0":
        raise ImportError(
            f"chiraljax needs jax>=0.8,!=0.10.*,!=0.11.0, but jax {version} is installed"
            " (0.10.* and 0.11.0 hang in concurrent batched eigh on the CPU)"
        )


require_supported_jax(jax.__version__)
