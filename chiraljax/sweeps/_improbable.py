"""Improbable values on the axes of a sweep."""

import jax.numpy as jnp
import numpy as np

from ..chain import improbable_displacement
from ..observables import Filling, improbable_filling
from ..phonon import improbable_frequencies, improbable_pulse
from ._motion import is_harmonic, largest
from ._outputs import DRIVE, POINT, ROTATION, TABLE
from ._parameters import replaced
from ._plan import SweepPlan
from ._pulse import corners


def improbable_values(plan: SweepPlan) -> tuple[str, ...]:
    """A sentence for each improbable value at ends of axes; motions and Ω also in the middle of each axis."""
    sentences: list[str] = []
    columns = {
        parameter: np.asarray(values)
        for axis in plan.axes
        for parameter, values in zip(axis.parameters, axis.values, strict=True)
    }
    turns = np.zeros(0)
    if plan.wants(DRIVE, ROTATION, POINT):
        chains = [plan.chain]
        for parameter, values in columns.items():
            if parameter.part in ("pulse", "phonon"):
                chains += [replaced(plan.chain, [parameter], jnp.array([end])) for end in (values.min(), values.max())]
        for chain in chains:
            sentences += (*improbable_frequencies(chain.driven), *improbable_pulse(chain.pulse, chain.driven))
        varied, rows = corners(plan, ("pulse", "phonon", "coupling"), middle=True)
        arguments = jnp.asarray(plan.times), plan.substeps, is_harmonic(plan)
        lengths, rotations = map(np.asarray, largest(plan.chain, varied, rows, *arguments))
        sentences += improbable_displacement(lengths, plan.chain.electrons.crystal)
        if plan.wants(ROTATION, POINT):
            turns = rotations[np.isfinite(rotations)]
    if plan.wants(TABLE, POINT) or turns.size:
        given = plan.filling | {parameter.name: values for parameter, values in columns.items()}
        mu, temperature = (np.ravel(given.get(name, [])) for name in ("mu", "temperature"))
        carriers = jnp.ravel(given["doping"]) if "doping" in given else None
        filling = Filling(mu, temperature)
        sentences += improbable_filling(plan.chain.electrons, filling, jnp.asarray(turns), carriers)
    return tuple(dict.fromkeys(sentences))
