"""Uncertain or unsteady quantities: the mode, the strength of the field, its timing."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import ndtri
from scipy.stats import qmc

from .._errors import check
from .._family import Declared
from .._parameter import parameter
from .._types import Scalar
from ..phonon import Phonon

VARIED = ("frequency", "damping", "field", "timing")


class Deviations(Declared):
    """Independent normal deviations, over which the mean objective is made large.

    Args:
        frequency: standard deviation of ω₀, relative, zero or positive.
        damping: of η, relative.
        field: of E, relative.
        timing: of the delay of the pulse, ps.
        samples: number of samples, from 2 to 4096, drawn by Sobol's sequence.
        seed: of the samples.

    Raises:
        InputError: for values outside these ranges, and if all deviations are zero.
    """

    frequency: Scalar = parameter(unit="1", help="of the mode's frequency, relative", low=0.0, default=0.0)
    damping: Scalar = parameter(unit="1", help="of the mode's damping, relative", low=0.0, default=0.0)
    field: Scalar = parameter(unit="1", help="of the field, relative", low=0.0, default=0.0)
    timing: Scalar = parameter(unit="ps", help="of the delay of the pulse", low=0.0, default=0.0)
    samples: int = parameter(unit="1", help="samples drawn", low=2.0, high=4096.0, default=16, whole=True)
    seed: int = parameter(unit="1", help="seed of the samples", low=0.0, default=0, whole=True)

    def check_together(self) -> None:
        check(np.any(self._widths), "frequency, damping, field or timing", "must be positive, but all are zero")

    def drawn(self) -> Float[np.ndarray, "samples 4"]:
        """The samples, each a row of deviations of frequency, damping, field and timing."""
        sequence = qmc.Sobol(4, rng=np.random.default_rng(self.seed))
        uniform = sequence.random_base2(int(np.ceil(np.log2(self.samples))))[: self.samples]
        return self._widths * ndtri(np.clip(uniform, 1e-6, 1 - 1e-6))

    @property
    def _widths(self) -> Float[np.ndarray, "4"]:
        return np.array([float(getattr(self, name)) for name in VARIED])


def varied(phonon: Phonon, deviation: Float[Array, "4"]) -> Phonon:
    """`phonon` with (1 + deviation) times its frequencies and dampings; field and timing belong to the pulse."""
    factors = {"frequency": 1 + deviation[0], "damping": jnp.maximum(1 + deviation[1], 0.0)}
    values = [getattr(phonon, name) * factor for name, factor in factors.items()]
    return eqx.tree_at(lambda phonon: [getattr(phonon, name) for name in factors], phonon, values)
