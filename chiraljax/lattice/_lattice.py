"""Harmonic force constants with Born charges, and the phonons for light that follow from them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from phonopy import Phonopy

from .._checks import check_positive
from .._errors import InputError, check
from .._precision import require_x64
from .._types import ArrayLike
from ..crystal import Crystal, KPath, site_order
from ..phonon import Phonon, TemperatureTable
from ._dispersion import Dispersion, dispersion
from ._modes import ModeSet, mode_sets
from ._polarisation import Plane, ellipticity, plane_across, polarised, strength, turns

_STABLE = 0.05
"""THz; an imaginary frequency up to this is an error of the force constants"""


class Lattice:
    """A crystal with its force constants; read by `load_lattice`.

    Atoms are those of the primitive cell, in the order of `crystal`. `modes` are the optical modes at Γ in sets that
    symmetry makes degenerate, ascending in frequency, without the non-analytic term of longitudinal modes.
    """

    def __init__(self, phonopy: Phonopy, source: str) -> None:
        cell, held = phonopy.primitive, phonopy.nac_params
        self.phonopy = phonopy
        self.source = source
        self.crystal = Crystal(cell.cell, cell.symbols, cell.scaled_positions)
        self.masses: Float[np.ndarray, " atoms"] = np.asarray(cell.masses, dtype=float)
        """u"""
        self.born_charges: Float[np.ndarray, "atoms 3 3"] | None = None if held is None else np.asarray(held["born"])
        """Z*[i, a, b] in e, the dipole along a of a displacement along b; None where not given"""
        self.dielectric_tensor: Float[np.ndarray, "3 3"] | None = (
            None if held is None else np.asarray(held["dielectric"])
        )
        """ε∞; None where not given"""
        self.modes: tuple[ModeSet, ...]
        self.acoustic: tuple[float, float, float]
        """THz; zero but for errors of the force constants"""
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

        **Arguments:**

        - `damping`: η in rad/ps, one number or one per pair; force constants do not know it.
        - `axis`: about which the lattice turns and along which the light travels; the field's x points along `x`, or
          the Cartesian x, as far as that is across the axis.
        - `modes`: which of `Lattice.modes`; "all" for every pair that this light turns; unless given, the lowest.
        - `frequency`: THz, one per pair, instead of those of the force constants: measured ones, and those of unstable
          modes. Eigenvectors and charges stay.
        - `dielectric_constant`: ε∞; unless given, the mean of its tensor in the plane.
        - `crystal`: whose order of sites the phonon has, such as that of a material; unless given, the lattice's.
        - `temperatures`: the table of `Phonon`.

        **Raises:** `InputError` without Born charges, for modes that are not infrared-active, not degenerate in the
        plane or unstable, and for an axis along which light is not transverse to them.
        """
        plane = plane_across(axis, x)
        chosen = self._chosen(modes, plane, need_pair=True)
        rates = _each("damping", damping, len(chosen), zero=True)
        for one in chosen:
            self._check_turning(one, plane, float(rates[chosen.index(one)]))
        parts = [polarised(one, plane) for one in chosen]
        return Phonon(
            self._frequencies(chosen, frequency),
            rates,
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
        """Single modes that share the field of light along `axis`: all that it drives, or those of `modes`.

        Of an infrared-active set these are the modes with a charge across the axis; of one that light does not drive,
        which the anharmonic terms `cubic` and `quartic` (see `Phonon`; `anharmonic_terms` finds them) may couple,
        all. Other arguments as in `phonon`, `damping` and `frequency` one per set.

        **Raises:** `InputError` as `phonon` does, but not for single modes.
        """
        plane = plane_across(axis, x)
        chosen = self._chosen(modes, plane, need_pair=False)
        parts = []
        for one in chosen:
            if one.infrared:
                strength(one, plane)
                parts.append(polarised(one, plane))
            else:
                parts.append((one.eigenvectors, np.zeros((one.degeneracy, 2))))
        sizes = [len(charges) for _, charges in parts]
        return Phonon(
            np.repeat(self._frequencies(chosen, frequency), sizes),
            np.repeat(_each("damping", damping, len(chosen), zero=True), sizes),
            np.concatenate([charges for _, charges in parts]),
            self._ordered(np.concatenate([vectors for vectors, _ in parts])[:, None], crystal, axis=2),
            cubic=cubic,
            quartic=quartic,
            **self._cell(dielectric_constant, plane, crystal),
        )

    def dispersion(self, path: KPath | None = None, points: int = 40) -> Dispersion:
        """Frequencies along `path`, or else the standard path of the lattice with `points` intervals a segment.

        Raises `InputError` for force constants of a single cell, which know Γ only.
        """
        return dispersion(self.phonopy, self.crystal, self.source, path, points)

    def table(self) -> str:
        """The optical modes in text: number, symbol, degeneracy, frequency, activity, Z̃, share of ε along x, y, z."""
        lines = ["no  irrep  modes   THz      light    |Z̃| (e/√u)   Δε along x, y, z"]
        for number, one in enumerate(self.modes):
            size = f"{abs(one.frequency):.4f}" + ("i" if one.imaginary else " ")
            light = "yes" if one.infrared else "no"
            line = f"{number:<3d} {one.irrep or '?':<6s} {one.degeneracy}  {size:>9s}  {light:<5s}"
            if one.charges is not None and one.infrared:
                charge = np.sqrt(np.linalg.eigvalsh(one.oscillator_strength)[-1])
                share = np.diagonal(one.dielectric_share(self.crystal.volume))
                line += f"  {charge:10.4f}      " + "  ".join(f"{part:8.3f}" for part in share)
            lines.append(line.rstrip())
        return "\n".join(lines)

    def _chosen(self, modes, plane: Plane, need_pair: bool) -> list[ModeSet]:
        require_x64()
        if modes is None or isinstance(modes, str):
            check(modes in {None, "all"}, "modes", f"must be numbers or 'all', but got {modes!r}")
            check(
                self.born_charges is not None,
                "born",
                "must be given to drive a mode: there are no Born charges in or beside this file",
                self.source,
            )
            found = [one for one in self.modes if one.infrared and _driven(one, plane, need_pair)]
            shown = np.round(np.cross(*plane), 4).tolist()
            if not found:
                polar = [one for one in self.modes if one.infrared]
                check(polar, "", "has no infrared-active mode, so light cannot drive its lattice", self.source)
                if need_pair:
                    for one in polar:
                        self._check_turning(one, plane, None)
                raise InputError(
                    "axis",
                    f"must be one of light that drives a mode, but along {shown} it drives no mode of {self.source}",
                )
            return found if modes == "all" or not need_pair else found[:1]
        numbers = list(modes)
        check(
            numbers and all(isinstance(n, int | np.integer) and 0 <= n < len(self.modes) for n in numbers),
            "modes",
            f"must be numbers from 0 to {len(self.modes) - 1}, but got {numbers}",
        )
        check(len(set(numbers)) == len(numbers), "modes", f"must be named once, but got {numbers}")
        chosen = [self.modes[n] for n in numbers]
        check(
            self.born_charges is not None or not any(one.infrared for one in chosen),
            "born",
            "must be given to drive a mode: there are no Born charges in or beside this file",
            self.source,
        )
        return chosen

    def _check_turning(self, one: ModeSet, plane: Plane, damping: float | None) -> None:
        across = strength(one, plane)
        if turns(across):
            return
        values, vectors = np.linalg.eigh(across)
        message = f"must be degenerate pairs, but circular light drives {one.name} on a line"
        partners = []
        for other in self.modes:
            if other is not one and other.infrared and not other.imaginary and _driven(other, plane, False):
                size = float(vectors[:, 0] @ strength(other, plane) @ vectors[:, 0])
                if size > 1e-6:
                    partners.append((other, size))
        if partners and not one.imaginary:
            partner, size = min(partners, key=lambda pair: abs(pair[0].frequency - one.frequency))
            rate = damping or 0.1 * one.frequency
            rates = (rate, rate)
            ratio, best = ellipticity((float(values[1]), size), (one.frequency, partner.frequency), rates)
            message += (
                f"; with {partner.name} across it the ellipse has a ratio of axes of at most {ratio:.2g},"
                f" at {best:.3g} THz"
            )
        raise InputError("modes", f"{message}: take normal_modes for such motion, or another axis")

    def _frequencies(self, chosen: list[ModeSet], given: ArrayLike | None) -> Float[np.ndarray, " sets"]:
        if given is not None:
            return _each("frequency", given, len(chosen))
        for one in chosen:
            check(
                one.frequency > _STABLE,
                "modes",
                f"must be stable unless frequency gives measured values, but {one.name} is unstable in this structure",
            )
        return np.array([one.frequency for one in chosen])

    def _cell(self, dielectric_constant: float | None, plane: Plane, crystal: Crystal | None) -> dict[str, Any]:
        """What a phonon has of the cell, whichever its modes."""
        return {
            "masses": self._ordered(self.masses, crystal),
            "dielectric_constant": self._screening(dielectric_constant, plane),
            "plane": plane,
            "born_charges": None if self.born_charges is None else self._ordered(self.born_charges, crystal),
            "volume": self.crystal.volume,
        }

    def _screening(self, given: float | None, plane: Plane) -> float:
        if given is not None:
            return given
        if self.dielectric_tensor is None:
            raise InputError("born or dielectric_constant", "must be given", str(self.source))
        return float(np.trace(plane @ self.dielectric_tensor @ plane.T) / 2)

    def _ordered(self, per_atom: np.ndarray, crystal: Crystal | None, axis: int = 0) -> np.ndarray:
        return per_atom if crystal is None else np.take(per_atom, site_order(crystal, self.crystal), axis=axis)


def _driven(one: ModeSet, plane: Plane, need_pair: bool) -> bool:
    try:
        across = strength(one, plane)
    except InputError:
        return False
    return turns(across) or not need_pair


def _each(name: str, value: ArrayLike, count: int, zero: bool = False) -> Float[np.ndarray, " sets"]:
    """One number for each of `count` sets."""
    numbers = np.asarray(value, dtype=float)
    check(
        numbers.shape in {(), (count,)},
        name,
        f"must be a number or {count} of them, one a set of modes, but got the shape {numbers.shape}",
    )
    check_positive(name, numbers, zero=zero)
    return np.broadcast_to(numbers, (count,))
