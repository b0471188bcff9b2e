"""The versions of JAX that compute correctly."""


def require_supported_jax(version: str) -> None:
    """Raise `ImportError` for a JAX that is too old or hangs in concurrent batched `eigh` on the CPU.

    Measured on two cores: 0.10.2 never returns from one compiled program that holds three
    independent batched `eigh` calls. `tests/test_versions.py` repeats the measurement on the
    installed version.
    """
    major, minor = (int(part) for part in version.split(".")[:2])
    if (major, minor) < (0, 8) or (major, minor) == (0, 10) or version == "0.11.0":
        raise ImportError(
            f"chiraljax needs jax>=0.8,!=0.10.*,!=0.11.0, but jax {version} is installed"
            " (0.10.* and 0.11.0 hang in concurrent batched eigh on the CPU)"
        )
