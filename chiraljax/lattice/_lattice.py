"""Harmonic force constants with Born charges, and the phonons that light drives."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from phonopy import Phonopy

from .._checks import check_positive
from .._errors import InputError, check, within
from .._precision import require_x64
from .._types import ArrayLike
from ..crystal import Crystal, KPath, site_order
from ..phonon import Phonon, TemperatureTable
from ._dispersion import Dispersion, dispersion
from ._modes import ModeSet, mode_sets
from ._polarisation import Plane, ellipticity, plane_across, polarised, strength, turns

_STABLE = 0.05
"""THz; modes up to this frequency are unstable"""


class Lattice:
    """A crystal with its force constants; read by `load_lattice`.

    Atoms are those of the primitive cell, in the order of `crystal`. `modes` are the optical modes at Γ in sets that
    symmetry makes degenerate, ascending in frequency, without the non-analytic term of longitudinal modes.
    """

    def __init__(self, phonopy: Phonopy, source: str) -> None:
        cell, nac = phonopy.primitive, phonopy.nac_params
        self.phonopy = phonopy
        self.source = source
        self.crystal = Crystal(cell.cell, cell.symbols, cell.scaled_positions)
        self.masses: Float[np.ndarray, " atoms"] = np.asarray(cell.masses, dtype=float)
        """u"""
        self.born_charges: Float[np.ndarray, "atoms 3 3"] | None = None if nac is None else np.asarray(nac["born"])
        """Z*[i, a, b] in e, the dipole along a of a displacement along b; None where not given"""
        self.dielectric_tensor: Float[np.ndarray, "3 3"] | None = None if nac is None else np.asarray(nac["dielectric"])
        """ε∞; None where not given"""
        self.modes: tuple[ModeSet, ...]
        self.acoustic: tuple[float, float, float]
        """THz; zero but for errors of the force constants"""
        with within(source=source):
            self.modes, self.acoustic = mode_sets(phonopy, self.born_charges)

    def __repr__(self) -> str:
        return f"Lattice of {self.source}\n{self.table()}"

    def phonon(
        self,
        *,
        damping: ArrayLike,
        axis: ArrayLike = (0.0, 0.0, 1.0),
        modes: Sequence[int] | str | None = None,
        frequency: ArrayLike | None = None,
        dielectric_constant: float | None = None,
        x: ArrayLike | None = None,
        crystal: Crystal | None = None,
        temperatures: TemperatureTable | None = None,
    ) -> Phonon:
        """The transverse-optical pairs that light along `axis` turns about it.

        Args:
            damping: η in rad/ps, one number or one per pair.
            axis: along which the light travels and about which the lattice turns.
            modes: numbers in `Lattice.modes`, or "all" for every pair that this light turns; the lowest unless given.
            frequency: THz, one number or one per pair, replaces those of the force constants, for example by measured
                ones or for unstable modes; eigenvectors and charges do not change.
            dielectric_constant: ε∞; unless given, the mean of the tensor in the plane.
            x: its part across the axis is the direction of the field's x; the Cartesian x unless given.
            crystal: gives the order of the sites, such as that of a material; the lattice's unless given.
            temperatures: the table of `Phonon`.

        Raises:
            InputError: without Born charges, for modes that are not infrared-active, not degenerate in the plane or
                unstable, and for an axis along which light is not transverse to them.
        """
        plane = plane_across(axis, x)
        sets = self._chosen(modes, plane, need_pair=True)
        damping = _per_set("damping", damping, len(sets), zero=True)
        for mode_set, rate in zip(sets, damping.tolist(), strict=True):
            self._check_turning(mode_set, plane, rate)
        parts = [polarised(mode_set, plane) for mode_set in sets]
        return Phonon(
            self._frequencies(sets, frequency),
            damping,
            [charges[0, 0] for _, charges in parts],
            self._ordered(np.stack([vectors for vectors, _ in parts]), crystal, axis=2),
            temperatures=temperatures,
            **self._cell(dielectric_constant, plane, crystal),
        )

    def normal_modes(
        self,
        *,
        damping: ArrayLike,
        axis: ArrayLike = (0.0, 0.0, 1.0),
        modes: Sequence[int] | None = None,
        frequency: ArrayLike | None = None,
        dielectric_constant: float | None = None,
        x: ArrayLike | None = None,
        crystal: Crystal | None = None,
        cubic: ArrayLike | None = None,
        quartic: ArrayLike | None = None,
    ) -> Phonon:
        """Single modes for light along `axis`: of infrared-active sets those with a charge across it, of others all.

        Args:
            damping: η in rad/ps, one number or one per set.
            axis: along which the light travels.
            modes: numbers in `Lattice.modes`; all that the light drives unless given.
            frequency: THz, one number or one per set, as in `phonon`.
            dielectric_constant: as in `phonon`.
            x: as in `phonon`.
            crystal: as in `phonon`.
            cubic: Φ as in `Phonon`; `anharmonic_terms` computes it.
            quartic: Ψ as in `Phonon`; `anharmonic_terms` computes it.

        Raises:
            InputError: as `phonon`, but not for modes without a degenerate partner.
        """
        plane = plane_across(axis, x)
        sets = self._chosen(modes, plane, need_pair=False)
        parts = []
        for mode_set in sets:
            if mode_set.infrared:
                strength(mode_set, plane)
                parts.append(polarised(mode_set, plane))
            else:
                parts.append((mode_set.eigenvectors, np.zeros((mode_set.degeneracy, 2))))
        sizes = [len(charges) for _, charges in parts]
        return Phonon(
            np.repeat(self._frequencies(sets, frequency), sizes),
            np.repeat(_per_set("damping", damping, len(sets), zero=True), sizes),
            np.concatenate([charges for _, charges in parts]),
            self._ordered(np.concatenate([vectors for vectors, _ in parts])[:, None], crystal, axis=2),
            cubic=cubic,
            quartic=quartic,
            **self._cell(dielectric_constant, plane, crystal),
        )

    def dispersion(self, path: KPath | None = None, points: int = 40) -> Dispersion:
        """Frequencies along `path`; unless given, along the standard path with `points` intervals per segment.

        Raises:
            InputError: for force constants of a single cell, which determine Γ only.
        """
        return dispersion(self.phonopy, self.crystal, self.source, path, points)

    def table(self) -> str:
        """The optical modes as text: number, symbol, degeneracy, frequency, activity, Z̃ and Δε along x, y, z."""
        lines = ["no  irrep  modes   THz      light    |Z̃| (e/√u)   Δε along x, y, z"]
        for number, modes in enumerate(self.modes):
            size = f"{abs(modes.frequency):.4f}" + ("i" if modes.imaginary else " ")
            light = "yes" if modes.infrared else "no"
            line = f"{number:<3d} {modes.irrep or '?':<6s} {modes.degeneracy}  {size:>9s}  {light:<5s}"
            if modes.charges is not None and modes.infrared:
                charge = np.sqrt(np.linalg.eigvalsh(modes.oscillator_strength)[-1])
                share = np.diagonal(modes.dielectric_share(self.crystal.volume))
                line += f"  {charge:10.4f}      " + "  ".join(f"{part:8.3f}" for part in share)
            lines.append(line.rstrip())
        return "\n".join(lines)

    def _chosen(self, modes, plane: Plane, need_pair: bool) -> list[ModeSet]:
        """The sets with these numbers; for None or "all" those that light across `plane` drives."""
        require_x64()
        check(self.modes, "", "must have optical modes, but has one atom per cell", self.source)
        numbers = None if modes is None or isinstance(modes, str) else list(modes)
        if numbers is None:
            check(modes in {None, "all"}, "modes", f"must be numbers or 'all', but got {modes!r}")
            sets = [mode_set for mode_set in self.modes if mode_set.infrared]
        else:
            check(
                numbers and all(isinstance(n, int | np.integer) and 0 <= n < len(self.modes) for n in numbers),
                "modes",
                f"must be numbers from 0 to {len(self.modes) - 1}, but got {numbers}",
            )
            check(len(set(numbers)) == len(numbers), "modes", f"must be named once, but got {numbers}")
            sets = [self.modes[n] for n in numbers]
        check(
            self.born_charges is not None or not (numbers is None or any(mode_set.infrared for mode_set in sets)),
            "born",
            "must be given to drive a mode: there are no Born charges in or beside this file",
            self.source,
        )
        if numbers is not None:
            return sets
        check(sets, "", "has no infrared-active mode, so light cannot drive its lattice", self.source)
        driven = [mode_set for mode_set in sets if _driven(mode_set, plane, need_pair)]
        if not driven:
            if need_pair:
                for mode_set in sets:
                    self._check_turning(mode_set, plane, None)
            axis = np.round(np.cross(*plane), 4).tolist()
            raise InputError(
                "axis", f"must be one of light that drives a mode, but along {axis} it drives no mode of {self.source}"
            )
        return driven if modes == "all" or not need_pair else driven[:1]

    def _check_turning(self, modes: ModeSet, plane: Plane, damping: float | None) -> None:
        """Raise `InputError` unless circular light turns `modes` in a circle; it names the best partner, if any."""
        across = strength(modes, plane)
        if turns(across):
            return
        values, vectors = np.linalg.eigh(across)
        message = f"must be degenerate pairs, but circular light drives {modes.name} on a line"
        partners = []
        for other in self.modes:
            if other is not modes and other.infrared and not other.imaginary and _driven(other, plane, False):
                size = float(vectors[:, 0] @ strength(other, plane) @ vectors[:, 0])
                if size > 1e-6:
                    partners.append((other, size))
        if partners and not modes.imaginary:
            partner, size = min(partners, key=lambda pair: abs(pair[0].frequency - modes.frequency))
            damping = damping or 0.1 * modes.frequency
            strengths, frequencies = (float(values[1]), size), (modes.frequency, partner.frequency)
            ratio, best = ellipticity(strengths, frequencies, (damping, damping))
            message += (
                f"; with {partner.name} across it the ellipse has a ratio of axes of at most {ratio:.2g},"
                f" at {best:.3g} THz"
            )
        raise InputError("modes", f"{message}: take normal_modes for such motion, or another axis")

    def _frequencies(self, sets: list[ModeSet], frequency: ArrayLike | None) -> Float[np.ndarray, " sets"]:
        if frequency is not None:
            return _per_set("frequency", frequency, len(sets))
        for modes in sets:
            name = modes.name
            check(
                modes.frequency > _STABLE,
                "modes",
                f"must be stable unless frequency gives measured values, but {name} is unstable in this structure",
            )
        return np.array([modes.frequency for modes in sets])

    def _cell(self, dielectric_constant: float | None, plane: Plane, crystal: Crystal | None) -> dict[str, Any]:
        """The arguments of `Phonon` that do not depend on the modes."""
        return {
            "masses": self._ordered(self.masses, crystal),
            "dielectric_constant": self._screening(dielectric_constant, plane),
            "plane": plane,
            "born_charges": None if self.born_charges is None else self._ordered(self.born_charges, crystal),
            "volume": self.crystal.volume,
        }

    def _screening(self, dielectric_constant: float | None, plane: Plane) -> float:
        if dielectric_constant is not None:
            return dielectric_constant
        if self.dielectric_tensor is None:
            raise InputError("born or dielectric_constant", "must be given", str(self.source))
        return float(np.trace(plane @ self.dielectric_tensor @ plane.T) / 2)

    def _ordered(self, per_atom: np.ndarray, crystal: Crystal | None, axis: int = 0) -> np.ndarray:
        return per_atom if crystal is None else np.take(per_atom, site_order(crystal, self.crystal), axis=axis)


def _driven(modes: ModeSet, plane: Plane, need_pair: bool) -> bool:
    try:
        across = strength(modes, plane)
    except InputError:
        return False
    return turns(across) or not need_pair


def _per_set(name: str, value: ArrayLike, count: int, zero: bool = False) -> Float[np.ndarray, " sets"]:
    """One number for each of `count` sets."""
    numbers = np.asarray(value, dtype=float)
    check(
        numbers.shape in {(), (count,)},
        name,
        f"must be a number or {count} of them, one a set of modes, but got the shape {numbers.shape}",
    )
    check_positive(name, numbers, zero=zero)
    return np.broadcast_to(numbers, (count,))
