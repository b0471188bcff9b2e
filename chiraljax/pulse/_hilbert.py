"""The Hilbert transform of samples at equal distances."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.signal import fftconvolve
from jaxtyping import Array, Float


def hilbert(samples: Float[Array, "N c"]) -> Float[Array, "N c"]:
    """The Hilbert transform H of each column, which is zero beyond its samples: H of cos is sin.

    H[m] = Σ_n x[m−n] (1 − cos πn)/(πn), exact for columns without frequencies above half of the sampling frequency
    (Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd edition, Eq. 12.62). x − iH is the analytic signal
    that goes with exp(−2πiνt), ν > 0. Unlike that of a discrete Fourier transform it is not periodic.
    """
    n = np.arange(1 - len(samples), len(samples))
    kernel = np.divide(2.0, np.pi * n, out=np.zeros(len(n)), where=n % 2 == 1)
    return jax.vmap(lambda column: fftconvolve(column, jnp.asarray(kernel), mode="same"), 1, 1)(samples)
