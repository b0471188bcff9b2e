"""Results as labelled arrays with units: the one form from which every file is written."""

import numpy as np
import xarray as xr

from .._simulate import Simulation
from .._types import ArrayLike
from ..fit import Bands
from ..observables import Magnetization
from ..pulse import AbstractPulse


def band_dataset(k: np.ndarray, energies: ArrayLike, rotation_thz: float) -> xr.Dataset:
    """Energies (K, n) in eV at fractional k (K, 3), with the lattice turning at `rotation_thz`."""
    variables = {
        "k": (("point", "component"), np.asarray(k), {"units": "fractional"}),
        "energies": (("point", "band"), np.asarray(energies), {"units": "eV"}),
    }
    return xr.Dataset(variables, attrs={"rotation_thz": rotation_thz})


def bands_dataset(bands: Bands) -> xr.Dataset:
    """All that `bands` hold, the projections stacked along an axis that bears their names.

    As JSON or NetCDF, `read_bands` gives the same bands back.
    """
    names = list(bands.projections)
    variables = {
        "k": (("point", "component"), bands.k, {"units": "fractional"}),
        "energies": (("point", "band"), bands.energies, {"units": "eV"}),
        "weights": ("point", bands.weights),
        "spin_orbit": ((), bands.spin_orbit),
    }
    if bands.filled is not None:
        variables["filled"] = ((), bands.filled)
    if bands.reference is not None:
        variables["reference"] = ((), bands.reference, {"units": "eV"})
    if names:
        variables["projections"] = (
            ("projection", "point", "band"),
            np.stack([bands.projections[name] for name in names]),
        )
    return xr.Dataset(variables, {"projection": names} if names else {}, {"source": bands.source})


def moment_dataset(result: Magnetization) -> xr.Dataset:
    """A magnetisation on the axes mu, temperature and rotation_thz, all three of them lists."""
    axes = {
        "mu": (_list(result.mu), "eV"),
        "temperature": (_list(result.temperature), "K"),
        "rotation_thz": (_list(result.rotation) / (2 * np.pi), "THz"),
    }
    shape = tuple(len(values) for values, _ in axes.values())
    units = {"moment": "mu_B/cell", "carriers": "1/cell", "error": "mu_B/cell"}
    return xr.Dataset(
        {
            name: (tuple(axes), np.asarray(getattr(result, name)).reshape(shape), {"units": unit})
            for name, unit in units.items()
        },
        {name: (name, values, {"units": unit}) for name, (values, unit) in axes.items()},
        {"eigensolves": int(result.eigensolves), "status": result.status},
    )


def simulation_dataset(
    simulation: Simulation, pulse: AbstractPulse, mu: ArrayLike, temperature: ArrayLike
) -> xr.Dataset:
    """A simulation on the axes mu, temperature and time, with the pulse and the motion that led to it."""
    motion = simulation.motion
    axes = {
        "mu": (_list(mu), "eV"),
        "temperature": (_list(temperature), "K"),
        "time": (np.asarray(motion.times), "ps"),
    }
    shape = tuple(len(values) for values, _ in axes.values())
    along_time = {
        "rotation": (("time", "atom")[: simulation.rotation.ndim], simulation.rotation, "rad/ps"),
        "field": (("time", "component"), pulse(motion.times), "MV/cm"),
        "q": (("time", "coordinate"), motion.q, "angstrom sqrt(u)"),
        "angular_momentum": (("time",), motion.angular_momentum, "hbar"),
        "displacements": (("time", "atom", "direction"), motion.displacements, "angstrom"),
        "site_angular_momentum": (("time", "atom"), motion.site_angular_momentum, "hbar"),
    }
    return xr.Dataset(
        {
            "moment": (tuple(axes), np.asarray(simulation.moment).reshape(shape), {"units": "mu_B/cell"}),
            "error": (tuple(axes), np.asarray(simulation.error).reshape(shape), {"units": "mu_B/cell"}),
            **{name: (dims, np.asarray(values), {"units": unit}) for name, (dims, values, unit) in along_time.items()},
        },
        {name: (name, values, {"units": unit}) for name, (values, unit) in axes.items()},
        {"eigensolves": int(simulation.eigensolves), "status": simulation.status},
    )


def _list(values: ArrayLike) -> np.ndarray:
    return np.asarray(values, dtype=float).ravel()
