"""Any modes at Γ, each with its own frequency and charges."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._checks import check_finite
from .._errors import check
from .._precision import require_x64
from .._tracing import concrete
from .._types import ArrayLike, Scalar
from ._arguments import check_modes, orthonormal, shaped
from ._base import Oscillators
from ._driven import AbstractPhonon


class NormalModes(AbstractPhonon):
    """C modes, degenerate or not, polar or not, q̈ + η q̇ + ω₀² q + ∂V/∂q = Z̃·E/ε∞.

    V = ⅙ Σ Φ_abc q_a q_b q_c + 1/24 Σ Ψ_abcd q_a q_b q_c q_d. The angular momentum is that of the atoms,
    L = Σ_i m_i u_i × u̇_i = Σ_ab q_a (Σ_i e_ai × e_bi)·n q̇_b, and the moment of inertia likewise Σ_i m_i times u_i's
    squared distance from the axis. For degenerate pairs that stay so while a parameter varies there is `Phonon`.

    **Arguments:**

    - `frequency` (C,) ν₀ in THz, positive; `damping` (C,) η in rad/ps, zero or positive.
    - `charges` (C, 2) Z̃ in e/√u, for the field along the two vectors of `plane`; zero for a mode that light does not
      drive, but the anharmonic terms may.
    - `eigenvectors` (C, atoms, 3): mass-weighted, orthonormal over the cell.
    - `masses` (atoms,) in u, positive; `dielectric_constant` ε∞, positive.
    - `cubic` (C, C, C) Φ in 1/(ps² Å √u) and `quartic` (C, C, C, C) Ψ in 1/(ps² Å² u), symmetric in all places; zero
      unless given.
    - `plane`, `born_charges`, `volume` as in `Phonon`.

    **Raises:** `InputError` for a value outside these ranges or of another shape.
    """

    frequency: Float[Array, " C"]
    damping: Float[Array, " C"]
    charges: Float[Array, "C 2"]
    eigenvectors: Float[Array, "C atoms 3"]
    masses: Float[Array, " atoms"]
    dielectric_constant: Scalar
    cubic: Float[Array, "C C C"]
    quartic: Float[Array, "C C C C"]
    plane: tuple[tuple[float, float, float], tuple[float, float, float]] = eqx.field(static=True)
    born_charges: Float[Array, "atoms 3 3"] | None
    volume: Scalar | None

    def __init__(
        self,
        frequency: ArrayLike,
        damping: ArrayLike,
        charges: ArrayLike,
        eigenvectors: ArrayLike,
        masses: ArrayLike,
        dielectric_constant: ArrayLike = 1.0,
        cubic: ArrayLike | None = None,
        quartic: ArrayLike | None = None,
        *,
        plane: ArrayLike = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
        born_charges: ArrayLike | None = None,
        volume: ArrayLike | None = None,
    ) -> None:
        require_x64()
        modes = jnp.asarray(frequency, dtype=float).shape
        check(len(modes) == 1, "frequency", f"must be a list, one a mode, but got the shape {modes}")
        atoms = jnp.asarray(masses, dtype=float).shape
        self.frequency = shaped("frequency", frequency, modes)
        self.damping = shaped("damping", damping, modes)
        self.charges = shaped("charges", charges, (*modes, 2))
        self.eigenvectors = shaped("eigenvectors", eigenvectors, (*modes, *atoms, 3))
        self.masses = shaped("masses", masses, atoms)
        self.dielectric_constant = shaped("dielectric_constant", dielectric_constant, ())
        self.cubic = shaped("cubic", cubic, modes * 3)
        self.quartic = shaped("quartic", quartic, modes * 4)
        self.plane = orthonormal("plane", plane)
        self.born_charges = None if born_charges is None else shaped("born_charges", born_charges, (*atoms, 3, 3))
        self.volume = None if volume is None else shaped("volume", volume, ())

    def __check_init__(self) -> None:
        check_modes(self)
        check_finite("charges", self.charges)
        vectors = concrete(self.eigenvectors)
        if vectors is not None:
            overlap = np.einsum("aix,bix->ab", vectors, vectors)
            check(
                np.all(abs(overlap - np.eye(len(overlap))) < 1e-4),
                "eigenvectors",
                f"must be orthonormal over the cell, but got the overlaps {overlap.round(6).tolist()}",
            )
        for name in ("cubic", "quartic"):
            check_finite(name, getattr(self, name))
            tensor = concrete(getattr(self, name))
            if tensor is not None:
                swapped = [np.swapaxes(tensor, 0, axis) for axis in range(1, tensor.ndim)]
                scale = 1e-9 * abs(tensor).max(initial=0.0)
                check(
                    all(np.all(abs(other - tensor) <= scale) for other in swapped),
                    name,
                    "must be symmetric in all its places, but is not",
                )

    @property
    def oscillators(self) -> Oscillators:
        return Oscillators(self.frequency, self.damping, self.charges, self.eigenvectors)

    @property
    def turning(self) -> Float[Array, "C C"]:
        across, up = self._in_plane
        return jnp.einsum("ai,bi->ab", across, up) - jnp.einsum("ai,bi->ab", up, across)

    @property
    def inertia(self) -> Float[Array, "C C"]:
        return sum((part @ part.T for part in self._in_plane), jnp.zeros(()))

    @property
    def harmonic(self) -> bool:
        terms = concrete(self.cubic), concrete(self.quartic)
        return all(term is not None and not term.any() for term in terms)

    def potential(self, q: Float[Array, "*batch C"]) -> Float[Array, "*batch"]:
        cubic = jnp.einsum("abc,...a,...b,...c->...", self.cubic, q, q, q)
        return cubic / 6 + jnp.einsum("abcd,...a,...b,...c,...d->...", self.quartic, q, q, q, q) / 24

    @property
    def _in_plane(self) -> tuple[Float[Array, "C atoms"], Float[Array, "C atoms"]]:
        first, second = jnp.asarray(self.plane)
        return self.eigenvectors @ first, self.eigenvectors @ second
