"""64-bit arithmetic."""

import jax


def enable_x64() -> None:
    """Switch JAX to 64-bit arithmetic, for the whole process.

    Call it before building a model: 32 bits do not resolve splittings of 10⁻⁵ eV in energies of 10 eV.
    """
    jax.config.update("jax_enable_x64", True)


def require_x64() -> None:
    """Raise `RuntimeError` unless 64-bit arithmetic is on."""
    if not jax.config.read("jax_enable_x64"):
        raise RuntimeError(
            "chiraljax needs 64-bit arithmetic, but JAX is set to 32-bit; call chiraljax.enable_x64() first"
        )
