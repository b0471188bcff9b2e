"""64-bit arithmetic, and versions of JAX whose batched `eigh` hangs."""

import subprocess
import sys

import pytest

from chiraljax._versions import require_supported_jax


@pytest.mark.parametrize("version", ["0.7.2", "0.10.0", "0.10.2", "0.11.0"])
def test_excluded_versions(version):
    with pytest.raises(ImportError, match=rf"needs jax>=0.8,!=0.10.\*,!=0.11.0, but jax {version} is installed"):
        require_supported_jax(version)


@pytest.mark.parametrize("version", ["0.8.0", "0.9.2", "0.11.1", "0.11.2", "0.12.0.1", "1.0"])
def test_supported_versions(version):
    require_supported_jax(version)


_THREE_EIGH = """
import jax, jax.numpy as jnp
jax.config.update("jax_enable_x64", True)
keys = jax.random.split(jax.random.key(0), 3)
matrices = [jax.random.normal(key, (200, 28, 28)) for key in keys]
@jax.jit
def three(matrices):
    return sum(jnp.sum(jnp.linalg.eigh(m + m.swapaxes(-1, -2))[1][..., 0]) for m in matrices)
print(float(three(matrices)))
"""


def test_three_concurrent_batched_eigh_return():
    """One compiled program with three independent batched `eigh` calls: it never returned with jax 0.10.2."""
    done = subprocess.run([sys.executable, "-c", _THREE_EIGH], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert abs(float(done.stdout)) < 1e6


def test_32_bit_is_refused():
    code = "import chiraljax as cj; cj.load_material('KTaO3')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert "RuntimeError: chiraljax needs 64-bit arithmetic" in done.stderr
