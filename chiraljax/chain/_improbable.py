"""Improbable values of a simulation."""

from collections.abc import Iterator

import numpy as np

from .._tracing import concrete
from .._types import Array
from ..crystal import Crystal
from ..observables import improbable_filling
from ..phonon import Motion, improbable_frequencies, improbable_pulse
from ._chain import Chain

_OF_BOND = 0.1
"""Lindemann: crystals melt near this"""


def improbable_simulation(chain: Chain, rotation: Array, motion: Motion | None = None) -> tuple[str, ...]:
    """A sentence for each improbable value of a simulation; a traced value passes."""
    filling = () if chain.filling is None else improbable_filling(chain.electrons, chain.filling, rotation)
    return (
        *improbable_frequencies(chain.driven),
        *improbable_pulse(chain.pulse, chain.driven),
        *(() if motion is None else _displacement(motion, chain.electrons.crystal)),
        *filling,
    )


def _displacement(motion: Motion, crystal: Crystal) -> Iterator[str]:
    moved = concrete(motion.displacements)
    bond = crystal.shortest_distance
    if moved is None or not np.isfinite(bond):
        return
    lengths = np.linalg.norm(moved, axis=-1)
    atom = np.unravel_index(np.argmax(lengths), lengths.shape)[-1]
    if lengths.max() > _OF_BOND * bond:
        yield (
            f"atom {atom} ({crystal.species[atom]}) moves by {lengths.max():.3g} Å, above a tenth of the shortest "
            f"distance between atoms, {bond:.3g} Å: crystals melt there, and the model does not hold; is the field "
            "in MV/cm?"
        )
