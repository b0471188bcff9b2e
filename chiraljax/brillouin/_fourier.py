"""Interpolation of smooth periodic matrices."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy import fft

from .._tracing import array_namespace
from .._types import Array, ArrayLike, Complex


class FourierSeries(eqx.Module):
    """X(k) = Σ_R X_R e^{2πi k·R}, matrices that are periodic in k.

    For a smooth function on a uniform mesh it converges faster than any power of the number of points. On a tensor
    product of points it is summed over one component of R at a time.
    """

    coefficients: Complex[Array, "nx ny nz ..."]
    """X_R in the order of `numpy.fft.fftfreq`"""

    @classmethod
    def through(cls, values: Complex[Array | np.ndarray, "nx ny nz ..."], overwrite: bool = False) -> "FourierSeries":
        """The series that takes these values on the mesh k_i = j/n_i; with `overwrite` it may take their memory."""
        if array_namespace(values) is jnp:
            return cls(jnp.fft.fftn(values, axes=(0, 1, 2), norm="forward"))
        found = fft.fftn(np.asarray(values), axes=(0, 1, 2), norm="forward", overwrite_x=overwrite)
        return cls(jnp.asarray(found))

    def plane(self, x: ArrayLike) -> Complex[Array, "ny nz ..."]:
        """The sum over the first component of R at one x."""
        return jnp.tensordot(_phases(x, len(self.coefficients)), self.coefficients, axes=1)

    def __call__(self, k: ArrayLike) -> Complex[Array, "..."]:
        """The value at one fractional k-point (3,)."""
        x, y, z = jnp.asarray(k)
        return on_plane(self.plane(x), y[None], z[None])[0, 0]


def on_plane(plane: Complex[Array, "ny nz ..."], y: ArrayLike, z: ArrayLike) -> Complex[Array, "Y Z ..."]:
    """The sums over the other two components, at the tensor product of the points y (Y,) and z (Z,)."""
    lines = jnp.tensordot(_phases(y, plane.shape[0]), plane, axes=1)
    return jnp.einsum("zc,yc...->yz...", _phases(z, plane.shape[1]), lines)


def _phases(k: ArrayLike, n: int) -> Complex[Array, "... n"]:
    """e^{2πi kR}; for even n the harmonic n/2 is its own opposite and enters as a cosine."""
    frequency = np.fft.fftfreq(n, 1 / n)
    angle = 2 * np.pi * jnp.asarray(k)[..., None] * frequency
    return jax.lax.complex(jnp.cos(angle), jnp.where(2 * np.abs(frequency) == n, 0.0, jnp.sin(angle)))
