"""What is not known or not steady: the mode, the strength of the field, its timing."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import ndtri
from scipy.stats import qmc

from .._checks import check_positive
from .._errors import check
from ..phonon import Phonon

VARIED = ("frequency", "damping", "field", "timing")


class Ensemble(eqx.Module):
    """Independent normal deviations, whose mean objective is to be made large.

    **Arguments:** standard deviations of `frequency` ω₀, `damping` η and `field` E relative to their values, and of
    `timing`, the delay of the pulse, in ps, each zero or positive; `samples`, drawn by Sobol's sequence from
    `seed`.

    **Raises:** `InputError` for values outside these ranges.
    """

    deviations: Float[np.ndarray, "samples 4"]

    def __init__(
        self,
        *,
        frequency: float = 0.0,
        damping: float = 0.0,
        field: float = 0.0,
        timing: float = 0.0,
        samples: int = 16,
        seed: int = 0,
    ) -> None:
        widths = dict(zip(VARIED, (frequency, damping, field, timing), strict=True))
        for name, width in widths.items():
            check_positive(name, width, zero=True)
        check(samples >= 2, "samples", f"must be at least 2, but got {samples}")
        check(any(widths.values()), "One of frequency, damping, field and timing", "must be positive, but all are zero")
        uniform = qmc.Sobol(4, rng=np.random.default_rng(seed)).random_base2(int(np.ceil(np.log2(samples))))[:samples]
        self.deviations = np.array(list(widths.values())) * ndtri(np.clip(uniform, 1e-6, 1 - 1e-6))


def varied(phonon: Phonon, deviation: Float[Array, "4"]) -> Phonon:
    """`phonon` with (1 + deviation) times its frequencies and dampings; those of field and timing are the pulse's."""
    return eqx.tree_at(
        lambda phonon: (phonon.frequency, phonon.damping),
        phonon,
        (phonon.frequency * (1 + deviation[0]), phonon.damping * jnp.maximum(1 + deviation[1], 0.0)),
    )
