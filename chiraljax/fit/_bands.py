"""Bands from another program, the data of a fit."""

from collections.abc import Mapping

import equinox as eqx
import numpy as np

from .._errors import check
from .._lazy import xr
from .._module import Module
from ..electrons import CUBIC

_ORDER = 1e-6
"""eV by which a file's rounding may put two energies in the wrong order"""
_FRACTIONAL = 2.0
"""Largest |component| of a k-point in the reciprocal basis"""
_GROUPS = CUBIC[2]


class Bands(Module):
    """Energies at k-points, from a program or a model.

    Raises:
        InputError: for arrays whose shapes do not match, values that are not finite, energies that do not ascend, and
            k-points that cannot be fractional.
    """

    k: np.ndarray
    """(K, 3) fractional"""
    energies: np.ndarray
    """(K, B) eV, ascending, from the zero of energy of the file; one column per spin-orbital if `spin_orbit`, else one
    per twofold spin-degenerate band"""
    weights: np.ndarray | None = None
    """(K,) positive; equal unless given"""
    projections: Mapping[str, np.ndarray] = eqx.field(default_factory=dict)
    """(K, B) zero or positive, by `"species.shell"` or `"species.shell.orbital"`, such as `"K.s"`, `"Ta.d.xy"`,
    `"Ta.d.eg"`; summed over the sites of the species and over spin. They need not add to 1."""
    spin_orbit: bool = eqx.field(static=True, default=False)
    filled: int | None = eqx.field(static=True, default=None)
    """number of columns of `energies` that are filled in an insulator, if it is known"""
    reference: float | None = eqx.field(static=True, default=None)
    """zero of energy (eV) of figures and fits, such as the valence-band maximum or the Fermi level"""
    source: str = eqx.field(static=True, default="")
    """file, program and its version"""
    species: tuple[str, ...] = eqx.field(static=True, converter=tuple, default=())
    """symbols of the atoms of the cell, empty if they are not known"""
    lattice: np.ndarray | None = None
    """(3, 3) lattice vectors as rows, Å, None if they are not known"""

    def __post_init__(self):
        k, energies = np.array(self.k, dtype=float), np.array(self.energies, dtype=float)
        check(k.ndim == 2 and k.shape[-1] == 3, "k", f"must have shape (K, 3), but got {k.shape}")
        check(
            energies.ndim == 2 and energies.shape[0] == len(k) > 0 and energies.shape[1] > 0,
            "energies",
            f"must have one row for each of the {len(k)} k-points, but got shape {energies.shape}",
        )
        check(np.all(np.isfinite(k)), "k", "must be finite, but it holds a NaN or an infinity")
        _check_finite("energies", energies)
        check(
            np.max(np.abs(k)) <= _FRACTIONAL,
            "k",
            f"must be fractional, in the reciprocal basis, but a component is {np.abs(k).max():g}",
        )
        falls = np.diff(energies, axis=1) < -_ORDER
        if np.any(falls):
            row, band = np.argwhere(falls)[0]
            check(False, "energies", f"must ascend, but band {band + 1} lies below band {band} at k-point {row}")
        weights = np.ones(len(k)) if self.weights is None else np.array(self.weights, dtype=float)
        check(weights.shape == (len(k),), "weights", f"must have shape ({len(k)},), but got {weights.shape}")
        check(
            np.all(weights > 0) and np.all(np.isfinite(weights)), "weights", "must be finite and positive, but are not"
        )
        projections = {name: np.array(values, dtype=float) for name, values in self.projections.items()}
        for name, values in projections.items():
            check(
                values.shape == energies.shape,
                f"projections.{name}",
                f"must have the shape {energies.shape} of the energies, but got {values.shape}",
            )
            _check_finite(f"projections.{name}", values)
            check(np.all(values >= 0), f"projections.{name}", f"must be zero or positive, but got {values.min():g}")
        check(
            self.filled is None or 0 <= self.filled <= energies.shape[1],
            "filled",
            f"must be between 0 and {energies.shape[1]}, but got {self.filled}",
        )
        if self.lattice is not None:
            lattice = np.array(self.lattice, dtype=float)
            check(lattice.shape == (3, 3), "lattice", f"must have shape (3, 3), but got {lattice.shape}")
            volume = abs(np.linalg.det(lattice)) if np.all(np.isfinite(lattice)) else 0.0
            check(volume > 1e-6, "lattice", "must be three finite vectors that span a volume, but is not")
            self.lattice = lattice
        self.k, self.energies, self.weights, self.projections = k, np.sort(energies, axis=1), weights, projections

    def __repr__(self) -> str:
        kind = "with" if self.spin_orbit else "without"
        count = self.energies.shape[1]
        filled = "" if self.filled is None else f", {self.filled} filled"
        lines = [
            f"Bands, {len(self)} k-points, {kind} spin–orbit coupling{': ' if self.source else ''}{self.source}",
            f"  energies     {self.energies.min():.4g} … {self.energies.max():.4g} eV, {count} bands{filled}",
        ]
        lines += [] if self.reference is None else [f"  reference    {self.reference:.6g} eV"]
        lines += [f"  projections  {', '.join(self.projections)}"] if self.projections else []
        return "\n".join(lines)

    def to_xarray(self) -> "xr.Dataset":
        """All fields, projections stacked along an axis with their names; `read_bands` reads it as JSON or NetCDF."""
        variables = {
            "k": (("point", "component"), self.k, {"units": "fractional"}),
            "energies": (("point", "band"), self.energies, {"units": "eV"}),
            "weights": ("point", self.weights),
            "spin_orbit": ((), self.spin_orbit),
        }
        if self.filled is not None:
            variables["filled"] = ((), self.filled)
        if self.reference is not None:
            variables["reference"] = ((), self.reference, {"units": "eV"})
        if self.projections:
            variables["projections"] = (("projection", "point", "band"), np.stack(list(self.projections.values())))
        if self.species:
            variables["species"] = ("atom", list(self.species))
        if self.lattice is not None:
            variables["lattice"] = (("vector", "component"), self.lattice, {"units": "angstrom"})
        coordinates = {"projection": list(self.projections)} if self.projections else {}
        return xr.Dataset(variables, coordinates, {"source": self.source})

    def projection(self, name: str) -> np.ndarray:
        """The projections (K, B) on a species, a shell, a group (`t2g`, `eg`) or an orbital, summed over its orbitals.

        Raises:
            InputError: for a projection that the bands do not have.
        """
        inside = [key for key in self.projections if key == name or key.startswith(f"{name}.")]
        if not inside and name.rpartition(".")[2] in _GROUPS:
            shell, _, group = name.rpartition(".")
            orbitals = [f"{shell}.{orbital}" for orbital in _GROUPS[group]]
            inside = orbitals if all(key in self.projections for key in orbitals) else []
        check(inside, "projection", f"must be on one of {sorted(self.projections) or 'none'}, but got {name!r}")
        return np.sum([self.projections[key] for key in inside], axis=0)

    def __len__(self) -> int:
        return len(self.k)


def _check_finite(name: str, values: np.ndarray) -> None:
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        check(False, name, f"must be finite, but band {wrong[0][1]} at k-point {wrong[0][0]} is not")
