"""Degenerate pairs of modes with quartic anharmonicity."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._checks import check_finite, check_positive
from .._errors import InputError, check
from .._precision import require_x64
from .._tracing import concrete
from .._types import ArrayLike, Scalar
from .._units import HBAR, ION_MAGNETONS, NUCLEAR_MAGNETON
from ._arguments import check_modes, orthonormal, shaped
from ._base import Oscillators
from ._driven import AbstractPhonon


class Phonon(AbstractPhonon):
    """P twofold modes, q̈ + η q̇ + ω₀² q + ∂V/∂q = Z̃ E/ε∞.

    Eq. 4 of Geilhufe and Hergert, Phys. Rev. B 107, L020406 (2023), with the quartic potential
    V = ¼ Σ_ab A_ab |q_a|²|q_b|² + ¼ Σ_a B_a (q_a1⁴ + q_a2⁴).

    **Arguments:**

    - `frequency` (P,) ν₀ in THz, positive; `damping` (P,) η in rad/ps, zero or positive.
    - `mode_effective_charge` (P,) Z̃ in e/√u.
    - `eigenvectors` (P, 2, atoms, 3): mass-weighted, the two of a pair orthonormal over the cell.
    - `masses` (atoms,) in u, positive; `dielectric_constant` ε∞, positive.
    - `quartic_isotropic` (P, P) A, symmetric, and `quartic_cubic` (P,) B, in 1/(ps² Å² u); zero unless given.
    - `plane` (2, 3): orthonormal vectors along which the field's x and y, and the modes of a pair, point; x and y of
      the crystal unless given.
    - `born_charges` (atoms, 3, 3) Z* in e and `volume` of the cell in Å³, for the moment of the ions and ε(ν).
    - `temperatures` (M,) in K, increasing, `frequencies` (M, P), `dampings` (M, P): a table for `at_temperature`.

    For one pair, scalars and eigenvectors (2, atoms, 3) will do.

    **Raises:** `InputError` for a value outside these ranges or of another shape.
    """

    frequency: Float[Array, " pairs"]
    damping: Float[Array, " pairs"]
    mode_effective_charge: Float[Array, " pairs"]
    eigenvectors: Float[Array, "pairs 2 atoms 3"]
    masses: Float[Array, " atoms"]
    dielectric_constant: Scalar
    quartic_isotropic: Float[Array, "pairs pairs"]
    quartic_cubic: Float[Array, " pairs"]
    temperatures: Float[Array, " M"] | None
    frequencies: Float[Array, "M pairs"] | None
    dampings: Float[Array, "M pairs"] | None
    plane: tuple[tuple[float, float, float], tuple[float, float, float]] = eqx.field(static=True)
    born_charges: Float[Array, "atoms 3 3"] | None
    volume: Scalar | None

    def __init__(
        self,
        frequency: ArrayLike,
        damping: ArrayLike,
        mode_effective_charge: ArrayLike,
        eigenvectors: ArrayLike,
        masses: ArrayLike,
        dielectric_constant: ArrayLike = 1.0,
        quartic_isotropic: ArrayLike | None = None,
        quartic_cubic: ArrayLike | None = None,
        *,
        temperatures: ArrayLike | None = None,
        frequencies: ArrayLike | None = None,
        dampings: ArrayLike | None = None,
        plane: ArrayLike = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
        born_charges: ArrayLike | None = None,
        volume: ArrayLike | None = None,
    ) -> None:
        require_x64()
        pairs = jnp.atleast_1d(jnp.asarray(frequency)).shape
        vectors = jnp.asarray(eigenvectors, dtype=float)
        vectors = vectors[None] if vectors.ndim == 3 else vectors
        atoms = vectors.shape[-2:-1]
        self.frequency = shaped("frequency", frequency, pairs)
        self.damping = shaped("damping", damping, pairs)
        self.mode_effective_charge = shaped("mode_effective_charge", mode_effective_charge, pairs)
        self.eigenvectors = shaped("eigenvectors", vectors, (*pairs, 2, *atoms, 3))
        self.masses = shaped("masses", masses, atoms)
        self.dielectric_constant = shaped("dielectric_constant", dielectric_constant, ())
        self.quartic_isotropic = shaped("quartic_isotropic", quartic_isotropic, pairs * 2)
        self.quartic_cubic = shaped("quartic_cubic", quartic_cubic, pairs)
        self.temperatures = self.frequencies = self.dampings = None
        table = (temperatures, frequencies, dampings)
        if any(column is not None for column in table):
            check(
                all(column is not None for column in table),
                "temperatures, frequencies and dampings",
                "must be given together, but got only some of them",
            )
            rows = jnp.asarray(temperatures, dtype=float).shape
            self.temperatures = shaped("temperatures", temperatures, rows)
            self.frequencies = shaped("frequencies", frequencies, (*rows, *pairs))
            self.dampings = shaped("dampings", dampings, (*rows, *pairs))
        self.plane = orthonormal("plane", plane)
        self.born_charges = None if born_charges is None else shaped("born_charges", born_charges, (*atoms, 3, 3))
        self.volume = None if volume is None else shaped("volume", volume, ())

    def __check_init__(self) -> None:
        check_modes(self)
        for name in ("mode_effective_charge", "quartic_isotropic", "quartic_cubic"):
            check_finite(name, getattr(self, name))
        vectors = concrete(self.eigenvectors)
        if vectors is not None:
            overlap = np.einsum("pcix,pdix->pcd", vectors, vectors)
            check(
                np.all(abs(overlap - np.eye(2)) < 1e-4),
                "eigenvectors",
                f"must be orthonormal over the cell within each pair, but got the overlaps {overlap.round(6).tolist()}",
            )
        quartic = concrete(self.quartic_isotropic)
        if quartic is not None:
            check(
                np.array_equal(quartic, quartic.T),
                "quartic_isotropic",
                f"must be symmetric, but got {quartic.tolist()}",
            )
        if self.temperatures is not None:
            check_positive("temperatures", self.temperatures, zero=True)
            check_positive("frequencies", self.frequencies)
            check_positive("dampings", self.dampings, zero=True)
            known = concrete(self.temperatures)
            if known is not None:
                check(np.all(np.diff(known) > 0), "temperatures", f"must increase, but got {known.tolist()}")

    @property
    def angular_frequency(self) -> Float[Array, " pairs"]:
        """ω₀ = 2πν₀ (P,) in rad/ps."""
        return 2 * jnp.pi * self.frequency

    @property
    def gyromagnetic_ratio(self) -> Float[Array, " pairs"]:
        """M/L of each pair when it turns in a circle (P,), in μ_N/ħ, with L = q × q̇.

        γ = ¼ Σ_i [(Z*_i e_1i) × e_2i − (Z*_i e_2i) × e_1i]·n/m_i, the mean over a turn of ½ Σ (Z* u) × u̇: Juraschek and
        Spaldin, Phys. Rev. Materials 3, 064405 (2019). Raises `InputError` without `born_charges`.
        """
        if self.born_charges is None:
            raise InputError("born_charges of the phonon", "must be given for a gyromagnetic ratio")
        moved = jnp.einsum("iab,pcib->pcia", self.born_charges, self.eigenvectors)
        first, second = (jnp.swapaxes(part, 0, 1) for part in (moved, self.eigenvectors))
        turned = jnp.cross(first[0], second[1]) - jnp.cross(first[1], second[0])
        per_mass = jnp.einsum("pia,i,a->p", turned, 1 / self.masses, jnp.asarray(self.axis))
        return ION_MAGNETONS * HBAR / 2 * per_mass

    @property
    def zeeman_splitting(self) -> Float[Array, " pairs"]:
        """How far one tesla along the axis splits the two circular phonons of each pair (P,), in THz/T.

        2γμ_N/h for quanta with L = ±ħ and the energy −γLB; positive where the counter-clockwise one is the lower.
        """
        return 2 * self.gyromagnetic_ratio * NUCLEAR_MAGNETON

    @property
    def oscillators(self) -> Oscillators:
        charges = self.mode_effective_charge[:, None, None] * jnp.eye(2)
        return Oscillators(
            jnp.repeat(self.frequency, 2),
            jnp.repeat(self.damping, 2),
            charges.reshape(-1, 2),
            self.eigenvectors.reshape(-1, *self.eigenvectors.shape[2:]),
        )

    @property
    def turning(self) -> Float[Array, "C C"]:
        return jnp.kron(jnp.eye(self.frequency.shape[0]), jnp.array([[0.0, 1.0], [-1.0, 0.0]]))

    @property
    def inertia(self) -> Float[Array, "C C"]:
        return jnp.eye(2 * self.frequency.shape[0])

    def potential(self, q: Float[Array, "*batch C"]) -> Float[Array, "*batch"]:
        pairs = q.reshape(*q.shape[:-1], -1, 2)
        square = jnp.sum(pairs**2, axis=-1)
        isotropic = jnp.einsum("...a,ab,...b->...", square, self.quartic_isotropic, square)
        return (isotropic + jnp.sum(self.quartic_cubic[:, None] * pairs**4, axis=(-2, -1))) / 4

    @property
    def harmonic(self) -> bool:
        """Whether both quartic terms are known to be zero."""
        terms = concrete(self.quartic_isotropic), concrete(self.quartic_cubic)
        return all(term is not None and not term.any() for term in terms)

    def at_temperature(self, temperature: ArrayLike) -> "Phonon":
        """This phonon with the frequencies and dampings of its table, interpolated at `temperature` in K.

        **Raises:** `InputError` without a table, or for a temperature outside it (a traced one gives NaN there).
        """
        temperatures, frequencies, dampings = self.temperatures, self.frequencies, self.dampings
        if temperatures is None or frequencies is None or dampings is None:
            raise InputError("temperature", "must be left out for a phonon without a table of temperatures")
        wanted, known = concrete(temperature), concrete(temperatures)
        if wanted is not None and known is not None:
            check(
                known[0] <= wanted <= known[-1],
                "temperature",
                f"must lie between {known[0]:g} and {known[-1]:g} K, but got {wanted:g}",
            )
        nan = float("nan")

        def at(column: Float[Array, "M pairs"]) -> Float[Array, " pairs"]:
            wanted = jnp.asarray(temperature, dtype=float)
            return jnp.stack([jnp.interp(wanted, temperatures, values, nan, nan) for values in column.T])

        values = (at(frequencies), at(dampings))
        return eqx.tree_at(lambda phonon: (phonon.frequency, phonon.damping), self, values)
