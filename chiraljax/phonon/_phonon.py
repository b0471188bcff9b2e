"""Degenerate pairs or single modes at Γ, with anharmonic terms."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .._checks import check_finite, check_positive
from .._errors import InputError, check
from .._parameter import check_parameters, parameter
from .._precision import require_x64
from .._tracing import concrete
from .._types import ArrayLike, Scalar, real
from .._warnings import tell
from ..pulse import AbstractPulse
from ..units import HBAR, ION_MAGNETONS, NUCLEAR_MAGNETON
from ._automatic import AutomaticSteps
from ._base import AbstractModes, Oscillators
from ._bath import HeatBath
from ._cut import check_first
from ._dielectric import transmitted
from ._improbable import improbable_frequencies, improbable_pulse
from ._motion import Motion
from ._steps import AbstractSteps
from ._temperatures import TemperatureTable

SURFACES = ("screened", "fresnel")
_CUBIC, _QUARTIC = "1/(angstrom sqrt(u) ps^2)", "1/(angstrom^2 u ps^2)"


class Phonon(AbstractModes):
    """P sets of d modes at Γ that a pulse drives, q̈ + η q̇ + ω₀² q + ∂V/∂q = Z̃·E/ε∞.

    Eq. 4 of Geilhufe and Hergert, Phys. Rev. B 107, L020406 (2023). The shape of `eigenvectors` decides between:

    | | d = 2, degenerate pairs | d = 1, single modes |
    |---|---|---|
    | Z̃ of a set | one number, along both vectors of `plane` | (Z̃_x, Z̃_y) |
    | L | Σ q × q̇ over the pairs | Σ_i m_i u_i × u̇_i over the sites |
    | moment of inertia | Σ q² | Σ_i m_i (u_i's distance from the axis)² |

    The C = P·d normal coordinates q run over set, then mode. The potential is
    V = ⅙ Σ Φ_abc q_a q_b q_c + 1/24 Σ Ψ_abcd q_a q_b q_c q_d, and of pairs also ¼ Σ_ab A_ab |q_a|²|q_b|²
    + ¼ Σ_a B_a (q_a1⁴ + q_a2⁴). Pairs stay degenerate while a parameter varies.

    For one pair, numbers and eigenvectors (2, atoms, 3) are accepted.

    Args:
        frequency: (P,) ν₀ in THz, positive.
        damping: (P,) η in rad/ps, zero or positive.
        mode_effective_charge: in e/√u, (P,) of pairs, (P, 2) of single modes; zero for modes that light does not drive
            and only the anharmonic terms couple.
        eigenvectors: (P, d, atoms, 3), mass-weighted, orthonormal over the cell; those of different pairs need not be.
        masses: (atoms,) in u, positive.
        dielectric_constant: ε∞, positive.
        quartic_isotropic: (P, P) A in 1/(ps² Å² u), symmetric; for pairs only, zero unless given.
        quartic_cubic: (P,) B in 1/(ps² Å² u); for pairs only, zero unless given.
        cubic: (C, C, C) Φ in 1/(ps² Å √u), symmetric in all places; unless given, zero for single modes and None for
            pairs.
        quartic: (C, C, C, C) Ψ in 1/(ps² Å² u), as `cubic`.
        temperatures: a table of frequencies and dampings for `at_temperature`.
        plane: (2, 3), orthonormal vectors of the field's x and y, and of the modes of a pair; x and y of the crystal
            unless given.
        born_charges: (atoms, 3, 3) Z* in e, for the moment of the ions.
        volume: of the cell in Å³, for ε(ν).

    Raises:
        InputError: for a value outside these ranges or of another shape.
    """

    eigenvectors: Float[Array, "P d atoms 3"]
    masses: Float[Array, " atoms"]
    temperatures: TemperatureTable | None
    plane: tuple[tuple[float, float, float], tuple[float, float, float]] = eqx.field(static=True)
    born_charges: Float[Array, "atoms 3 3"] | None
    volume: Scalar | None
    frequency: Float[Array, " P"] = parameter(unit="THz", help="frequency ν₀", positive=True, shape=("P",))
    damping: Float[Array, " P"] = parameter(unit="rad/ps", help="damping η", low=0.0, shape=("P",))
    mode_effective_charge: Float[Array, "P *components"] = parameter(
        unit="e/sqrt(u)", help="Z̃, of a single mode along x and y of the field", shape=("P", "*components")
    )
    dielectric_constant: Scalar = parameter(unit="1", help="ε∞, by which the field inside is smaller", positive=True)
    quartic_isotropic: Float[Array, "P P"] | None = parameter(
        unit=_QUARTIC, help="A of ¼ Σ A_ab |q_a|²|q_b|² of pairs", shape=("P", "P")
    )
    quartic_cubic: Float[Array, " P"] | None = parameter(
        unit=_QUARTIC, help="B of ¼ Σ B_a (q_a1⁴ + q_a2⁴) of pairs", shape=("P",)
    )
    cubic: Float[Array, "C C C"] | None = parameter(
        unit=_CUBIC, help="third derivatives Φ of the potential", shape=("C", "C", "C")
    )
    quartic: Float[Array, "C C C C"] | None = parameter(
        unit=_QUARTIC, help="fourth derivatives Ψ of the potential", shape=("C", "C", "C", "C")
    )

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
        cubic: ArrayLike | None = None,
        quartic: ArrayLike | None = None,
        temperatures: TemperatureTable | None = None,
        plane: ArrayLike = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
        born_charges: ArrayLike | None = None,
        volume: ArrayLike | None = None,
    ) -> None:
        require_x64()
        vectors = real(eigenvectors)
        vectors = vectors[None] if vectors.ndim == 3 else vectors
        check(
            vectors.ndim == 4 and vectors.shape[1] in (1, 2) and vectors.shape[3] == 3,
            "eigenvectors",
            f"must have the shape (P, 2, atoms, 3) of pairs or (P, 1, atoms, 3) of single modes, but got "
            f"{jnp.shape(jnp.asarray(eigenvectors))}",
        )
        sets, degeneracy, atoms, _ = vectors.shape
        pairs, coordinates = degeneracy == 2, sets * degeneracy
        for name, term in (("quartic_isotropic", quartic_isotropic), ("quartic_cubic", quartic_cubic)):
            check(pairs or term is None, name, "must be left out for single modes: it is for pairs")
        self.eigenvectors = vectors
        self.frequency = _shaped("frequency", frequency, (sets,))
        self.damping = _shaped("damping", damping, (sets,))
        self.mode_effective_charge = _shaped(
            "mode_effective_charge", mode_effective_charge, (sets,) if pairs else (sets, 2)
        )
        self.masses = _shaped("masses", masses, (atoms,))
        self.dielectric_constant = _shaped("dielectric_constant", dielectric_constant, ())
        self.quartic_isotropic = _term("quartic_isotropic", quartic_isotropic, (sets, sets), zero=pairs)
        self.quartic_cubic = _term("quartic_cubic", quartic_cubic, (sets,), zero=pairs)
        self.cubic = _term("cubic", cubic, (coordinates,) * 3, zero=not pairs)
        self.quartic = _term("quartic", quartic, (coordinates,) * 4, zero=not pairs)
        self.temperatures = temperatures
        self.plane = _orthonormal(plane)
        self.born_charges = _term("born_charges", born_charges, (atoms, 3, 3))
        self.volume = _term("volume", volume, ())

    def __check_init__(self) -> None:
        check_parameters(self)
        check_positive("masses", self.masses)
        if self.volume is not None:
            check_positive("volume", self.volume)
        if self.born_charges is not None:
            check_finite("born_charges", self.born_charges)
        if self.temperatures is not None:
            columns = self.temperatures.frequency.shape[1]
            check(
                columns == self.frequency.size,
                "temperatures",
                f"must have a column for each of the {self.frequency.size} sets of modes, but has {columns}",
            )
        _check_orthonormal(self.eigenvectors)
        for name in ("quartic_isotropic", "cubic", "quartic"):
            _check_symmetric(name, getattr(self, name))

    @property
    def degenerate(self) -> bool:
        """Whether the sets are pairs, d = 2."""
        return self.eigenvectors.shape[1] == 2

    @property
    def angular_frequency(self) -> Float[Array, " P"]:
        """ω₀ = 2πν₀ (P,) in rad/ps."""
        return 2 * jnp.pi * self.frequency

    @property
    @eqx.filter_jit
    def oscillators(self) -> Oscillators:
        degeneracy = self.eigenvectors.shape[1]
        charges = self.mode_effective_charge
        if self.degenerate:
            charges = (charges[:, None, None] * jnp.eye(2)).reshape(-1, 2)
        return Oscillators(
            jnp.repeat(self.frequency, degeneracy),
            jnp.repeat(self.damping, degeneracy),
            charges,
            self.eigenvectors.reshape(-1, *self.eigenvectors.shape[2:]),
        )

    @property
    def turning(self) -> Float[Array, "C C"]:
        if self.degenerate:
            return jnp.asarray(np.kron(np.eye(self.frequency.shape[0]), [[0.0, 1.0], [-1.0, 0.0]]))
        across, up = self._in_plane
        return jnp.einsum("ai,bi->ab", across, up) - jnp.einsum("ai,bi->ab", up, across)

    @property
    def inertia(self) -> Float[Array, "C C"]:
        if self.degenerate:
            return jnp.asarray(np.eye(2 * self.frequency.shape[0]))
        across, up = self._in_plane
        return across @ across.T + up @ up.T

    @property
    def _in_plane(self) -> tuple[Float[Array, "C atoms"], Float[Array, "C atoms"]]:
        first, second = jnp.asarray(self.plane)
        vectors = self.oscillators.eigenvectors
        return vectors @ first, vectors @ second

    def potential(self, q: Float[Array, "*batch C"]) -> Float[Array, "*batch"]:
        energy = jnp.zeros(q.shape[:-1])
        if self.quartic_isotropic is not None and self.quartic_cubic is not None:
            pairs = q.reshape(*q.shape[:-1], -1, 2)
            square = jnp.sum(pairs**2, axis=-1)
            isotropic = jnp.einsum("...a,ab,...b->...", square, self.quartic_isotropic, square)
            energy += (isotropic + jnp.sum(self.quartic_cubic[:, None] * pairs**4, axis=(-2, -1))) / 4
        if self.cubic is not None:
            energy += jnp.einsum("abc,...a,...b,...c->...", self.cubic, q, q, q) / 6
        if self.quartic is not None:
            energy += jnp.einsum("abcd,...a,...b,...c,...d->...", self.quartic, q, q, q, q) / 24
        return energy

    @property
    def harmonic(self) -> bool:
        """Whether every anharmonic term has a value and is zero."""
        terms = (self.quartic_isotropic, self.quartic_cubic, self.cubic, self.quartic)
        values = [concrete(term) for term in terms if term is not None]
        return all(value is not None and not value.any() for value in values)

    def at_temperature(self, temperature: ArrayLike) -> "Phonon":
        """This phonon with the frequencies and dampings of its table, interpolated at `temperature` in K.

        Raises:
            InputError: without a table, or for a temperature outside it; a traced one gives NaN there.
        """
        if self.temperatures is None:
            raise InputError("temperature", "must be left out for a phonon without a table of temperatures")
        return eqx.tree_at(lambda phonon: (phonon.frequency, phonon.damping), self, self.temperatures.at(temperature))

    @property
    def gyromagnetic_ratio(self) -> Float[Array, " P"]:
        """M/L of each pair in circular motion (P,), in μ_N/ħ, with L = q × q̇.

        γ = ¼ Σ_i [(Z*_i e_1i) × e_2i − (Z*_i e_2i) × e_1i]·n/m_i, the mean over a turn of ½ Σ (Z* u) × u̇: Juraschek and
        Spaldin, Phys. Rev. Materials 3, 064405 (2019).

        Raises:
            InputError: without `born_charges` and for single modes.
        """
        check(self.degenerate, "phonon", "must have degenerate pairs for a gyromagnetic ratio, but has single modes")
        if self.born_charges is None:
            raise InputError("born_charges of the phonon", "must be given for a gyromagnetic ratio")
        moved = jnp.einsum("iab,pcib->pcia", self.born_charges, self.eigenvectors)
        first, second = (jnp.swapaxes(part, 0, 1) for part in (moved, self.eigenvectors))
        turned = jnp.cross(first[0], second[1]) - jnp.cross(first[1], second[0])
        per_mass = jnp.einsum("pia,i,a->p", turned, 1 / self.masses, jnp.asarray(self.axis))
        return ION_MAGNETONS * HBAR / 2 * per_mass

    @property
    def zeeman_splitting(self) -> Float[Array, " P"]:
        """Splitting 2γμ_N/h of the two circular phonons of each pair per field along the axis (P,), in THz/T.

        The quanta have L = ±ħ and the energy −γLB; positive where the counter-clockwise phonon is the lower one.

        Raises:
            InputError: without `born_charges` and for single modes.
        """
        return 2 * self.gyromagnetic_ratio * NUCLEAR_MAGNETON

    def drive(
        self,
        pulse: AbstractPulse,
        times: ArrayLike,
        *,
        steps: AbstractSteps = AutomaticSteps(),
        surface: str = "screened",
        initial: tuple[ArrayLike, ArrayLike] | None = None,
        bath: HeatBath | None = None,
    ) -> Motion:
        """The motion under `pulse`; works under `jit`, `vmap`, `grad` and `jacfwd`.

        Args:
            times: (T,) in ps, increasing, the first before the pulse unless `initial` is given.
            steps: the integrator, `AutomaticSteps`, `AdaptiveSteps` or `FixedSteps`.
            surface: "screened" divides the field by ε∞; "fresnel" multiplies its spectrum by the transmission of the
                surface, see `transmitted`.
            initial: q (C,) in Å√u and q̇ (C,) in Å√u/ps at times[0]; at rest unless given.
            bath: makes the motion random, from a `thermal_state` unless `initial` is given.

        Raises:
            InputError: for times that do not increase, times that begin after the pulse (more than 10⁻³ of its peak
                field and of the largest motion come before the first; the error names the time to begin with), initial
                values of another shape, another surface, and as `steps` and `transmitted` do.
        """
        check(surface in SURFACES, "surface", f"must be one of {', '.join(SURFACES)}, but got {surface!r}")
        instants = concrete(times)
        if instants is None:
            times = real(times)
        else:  # concrete times stay concrete under jit
            with jax.ensure_compile_time_eval():
                times = real(instants)
        check(
            times.ndim == 1 and times.shape[0] >= 2,
            "times",
            f"must hold at least two times, but got the shape {times.shape}",
        )
        check_finite("times", times)
        if instants is not None:
            check(np.all(np.diff(instants) > 0), "times", "must increase, but got times that do not")
        if initial is None:
            check_first(self, pulse, times)
        told = tell((*improbable_frequencies(self), *improbable_pulse(pulse, self)))
        if surface == "fresnel":
            pulse = transmitted(pulse, self) * self.dielectric_constant
        rest = jnp.zeros(self.oscillators.frequency.shape)
        if initial is not None:
            q, velocity = (real(part) for part in initial)
            for part in (q, velocity):
                check(
                    part.shape == rest.shape,
                    "initial",
                    f"must be q and q̇ of the shape {rest.shape}, but got {q.shape} and {velocity.shape}",
                )
                check_finite("initial", part)
        elif bath is not None:
            q, velocity = bath.initial(self)
        else:
            q, velocity = rest, rest
        motion = steps.motion(self, pulse, times, (q, velocity), bath)
        return dataclasses.replace(motion, warnings=told) if told else motion


def _shaped(name: str, value: ArrayLike, shape: tuple[int, ...]) -> Array:
    """`value` as an array of `shape`; for a shape of ones also from a single number."""
    array = real(value)
    if array.ndim < len(shape) and array.size == 1 and all(n == 1 for n in shape):
        array = array.reshape(shape)
    check(array.shape == shape, name, f"must have the shape {shape}, but got {array.shape}")
    return array


def _term(name: str, value: ArrayLike | None, shape: tuple[int, ...], zero: bool = False) -> Array | None:
    """`_shaped` for a term that may be None; it is then zeros if `zero`."""
    if value is None:
        return jnp.zeros(shape) if zero else None
    return _shaped(name, value, shape)


def _orthonormal(plane: ArrayLike) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """The two vectors as tuples."""
    vectors = np.asarray(plane, dtype=float)
    check(vectors.shape == (2, 3), "plane", f"must have the shape (2, 3), but got {vectors.shape}")
    check_finite("plane", vectors)
    check(
        np.all(abs(vectors @ vectors.T - np.eye(2)) < 1e-8),
        "plane",
        f"must hold two orthonormal vectors, but got {vectors.tolist()}",
    )
    (a, b, c), (d, e, f) = vectors.tolist()
    return (a, b, c), (d, e, f)


def _check_orthonormal(eigenvectors: Float[Array, "P d atoms 3"]) -> None:
    """Raise `InputError` unless the two modes of each pair, or all single modes, are orthonormal over the cell."""
    check_finite("eigenvectors", eigenvectors)
    vectors = concrete(eigenvectors)
    if vectors is None:
        return
    within, groups = (" within each pair", vectors) if vectors.shape[1] == 2 else ("", np.swapaxes(vectors, 0, 1))
    overlap = np.einsum("pcix,pdix->pcd", groups, groups)
    check(
        np.all(abs(overlap - np.eye(overlap.shape[1])) < 1e-4),
        "eigenvectors",
        f"must be orthonormal over the cell{within}, but got the overlaps {overlap.round(6).tolist()}",
    )


def _check_symmetric(name: str, term: Array | None) -> None:
    tensor = None if term is None else concrete(term)
    if tensor is not None:
        scale = 1e-9 * abs(tensor).max(initial=0.0)
        swapped = [np.swapaxes(tensor, 0, axis) for axis in range(1, tensor.ndim)]
        check(
            all(np.all(abs(other - tensor) <= scale) for other in swapped),
            name,
            "must be symmetric in all its places, but is not",
        )
