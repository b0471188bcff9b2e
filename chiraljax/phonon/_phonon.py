"""Degenerate pairs of modes with quartic anharmonicity."""

import math
from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._checks import check_finite, check_positive, concrete
from .._errors import InputError, check
from .._precision import require_x64
from .._types import ArrayLike, Scalar
from ..pulse import AbstractPulse
from ._base import AbstractPhonon
from ._drive import drive
from ._motion import Motion
from ._propagate import STEPS_PER_PERIOD, propagate, step_nodes


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
    ) -> None:
        require_x64()
        pairs = jnp.atleast_1d(jnp.asarray(frequency)).shape
        vectors = jnp.asarray(eigenvectors, dtype=float)
        vectors = vectors[None] if vectors.ndim == 3 else vectors
        atoms = vectors.shape[-2:-1]
        self.frequency = _shaped("frequency", frequency, pairs)
        self.damping = _shaped("damping", damping, pairs)
        self.mode_effective_charge = _shaped("mode_effective_charge", mode_effective_charge, pairs)
        self.eigenvectors = _shaped("eigenvectors", vectors, (*pairs, 2, *atoms, 3))
        self.masses = _shaped("masses", masses, atoms)
        self.dielectric_constant = _shaped("dielectric_constant", dielectric_constant, ())
        self.quartic_isotropic = _shaped("quartic_isotropic", quartic_isotropic, pairs * 2)
        self.quartic_cubic = _shaped("quartic_cubic", quartic_cubic, pairs)
        self.temperatures = self.frequencies = self.dampings = None
        table = (temperatures, frequencies, dampings)
        if any(column is not None for column in table):
            check(
                all(column is not None for column in table),
                "Arguments temperatures, frequencies and dampings must be given together, but got only some of them",
            )
            rows = jnp.asarray(temperatures, dtype=float).shape
            self.temperatures = _shaped("temperatures", temperatures, rows)
            self.frequencies = _shaped("frequencies", frequencies, (*rows, *pairs))
            self.dampings = _shaped("dampings", dampings, (*rows, *pairs))

    def __check_init__(self) -> None:
        for name in ("frequency", "masses", "dielectric_constant"):
            check_positive(f"Argument {name}", getattr(self, name))
        check_positive("Argument damping", self.damping, zero=True)
        for name in ("mode_effective_charge", "eigenvectors", "quartic_isotropic", "quartic_cubic"):
            check_finite(f"Argument {name}", getattr(self, name))
        vectors = concrete(self.eigenvectors)
        if vectors is not None:
            overlap = np.einsum("pcix,pdix->pcd", vectors, vectors)
            check(
                np.all(abs(overlap - np.eye(2)) < 1e-4),
                "Argument eigenvectors must be orthonormal over the cell within each pair,"
                f" but got the overlaps {overlap.round(6).tolist()}",
            )
        quartic = concrete(self.quartic_isotropic)
        if quartic is not None:
            check(
                np.array_equal(quartic, quartic.T),
                f"Argument quartic_isotropic must be symmetric, but got {quartic.tolist()}",
            )
        if self.temperatures is not None:
            check_positive("Argument temperatures", self.temperatures, zero=True)
            check_positive("Argument frequencies", self.frequencies)
            check_positive("Argument dampings", self.dampings, zero=True)
            known = concrete(self.temperatures)
            if known is not None:
                check(np.all(np.diff(known) > 0), f"Argument temperatures must increase, but got {known.tolist()}")

    def potential(self, q: Float[Array, "*batch pairs 2"]) -> Float[Array, "*batch"]:
        square = jnp.sum(q**2, axis=-1)
        isotropic = jnp.einsum("...a,ab,...b->...", square, self.quartic_isotropic, square)
        return (isotropic + jnp.sum(self.quartic_cubic[:, None] * q**4, axis=(-2, -1))) / 4

    def anharmonic_force(self, q: Float[Array, "*batch pairs 2"]) -> Float[Array, "*batch pairs 2"]:
        isotropic = jnp.einsum("ab,...b->...a", self.quartic_isotropic, jnp.sum(q**2, axis=-1))
        return -isotropic[..., None] * q - self.quartic_cubic[:, None] * q**3

    def drive(self, pulse: AbstractPulse, times: ArrayLike, *, max_steps: int | None = None) -> Motion:
        """The motion at `times` (T,) in ps under `pulse`, from rest at times[0].

        Works under `jit`, `vmap`, `grad` and `jacfwd`. The error relative to the largest |q| is below 10⁻⁸
        where `status` is `diffrax.RESULTS.successful`; elsewhere `max_steps` did not last to the end. Without
        it, it is four times what the window of times takes, or 4096 where that is not known.

        **Raises:** `InputError` for times that do not increase.
        """
        times = jnp.asarray(times, dtype=float)
        check(
            times.ndim == 1 and times.shape[0] >= 2,
            f"Argument times must hold at least two times, but got the shape {times.shape}",
        )
        check_finite("Argument times", times)
        known = concrete(times)
        if known is not None:
            check(np.all(np.diff(known) > 0), "Argument times must increase, but got times that do not")
        if max_steps is None:
            fastest = concrete(self.frequency)
            periods = 0.0 if known is None or fastest is None else float((known[-1] - known[0]) * fastest.max())
            max_steps = max(4096, 2 ** math.ceil(math.log2(64 * periods + 1)))
        check(max_steps >= 1, f"Argument max_steps must be positive, but got {max_steps}")
        return drive(self, pulse, times, max_steps)

    def propagate(self, pulse: Callable[[Array], Array], times: ArrayLike, *, substeps: int | None = None) -> Motion:
        """The motion of `drive` at equally spaced `times` (T,) in ps, in fixed steps: for gradients and batches.

        Each interval is divided into `substeps` steps; unless given, as many as make 16 a period of the fastest
        mode, and of 2π/η. With these the error relative to the largest |q| is below 10⁻⁷ for fields smooth over
        a step (`pulse` maps times to the field in MV/cm); none is estimated. A gradient costs about two drives, for any
        number of pulse parameters; works under `jit`, `vmap`, `grad` and `jacfwd`.

        **Raises:** `InputError` for times that are not equally spaced, and for a frequency that has no value yet
        while `substeps` is not given.
        """
        times = jnp.asarray(times, dtype=float)
        substeps = self.substeps(times) if substeps is None else substeps
        return propagate(self, pulse(step_nodes(times, substeps)), times, substeps, self.harmonic)

    def substeps(self, times: ArrayLike) -> int:
        """How many steps of `propagate` each interval of equally spaced `times` (T,) in ps takes.

        **Raises:** `InputError` as `propagate` does.
        """
        known, fastest, damping = concrete(times), concrete(self.frequency), concrete(self.damping)
        if known is None or fastest is None or damping is None:
            raise InputError("Argument substeps must be given where times or frequencies have no value yet")
        check(known.ndim == 1 and known.shape[0] >= 2, f"times must hold at least two times, but got {known.shape}")
        check_finite("times", known)
        gaps = np.diff(known)
        check(
            gaps[0] > 0 and np.ptp(gaps) <= 1e-9 * abs(known).max(),
            f"times must be equally spaced, but got spacings from {gaps.min():g} to {gaps.max():g} ps",
        )
        rate = STEPS_PER_PERIOD * max(fastest.max(), damping.max() / (2 * np.pi))
        return max(1, math.ceil(gaps[0] * rate - 1e-9))

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
            raise InputError("Argument temperature must be left out for a phonon without a table of temperatures")
        wanted, known = concrete(temperature), concrete(temperatures)
        if wanted is not None and known is not None:
            check(
                known[0] <= wanted <= known[-1],
                f"Argument temperature must lie between {known[0]:g} and {known[-1]:g} K, but got {wanted:g}",
            )
        nan = float("nan")

        def at(column: Float[Array, "M pairs"]) -> Float[Array, " pairs"]:
            wanted = jnp.asarray(temperature, dtype=float)
            return jnp.stack([jnp.interp(wanted, temperatures, values, nan, nan) for values in column.T])

        values = (at(frequencies), at(dampings))
        return eqx.tree_at(lambda phonon: (phonon.frequency, phonon.damping), self, values)


def _shaped(name: str, value: ArrayLike | None, shape: tuple[int, ...]) -> Array:
    array = jnp.zeros(shape) if value is None else jnp.asarray(value, dtype=float)
    if array.ndim < len(shape) and array.size == 1:
        array = array.reshape(shape) if all(n == 1 for n in shape) else array
    check(array.shape == shape, f"Argument {name} must have the shape {shape}, but got {array.shape}")
    return array
