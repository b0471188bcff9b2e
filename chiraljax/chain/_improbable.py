"""Improbable values of a simulation."""

import numpy as np

from .._tracing import concrete
from .._types import Array
from ..crystal import Crystal
from ..observables import Filling, improbable_filling
from ..phonon import Motion, improbable_frequencies, improbable_pulse
from ._chain import Chain

_OF_BOND = 0.1
"""Lindemann: crystals melt near this"""


def improbable_simulation(chain: Chain, rotation: Array, motion: Motion | None = None) -> tuple[str, ...]:
    """A sentence for each improbable value of a simulation; a traced value passes."""
    filling = Filling(np.zeros(0), np.zeros(0)) if chain.filling is None else chain.filling
    told = improbable_filling(chain.electrons, filling, rotation)
    if motion is None:
        return (*improbable_frequencies(chain.driven), *improbable_pulse(chain.pulse, chain.driven), *told)
    moved = concrete(motion.displacements)
    lengths = np.zeros(0) if moved is None else np.linalg.norm(moved, axis=-1)
    return (*motion.warnings, *improbable_displacement(lengths, chain.electrons.crystal), *told)


def improbable_displacement(lengths: np.ndarray, crystal: Crystal) -> tuple[str, ...]:
    """A sentence for an atom that moves by a good part of a bond; `lengths` (..., atoms) in Å, or empty."""
    bond = crystal.shortest_distance
    lengths = np.where(np.isfinite(lengths), lengths, 0.0)
    if lengths.size == 0 or lengths.max() <= _OF_BOND * bond:
        return ()
    atom = np.unravel_index(np.argmax(lengths), lengths.shape)[-1]
    return (
        f"atom {atom} ({crystal.species[atom]}) moves by {lengths.max():.3g} Å, above a tenth of the shortest "
        f"distance between atoms, {bond:.3g} Å: crystals melt there, and the model does not hold; is the field "
        "in MV/cm?",
    )
