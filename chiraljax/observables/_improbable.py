"""Improbable chemical potentials, temperatures and rotations."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import expit

from .._tracing import concrete, is_differentiated, is_staged
from .._types import Array
from ..electrons import Electrons
from ..units import BOLTZMANN, HBAR_EV_PS
from ._filling import Filling

_MESH = 4
_COLD, _HOT = 1.0, 4500.0
"""K: between them are all temperatures of experiments on solids; tantalum hafnium carbide melts at 4200 K"""
_FULL = 0.9
"""of the empty or the filled bands"""
_OF_GAP, _OF_WIDTH = 0.5, 0.1
_SHARP = 1e-9
"""eV; k_BT of a step"""


class _Extent(NamedTuple):
    """Energies of the bands in eV, on a coarse mesh."""

    bottom: float
    valence: float
    conduction: float
    top: float
    energies: np.ndarray
    """(k, n)"""


def improbable_filling(
    electrons: Electrons, filling: Filling, rotation: Array, carriers: Array | None = None
) -> tuple[str, ...]:
    """A sentence for each improbable value; a traced value passes, and under `jit` all do.

    Args:
        rotation: Ω in rad/ps, any shape.
        carriers: electrons minus holes per cell of a sum over the whole zone, any shape; unless given, those of a
            coarse mesh at the ends of μ and T.
    """
    if is_staged():
        return ()
    temperature, mu, turns = (_numbers(value) for value in (filling.temperature, filling.mu, rotation))
    known = np.zeros(0) if carriers is None else _numbers(carriers)
    sentences = list(_temperatures(temperature))
    if mu.size + turns.size + known.size == 0 or is_differentiated(electrons):
        return tuple(sentences)
    extent = _extent(electrons)
    outside = _outside(mu, extent, filling.reference)
    sentences += outside
    if not outside:
        counted = _counted(extent, electrons, filling, mu, temperature) if carriers is None else known
        sentences += _nearly_full(electrons, counted, "" if known.size else "about ")
    return (*sentences, *_fast(turns, extent))


def improbable_spectrum(electrons: Electrons, energies: Array, broadening: Array, rotation: Array) -> tuple[str, ...]:
    """As `improbable_filling`, for a density of states at absolute `energies` with a `broadening`, in eV."""
    if is_staged() or is_differentiated(electrons):
        return ()
    at, width, turns = (_numbers(value) for value in (energies, broadening, rotation))
    extent = _extent(electrons)
    sentences = []
    if at.size and (at.min() > extent.top or at.max() < extent.bottom):
        sentences.append(
            f"the energies lie from {at.min():g} to {at.max():g} eV, outside all bands of the model, from "
            f"{extent.bottom:.3g} to {extent.top:.3g} eV: are these meV, or from the conduction edge?"
        )
    limit = _OF_WIDTH * (extent.top - extent.bottom)
    if width.max(initial=0) > limit:
        sentences.append(
            f"the broadening is {width.max():g} eV, above {limit:.3g} eV, a tenth of the width of all bands: is it in "
            "meV?"
        )
    return (*sentences, *_fast(turns, extent))


def _numbers(value: Array) -> np.ndarray:
    """The concrete value, flat; empty if it is traced."""
    numbers = concrete(value)
    return np.zeros(0) if numbers is None else numbers.ravel()


def _temperatures(temperature: np.ndarray):
    cold = temperature[(temperature > 0) & (temperature < _COLD)]
    if cold.size:
        kelvin = cold[0] / BOLTZMANN
        yield (
            f"the temperature is {cold[0]:g} K, below {_COLD:g} K: is it an energy? "
            f"{cold[0]:g} eV would be {kelvin:.3g} K"
        )
    if temperature.max(initial=0) > _HOT:
        yield f"the temperature is {temperature.max():g} K, above {_HOT:g} K, where no crystal is solid"


def _outside(mu: np.ndarray, extent: _Extent, reference: str) -> list[str]:
    zero, name = (extent.conduction, " from the conduction edge") if reference == "conduction" else (0.0, "")
    low, high = extent.bottom - zero, extent.top - zero
    sentences = []
    if mu.size and mu.max() > high:
        sentences.append(
            f"mu is {mu.max():g} eV{name}, above all bands of the model, which end at {high:.3g} eV: are these meV?"
        )
    if mu.size and mu.min() < low:
        sentences.append(
            f"mu is {mu.min():g} eV{name}, below all bands of the model, which begin at {low:.3g} eV: are these meV?"
        )
    return sentences


def _counted(
    extent: _Extent, electrons: Electrons, filling: Filling, mu: np.ndarray, temperature: np.ndarray
) -> np.ndarray:
    """Electrons minus holes per cell on the coarse mesh, at the ends of μ and T."""
    if not mu.size or not temperature.size:
        return np.zeros(0)
    levels = mu + (extent.conduction if filling.reference == "conduction" else 0.0)
    if filling.paired:
        levels, heats = np.broadcast_arrays(*(np.asarray(part) for part in (levels, temperature)))
        ends = [(levels[at], heats[at]) for at in (np.argmin(levels), np.argmax(levels))]
    else:
        ends = [
            (level, heat) for level in (levels.min(), levels.max()) for heat in (temperature.min(), temperature.max())
        ]
    distances = [(level - extent.energies) / max(BOLTZMANN * heat, _SHARP) for level, heat in ends]
    return np.array([expit(x).sum(axis=1).mean() for x in distances]) - electrons.filling


def _nearly_full(electrons: Electrons, carriers: np.ndarray, about: str) -> list[str]:
    empty, filled = electrons.size - electrons.filling, electrons.filling
    if carriers.max(initial=0) > _FULL * empty:
        return [
            f"there are {about}{carriers.max():.3g} carriers per cell, and {empty} fill all empty bands of the model"
        ]
    if carriers.min(initial=0) < -_FULL * filled:
        return [
            f"there are {about}{-carriers.min():.3g} holes per cell, and {filled} empty all filled bands of the model"
        ]
    return []


def _fast(rotation: np.ndarray, extent: _Extent) -> list[str]:
    if rotation.size == 0:
        return []
    gap, width = extent.conduction - extent.valence, extent.top - extent.bottom
    limits = [(_OF_WIDTH * width, "a tenth of the width of all bands")]
    if gap > 0:
        limits.append((_OF_GAP * gap, "half of the gap"))
    limit, what = min(limits)
    largest = np.abs(rotation).max()
    energy = HBAR_EV_PS * largest
    if energy <= limit:
        return []
    return [
        f"the rotation is {largest:.4g} rad/ps ({largest / 2 / np.pi:.4g} THz), ħΩ = {energy:.3g} eV, above "
        f"{limit:.3g} eV, {what}: a lattice turns no faster than its phonons vibrate"
    ]


@lru_cache(maxsize=8)
def _extent(electrons: Electrons) -> _Extent:
    axes = [np.arange(_MESH) / _MESH if periodic else np.zeros(1) for periodic in electrons.periodic]
    k = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    energies = np.asarray(electrons.energies(k))
    bottom, top, filling = float(energies.min()), float(energies.max()), electrons.filling
    valence = float(energies[:, filling - 1].max()) if filling else bottom
    conduction = float(energies[:, filling].min()) if filling < electrons.size else top
    return _Extent(bottom, valence, conduction, top, energies)
